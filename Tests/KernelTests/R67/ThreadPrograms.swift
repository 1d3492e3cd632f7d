import FiascoABI

@testable import FiascoKernel

extension KernelWorld {
  /// Binds a thread that may be bound already.
  mutating func bindAgain(_ actor: Actor, utcb: UInt64) -> Int64 {
    invoke(
      actor.slot, KernelProtocol.thread, [ThreadControl.bind, 0, 0, 0, 0, utcb], items: [.objects(actor.task)])
  }

  /// Main sends two words, with no time to wait.
  mutating func request(_ slot: CapabilitySlot) {
    _ = call(
      SystemCall(
        tag: MessageTag(label: 7, words: 2), target: ObjectReference(slot: slot, operation: .send), timeouts: .zero,
        words: [0x22, 0]))
  }
}

extension Step {
  /// ex_regs at the start of the script.
  static func starting(_ actor: Actor) -> Step {
    .invoke(actor.slot, KernelProtocol.thread, [Opcode.Thread.exchangeRegisters, KernelWorld.start, .max])
  }

  static func running(_ actor: Actor, _ priority: UInt64) -> Step {
    .invoke(
      .scheduler, KernelProtocol.scheduler, [Opcode.Scheduler.runThread, 0, 1, priority, 0], items: [actor.slot])
  }
}

extension AreaFTests {
  /// Three threads of equal priority do the same three times each.
  static func turns(_ w: inout KernelWorld, _ step: (Actor) -> Step) -> String {
    for name in ["A", "B", "C"] {
      let it = w.makeThread()
      w.append((0..<3).flatMap { _ in [Step.mark(name), step(it)] }, to: it.id)
      w.start(it, priority: 90)
    }
    return w.seen(10)
  }

  /// Uses the processor for some quanta of 10 ms and says so at the beginning of each.
  static func spinner(_ w: inout KernelWorld, _ name: String, turns: Int) {
    _ = w.thread(
      priority: 90, (0..<turns).flatMap { _ in [Step.mark(name), .compute(.milliseconds(10))] })
  }

  static func spinners(_ w: inout KernelWorld, _ names: [String], turns: Int) -> String {
    for name in names { spinner(&w, name, turns: turns) }
    return w.seen(UInt64(names.count * turns * 10 + 20))
  }

  /// How often two threads that compute all the time take turns.
  static func switches(_ w: inout KernelWorld, quantum: UInt64, within milliseconds: UInt64) -> Int {
    let actors = (0..<2).map { _ in w.thread(priority: 90, quantum: quantum, [.spin]) }
    var (count, last, before) = (0, Int?.none, Int64(0))
    for _ in 0..<milliseconds {
      w.ms(1)
      let used = w.microseconds(actors[0])
      let running = used > before ? 0 : 1
      if running != last { count += 1 }
      (last, before) = (running, used)
    }
    return count
  }

  static func switchTo(_ w: inout KernelWorld, _ priority: UInt64, _ name: String) -> String {
    let c = w.go(.mark(name), at: priority)
    _ = w.go(.mark("B"), at: 90)
    _ = w.go(
      .mark("A1"), .invoke(c.slot, KernelProtocol.thread, [Opcode.Thread.switchTo]), .mark("A2"), at: 90)
    return w.seen(5)
  }
}
