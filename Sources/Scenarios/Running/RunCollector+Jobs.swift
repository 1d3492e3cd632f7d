import Determinism
import FiascoABI
import FiascoKernel

/// Periodic jobs: what a program tells of them, and what it cannot tell because it does not run.
extension RunCollector {
  /// Releases of one stream that nobody saw; more than these are not counted one by one.
  private static let mostUnseen = 100_000

  mutating func note(
    _ hint: MachineHint, of index: Int, release: Instant, by thread: ThreadID, at instant: Instant
  ) {
    switch hint {
    case .jobsBegin: open(index, thread, next: release)
    case .jobRelease:
      jobs[index].jobs.append(JobRecord(release: release))
      open(index, thread, next: release + jobs[index].period)
    case .jobCompletion:
      guard let job = jobs[index].jobs.lastIndex(where: { $0.release == release }) else { return }
      jobs[index].jobs[job].completion = instant
    case .jobsEnd: openStreams.removeAll { $0.stream == index }
    case .construct, .threadExit: break
    }
  }

  private mutating func open(_ stream: Int, _ thread: ThreadID, next: Instant) {
    openStreams.removeAll { $0.stream == stream }
    openStreams.append((stream, tracker.name(of: thread), next))
  }

  /// At the end of a run: the releases of jobs whose thread was there and did not get the processor, or stood still.
  mutating func settleJobs(until end: Instant) {
    for (index, name, next) in openStreams where isAlive(name) {
      var release = next
      for _ in 0..<Self.mostUnseen where release < end {
        jobs[index].jobs.append(JobRecord(release: release))
        release = release + jobs[index].period
      }
    }
    openStreams.removeAll()
  }

  private func isAlive(_ name: ThreadName?) -> Bool {
    guard let name, let record = tracker.records.first(where: { $0.name == name }) else { return false }
    return !record.standing.isOver
  }
}
