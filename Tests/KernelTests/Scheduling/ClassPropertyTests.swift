import Determinism
import FiascoABI
import Testing

@testable import FiascoKernel

/// What the classes below the priorities promise, over random sets of threads.
struct ClassPropertyTests {
  struct Job {
    var period: Int64
    var work: Int64
  }

  /// Independent periodic jobs that use the processor fully or nearly: each period gets its share of whole ticks.
  private static func jobs(_ chance: inout SeededGenerator) -> [Job] {
    let periods: [Int64] = [4, 5, 8, 10, 20, 40]
    var jobs: [Job] = []
    // In fortieths of the processor.
    var free: Int64 = 40
    while free > 0, jobs.count < 6 {
      let period = periods[chance.next(below: periods.count)]
      let most = free * period / 40
      guard most > 0 else { break }
      let work = 1 + Int64(chance.next(below: Int(most)))
      jobs.append(Job(period: period, work: work))
      free -= work * 40 / period
    }
    return jobs
  }

  /// Work ends a microsecond before the tick: the kernel looks only then, and at the tick itself the next jobs come.
  @Test(arguments: [false, true], 0..<12 as Range<UInt64>)
  func `deadlines are met whenever the processor is not asked for more than all of its time`(
    _ lateThreadsRunLast: Bool, _ seed: UInt64
  ) {
    var chance = SeededGenerator(seed: seed)
    let jobs = Self.jobs(&chance)
    let used = jobs.reduce(0) { $0 + $1.work * 40 / $1.period }
    #expect(used <= 40)
    var world = KernelWorld(.modern, .fixedPriorityAndDeadlines, lateThreadsRunLast: lateThreadsRunLast)
    let rounds = 80
    let actors = jobs.enumerated().map { number, job in
      let steps: [Step] = (0..<rounds).flatMap { _ in
        [.wait(), .compute(.milliseconds(job.work) - .microseconds(1)), .mark("\(number)")] as [Step]
      }
      return world.deadlineThread(milliseconds: UInt64(job.period), steps)
    }
    world.sleep(milliseconds: 1)
    for tick in 0..<80 as Range<Int64> {
      for (number, job) in jobs.enumerated() where tick % job.period == 0 {
        let done = world.log.count { $0 == "\(number)" }
        #expect(done == Int(tick / job.period), "seed \(seed), tick \(tick): job \(number) of \(jobs)")
        world.runThread(actors[number], class: -3, UInt64(job.period) * 1000)
        let sent = world.call(
          SystemCall(
            tag: MessageTag(), target: ObjectReference(slot: actors[number].slot, operation: .send), timeouts: .zero))
        #expect(sent.ipcError == nil)
      }
      world.sleep(milliseconds: 1)
    }
  }

  @Test func `the same jobs under priorities miss deadlines, so the test above can fail`() {
    // Rate monotonic with a utilisation of one: 4/8 + 5/10 misses where deadlines would not.
    var world = KernelWorld(.modern)
    let steps: (Int64, String) -> [Step] = { work, name in
      (0..<4).flatMap { _ in [.wait(), .compute(.milliseconds(work) - .microseconds(1)), .mark(name)] as [Step] }
    }
    let fast = world.thread(priority: 11, steps(4, "fast"))
    let slow = world.thread(priority: 10, steps(5, "slow"))
    world.sleep(milliseconds: 1)
    for tick in 0..<10 {
      if tick % 8 == 0 { _ = world.call(wake(fast)) }
      if tick % 10 == 0 { _ = world.call(wake(slow)) }
      world.sleep(milliseconds: 1)
    }
    #expect(!world.log.contains("slow"))
  }

  private func wake(_ actor: Actor) -> SystemCall {
    SystemCall(tag: MessageTag(), target: ObjectReference(slot: actor.slot, operation: .send), timeouts: .zero)
  }

  /// Two threads that are always ready never drift apart by more than a quantum of each, in virtual time.
  @Test(arguments: KernelProfile.Name.allCases, 0..<10 as Range<UInt64>)
  func `time is shared by weight, and quanta are conserved`(_ profile: KernelProfile.Name, _ seed: UInt64) {
    var chance = SeededGenerator(seed: seed)
    var world = KernelWorld(profile, .fixedPriorityAndFairQueueing)
    let weights = (0..<2 + chance.next(below: 3)).map { _ in UInt64(1 + chance.next(below: 8)) }
    let quanta = weights.map { _ in UInt64(1000 * (1 + chance.next(below: 5))) }
    let actors = zip(weights, quanta).map { world.fairThread(quantum: $1, weight: $0, [.spin]) }
    var elapsed: Int64 = 0
    for length in [7, 50, 143, 300] as [UInt64] {
      world.sleep(milliseconds: length)
      elapsed += Int64(length)
      let used = actors.map { world.consumed($0) }
      #expect(used.reduce(0, +) == elapsed)
      for (i, j) in actors.indices.flatMap({ i in actors.indices.map { (i, $0) } }) {
        // Microseconds of virtual time; the division of a quantum by its weight is exact to one in each turn.
        let virtual = (used[i] * 1000 / Int64(weights[i]), used[j] * 1000 / Int64(weights[j]))
        let bound = Int64(quanta[i] / weights[i] + quanta[j] / weights[j]) + elapsed
        #expect(abs(virtual.0 - virtual.1) <= bound, "seed \(seed): \(used) for \(weights) after \(elapsed) ms")
      }
    }
  }

  /// When the threads with priorities get the processor, and for how long.
  private func switches(_ scheduler: SchedulerConfiguration, _ profile: KernelProfile.Name, seed: UInt64) -> [String] {
    var chance = SeededGenerator(seed: seed)
    var world = KernelWorld(profile, scheduler)
    var high: [ThreadID] = []
    for _ in 0..<3 {
      var steps: [Step] = []
      for _ in 0..<6 {
        steps.append(.compute(.milliseconds(Int64(1 + chance.next(below: 3)))))
        steps.append(.sleep(milliseconds: UInt64(1 + chance.next(below: 9))))
      }
      high.append(world.thread(priority: UInt64(5 + chance.next(below: 3)), quantum: 2000, steps).id)
    }
    for number in 1...3 as ClosedRange<UInt64> {
      switch scheduler {
      case .fixedPriority: break
      case .fixedPriorityAndFairQueueing: _ = world.fairThread(quantum: 3000, weight: number, [.spin])
      case .fixedPriorityAndDeadlines: _ = world.deadlineThread(milliseconds: number, [.spin])
      }
    }
    world.kernel.recordsEvents = true
    world.sleep(milliseconds: 120)
    return world.node.records.compactMap { record in
      guard case .kernel(.contextSwitched(let from, let to)) = record.event else { return nil }
      let names = [from, to].map { high.contains($0) ? "\($0)" : "other" }
      return names == ["other", "other"] ? nil : "\(record.at) \(names[0]) to \(names[1])"
    }
  }

  @Test(arguments: KernelProfile.Name.allCases, 0..<6 as Range<UInt64>)
  func `threads with priorities never notice the classes below them`(_ profile: KernelProfile.Name, _ seed: UInt64) {
    let alone = switches(.fixedPriority, profile, seed: seed)
    #expect(alone.count > 20)
    #expect(switches(.fixedPriorityAndFairQueueing, profile, seed: seed) == alone)
    #expect(switches(.fixedPriorityAndDeadlines, profile, seed: seed) == alone)
  }

  @Test(arguments: SchedulerConfiguration.allCases)
  func `a fork has the same lists`(_ scheduler: SchedulerConfiguration) {
    var world = KernelWorld(.modern, scheduler)
    for number in 1...4 as ClosedRange<UInt64> {
      switch scheduler {
      case .fixedPriority: _ = world.thread(priority: number, [.spin])
      case .fixedPriorityAndFairQueueing: _ = world.fairThread(weight: number, [.spin])
      case .fixedPriorityAndDeadlines: _ = world.deadlineThread(milliseconds: number, [.spin])
      }
    }
    world.sleep(milliseconds: 7)
    var (first, second) = (StateDigest(), StateDigest())
    world.kernel.digest(into: &first)
    var fork = world.kernel.fork()
    fork.digest(into: &second)
    #expect(first == second && fork.checkInvariants().isEmpty)
    // Other parameters are another state.
    fork.threads[2].rank += 1
    var third = StateDigest()
    fork.digest(into: &third)
    #expect(third != second)
  }
}
