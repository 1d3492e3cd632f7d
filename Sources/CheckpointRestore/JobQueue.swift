/// Work of the checkpointer: appended at the end, or put in front of everything else by work that turns out to have
/// several parts.
///
/// Both ends cost the same however much is queued, and taking the next job changes no large array: a step of a native
/// program is a copy of its state, so an array that every step changes would be copied in every step.
struct JobQueue: Hashable, Sendable {
  /// In reverse order.
  private var front: [CheckpointerJob] = []
  private var back: [CheckpointerJob] = []
  /// Jobs of `back` that are done.
  private var done = 0

  init() {}

  var isEmpty: Bool { front.isEmpty && done == back.count }

  mutating func append(_ job: CheckpointerJob) { back.append(job) }
  static func += (queue: inout JobQueue, jobs: [CheckpointerJob]) { queue.back += jobs }

  mutating func pushFront(_ job: CheckpointerJob) { front.append(job) }
  mutating func pushFront(_ jobs: [CheckpointerJob]) { front += jobs.reversed() }

  mutating func takeNext() -> CheckpointerJob? {
    if let job = front.popLast() { return job }
    guard done < back.count else { return nil }
    done += 1
    let job = back[done - 1]
    if done == back.count {
      back = []
      done = 0
    }
    return job
  }

  mutating func removeAll() { self = JobQueue() }

  mutating func removeAll(where matches: (CheckpointerJob) -> Bool) {
    front.removeAll(where: matches)
    back = back[done...].filter { !matches($0) }
    done = 0
  }

  func contains(_ job: CheckpointerJob) -> Bool { contains { $0 == job } }

  func contains(where matches: (CheckpointerJob) -> Bool) -> Bool {
    front.contains(where: matches) || back[done...].contains(where: matches)
  }
}
