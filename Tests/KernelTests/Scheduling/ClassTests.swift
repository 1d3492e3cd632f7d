import Determinism
import FiascoABI
import Testing

@testable import FiascoKernel

/// Classes below the fixed priorities: what run_thread takes, and who runs.
struct ClassTests {
  static let profiles = KernelProfile.Name.allCases
  static let schedulers = SchedulerConfiguration.allCases

  // MARK: Parameters

  @Test(arguments: profiles, schedulers)
  func `a class the kernel does not have is refused today and ignored by profile r67`(
    _ profile: KernelProfile.Name, _ scheduler: SchedulerConfiguration
  ) {
    var world = KernelWorld(profile, scheduler)
    let actor = world.thread(priority: 7, quantum: 5000)
    let known: Int64? =
      switch scheduler {
      case .fixedPriority: nil
      case .fixedPriorityAndFairQueueing: -2
      case .fixedPriorityAndDeadlines: -3
      }
    for number in [-2, -3, -4, .min] as [Int64] where number != known {
      #expect(world.runThread(actor, class: number, 5000, 5) == (profile == .modern ? -34 : 0), "class \(number)")
      #expect(
        world.kernel.threads[actor.id.slot].schedulingParameters == .fixed(priority: 7, quantum: .milliseconds(5)))
    }
  }

  @Test(arguments: profiles)
  func `parameters without a meaning are refused today and ignored by profile r67`(_ profile: KernelProfile.Name) {
    let refusal: Int64 = profile == .modern ? -22 : 0
    var world = KernelWorld(profile, .fixedPriorityAndFairQueueing)
    var actor = world.thread(priority: 7)
    #expect(world.runThread(actor, class: -2, 0, 1) == refusal && world.runThread(actor, class: -2, 1, 0) == refusal)
    #expect(world.kernel.threads[actor.id.slot].schedulingClass == .fixedPriority)
    #expect(world.runThread(actor, class: -2, 3000, 4) == 0)
    let fair = SchedulingParameters.fair(quantum: .milliseconds(3), weight: 4)
    #expect(world.kernel.threads[actor.id.slot].schedulingParameters == fair)
    world = KernelWorld(profile, .fixedPriorityAndDeadlines)
    actor = world.thread(priority: 7)
    #expect(world.runThread(actor, class: -3, 0) == refusal)
    #expect(world.kernel.threads[actor.id.slot].schedulingClass == .fixedPriority)
    world.sleep(milliseconds: 10)
    #expect(world.runThread(actor, class: -3, 5000) == 0)
    #expect(world.kernel.threads[actor.id.slot].schedulingParameters == .deadline(15_000))
  }

  @Test func `the deadline may stand in the sixth word of the old form`() {
    for (scheduler, schedulingClass) in [
      (SchedulerConfiguration.fixedPriority, SchedulingClass.fixedPriority),
      (.fixedPriorityAndFairQueueing, .fixedPriority), (.fixedPriorityAndDeadlines, .deadline),
    ] {
      var world = KernelWorld(.r67, scheduler)
      let actor = world.thread(priority: 7)
      let words = [Opcode.Scheduler.runThread, 0, 1, 9, 0, 20_000]
      #expect(world.invoke(.scheduler, KernelProtocol.scheduler, words, items: [.objects(actor.slot)]) == 0)
      #expect(world.kernel.threads[actor.id.slot].schedulingClass == schedulingClass)
    }
  }

  @Test(arguments: schedulers)
  func `the scheduler object names its classes`(_ scheduler: SchedulerConfiguration) {
    var world = KernelWorld(.modern, scheduler)
    let answer = world.call(
      SystemCall(
        tag: MessageTag(label: KernelProtocol.scheduler, words: 2),
        target: ObjectReference(slot: .scheduler, operation: .call), words: [Opcode.Scheduler.info, 0]))
    let names: [SchedulerConfiguration: UInt64] = [  // lookup only
      .fixedPriority: 2, .fixedPriorityAndFairQueueing: 6, .fixedPriorityAndDeadlines: 10,
    ]
    #expect(answer.words[2] == names[scheduler])
  }

  @Test(arguments: profiles, schedulers.dropFirst())
  func `a thread can come back to the priorities`(_ profile: KernelProfile.Name, _ scheduler: SchedulerConfiguration) {
    var world = KernelWorld(profile, scheduler)
    let fair = scheduler == .fixedPriorityAndFairQueueing
    let steps: [Step] = [.compute(.milliseconds(4)), .mark("moved")]
    let actor =
      fair ? world.fairThread(weight: 1, steps) : world.deadlineThread(milliseconds: 5, steps)
    _ = world.thread(priority: 1, [.compute(.milliseconds(4)), .mark("low")])
    world.sleep(milliseconds: 2)
    world.runThread(actor, priority: 2)
    world.sleep(milliseconds: 20)
    #expect(world.order == "moved low")
  }

  // MARK: Deadlines

  @Test(arguments: profiles)
  func `the earliest deadline runs first, whoever came first`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(profile, .fixedPriorityAndDeadlines)
    for deadline in [30, 10, 40, 20] as [UInt64] {
      _ = world.deadlineThread(milliseconds: deadline, [.compute(.milliseconds(2)), .mark("\(deadline)")])
    }
    world.sleep(milliseconds: 20)
    #expect(world.order == "10 20 30 40")
  }

  @Test(arguments: profiles)
  func `an earlier deadline preempts when its thread wakes, a later one waits`(_ profile: KernelProfile.Name) {
    for (deadline, order) in [(10, "woken running"), (30, "running woken")] as [(UInt64, String)] {
      var world = KernelWorld(profile, .fixedPriorityAndDeadlines)
      _ = world.deadlineThread(milliseconds: deadline, [.sleep(milliseconds: 2), .mark("woken")])
      _ = world.deadlineThread(milliseconds: 20, [.compute(.milliseconds(5)), .mark("running")])
      world.sleep(milliseconds: 15)
      #expect(world.order == order)
    }
  }

  @Test(arguments: profiles, [10, 30] as [UInt64])
  func `a message preempts its sender only for an earlier deadline`(_ profile: KernelProfile.Name, _ deadline: UInt64) {
    var world = KernelWorld(profile, .fixedPriorityAndDeadlines)
    let receiver = world.deadlineThread(milliseconds: deadline, [.wait(), .mark("receiver")])
    world.sleep(milliseconds: 1)
    _ = world.deadlineThread(milliseconds: 20, [.send(receiver.slot), .mark("sender")])
    world.sleep(milliseconds: 5)
    #expect(world.order == (deadline == 10 ? "receiver sender" : "sender receiver"))
  }

  @Test func `of equal deadlines the first stays first and the others stand in reverse`() {
    var world = KernelWorld(.r67, .fixedPriorityAndDeadlines)
    for name in ["a", "b", "c"] { _ = world.deadlineThread(milliseconds: 10, [.mark(name)]) }
    world.sleep(milliseconds: 5)
    #expect(world.order == "a c b")
  }

  @Test(arguments: profiles, [false, true])
  func `a thread whose deadline is over runs last only if the kernel was told so`(
    _ profile: KernelProfile.Name, _ runsLast: Bool
  ) {
    var world = KernelWorld(profile, .fixedPriorityAndDeadlines, lateThreadsRunLast: runsLast)
    _ = world.deadlineThread(milliseconds: 2, [.compute(.milliseconds(15)), .mark("late")])
    _ = world.deadlineThread(milliseconds: 50, [.compute(.milliseconds(5)), .mark("punctual")])
    world.sleep(milliseconds: 40)
    // Lateness is noticed when the slice ends.
    #expect(world.order == (runsLast ? "punctual late" : "late punctual"))
  }

  // MARK: Weights

  @Test(arguments: profiles)
  func `a fair thread that slept gets no time back`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(profile, .fixedPriorityAndFairQueueing)
    let sleeper = world.fairThread(quantum: 1000, weight: 1, [.sleep(milliseconds: 100), .spin])
    let other = world.fairThread(quantum: 1000, weight: 1, [.spin])
    world.sleep(milliseconds: 100)
    let before = (world.consumed(sleeper), world.consumed(other))
    #expect(before.0 <= 1)
    world.sleep(milliseconds: 40)
    let after = (world.consumed(sleeper), world.consumed(other))
    // From now on both get half.
    #expect(abs((after.0 - before.0) - (after.1 - before.1)) <= 2)
  }
}
