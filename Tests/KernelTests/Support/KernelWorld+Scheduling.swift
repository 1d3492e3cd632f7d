import Determinism
import FiascoABI

@testable import FiascoKernel

extension KernelWorld {
  /// A world whose kernel was built with another scheduler.
  init(_ name: KernelProfile.Name, _ scheduler: SchedulerConfiguration, lateThreadsRunLast: Bool = false) {
    var profile = KernelProfile.named(name)
    profile.scheduler = scheduler
    profile.lateThreadsRunLast = lateThreadsRunLast
    self.init(profile)
  }

  /// run_thread with a class and its parameters, as the root thread says it; returns the label of the answer.
  @discardableResult
  mutating func runThread(_ actor: Actor, class number: Int64, _ first: UInt64, _ second: UInt64 = 0) -> Int64 {
    let words = [Opcode.Scheduler.runThread, 0, 1, UInt64(bitPattern: number), 48, first, second]
    return invoke(.scheduler, KernelProtocol.scheduler, words, items: [.objects(actor.slot)])
  }

  private mutating func begun(_ steps: [Step]) -> Actor {
    let actor = makeThread()
    append(steps, to: actor.id)
    exchangeRegisters(actor, ip: 0x7000_1000)
    return actor
  }

  /// A thread of class -2.
  mutating func fairThread(quantum: UInt64 = 10_000, weight: UInt64, _ steps: [Step]) -> Actor {
    let actor = begun(steps)
    runThread(actor, class: -2, quantum, weight)
    return actor
  }

  /// A thread of class -3 whose deadline is so far away.
  mutating func deadlineThread(milliseconds: UInt64, _ steps: [Step]) -> Actor {
    let actor = begun(steps)
    runThread(actor, class: -3, milliseconds * 1000)
    return actor
  }

  /// CPU time so far, in ticks of a millisecond.
  mutating func consumed(_ actor: Actor) -> Int64 {
    kernel.account()
    return kernel.threads[actor.id.slot].consumed.microseconds / 1000
  }
}
