import FiascoABI
import Testing

@testable import FiascoKernel

/// What ex_regs does to a thread in each state: the only operation that may touch a blocked thread.
struct ExchangeRegistersTests {
  static let profiles = KernelProfile.Name.allCases

  enum State: String, CaseIterable {
    case notStarted, running, queued, calling, waiting, waitingForIRQ, atUnboundGate, asleep, inException, faulting
  }

  enum Operation: String, CaseIterable { case move, cancel, trigger, both }

  /// What becomes of the system call in progress, and the messages the handler gets.
  struct Effect: Equatable, CustomStringConvertible {
    var outcome: String
    var exceptions: Int
    var faults: Int
    var description: String { "\(outcome) exceptions \(exceptions) faults \(faults)" }
  }

  private static let target: UInt64 = 0x7000_5000

  @Test(arguments: profiles, State.allCases)
  func `ex_regs does what the table says`(_ profile: KernelProfile.Name, _ state: State) {
    for operation in Operation.allCases {
      var world = KernelWorld(.named(profile))
      // Takes exceptions and page faults and never answers.
      let handler = world.thread(priority: 100, (0..<4).map { _ in .wait() })
      let gate = world.gate(handler, label: 0x900)
      let victim = world.makeThread(pager: gate, handler: gate)
      prepare(state, victim, &world)
      world.sleep(milliseconds: 2)
      let before = world.results(handler.id)
      let sp: UInt64 = 0x1234_0000
      let ip = operation == .move ? Self.target : ExchangeRegisters.keep
      #expect(world.exchangeRegisters(victim, flags: flags(operation), ip: ip, sp: sp) == 0)
      world.sleep(milliseconds: 2)
      let messages = world.results(handler.id).dropFirst(before.count)
      let effect = Effect(
        outcome: world.outcome(victim), exceptions: messages.count { $0.tag.label == KernelProtocol.exception },
        faults: messages.count { $0.tag.label == KernelProtocol.pageFault })
      #expect(effect == expected(state, operation, profile), "\(operation)")
      checkRegisters(state, operation, victim, &world)
    }
  }

  private func flags(_ operation: Operation) -> UInt64 {
    switch operation {
    case .move: 0
    case .cancel: ExchangeRegisters.cancel
    case .trigger: ExchangeRegisters.triggerException
    case .both: ExchangeRegisters.cancel | ExchangeRegisters.triggerException
    }
  }

  private func prepare(_ state: State, _ victim: Actor, _ world: inout KernelWorld) {
    let other = world.makeThread()
    switch state {
    case .notStarted:
      world.runThread(victim, priority: 20)
      return world.append([.sleep(milliseconds: 100)], to: victim.id)
    case .running: world.append([.spin], to: victim.id)
    case .queued:
      world.append([.spin], to: other.id)
      world.append([.send(other.slot)], to: victim.id)
    case .calling:
      world.append([.wait()], to: other.id)
      world.append([.call(other.slot)], to: victim.id)
    case .waiting: world.append([.wait()], to: victim.id)
    case .waitingForIRQ: world.append([.receive(world.irq(victim, label: 0x40))], to: victim.id)
    case .atUnboundGate: world.append([.send(world.gate(nil))], to: victim.id)
    case .asleep: world.append([.sleep(milliseconds: 100)], to: victim.id)
    case .inException: world.append([.trap(cause: 2, value: 0), .spin], to: victim.id)
    case .faulting: world.append([.touch(0x4000_0000, .load), .spin], to: victim.id)
    }
    world.start(other, priority: 15)
    world.sleep(milliseconds: 1)
    world.start(victim, priority: 20)
  }

  private func expected(_ state: State, _ operation: Operation, _ profile: KernelProfile.Name) -> Effect {
    let cancels = operation == .cancel || operation == .both
    let triggers = operation == .trigger || operation == .both
    var effect = Effect(outcome: "pending", exceptions: 0, faults: 0)
    switch state {
    case .notStarted:
      effect.exceptions = triggers ? 1 : 0
      // Started without an address it begins at zero, where nothing is.
      effect.faults = operation == .cancel ? 1 : 0
    case .running: effect.exceptions = triggers ? 1 : 0
    case .queued: if cancels { effect.outcome = "err6,p0,w0,i0" }
    case .calling: if cancels { effect.outcome = "err7,p7,w2,i0" }
    case .waiting, .waitingForIRQ, .asleep: if cancels { effect.outcome = "err7,p0,w0,i0" }
    case .atUnboundGate: if cancels { effect.outcome = profile == .modern ? "err6,p0,w0,i0" : "err4,p0,w0,i0" }
    case .inException: effect.exceptions = operation == .both ? 1 : 0
    case .faulting:
      // A cancelled fault is taken again, unless an exception comes before the instruction.
      effect.faults = operation == .cancel ? 1 : 0
      effect.exceptions = operation == .both ? 1 : 0
    }
    // The exception comes when the system call is over, before the result is seen.
    if operation == .both, effect.outcome != "pending" { effect = Effect(outcome: "pending", exceptions: 1, faults: 0) }
    return effect
  }

  /// An unanswered exception protects the registers from all but a cancel.
  private func checkRegisters(_ state: State, _ operation: Operation, _ victim: Actor, _ world: inout KernelWorld) {
    let isProtected = state == .inException && (operation == .move || operation == .trigger)
    let registers = world.kernel.registers[victim.id.slot]
    #expect((registers.sp == 0x1234_0000) == !isProtected, "\(operation)")
    if operation == .move { #expect((registers.pc & ~0xfff == Self.target) == !isProtected) }
  }

  @Test(arguments: profiles)
  func `G55 G56 a blocked thread goes on at the new address with its result, and an exception waits for that`(
    _ profile: KernelProfile.Name
  ) {
    var world = KernelWorld(.named(profile))
    let handler = world.thread(priority: 100, [.wait()])
    let gate = world.gate(handler, label: 0x900)
    let victim = world.makeThread(pager: gate, handler: gate)
    world.append([.wait()], to: victim.id)
    world.start(victim, priority: 20)
    world.sleep(milliseconds: 1)
    world.exchangeRegisters(victim, flags: ExchangeRegisters.triggerException, ip: Self.target)
    world.sleep(milliseconds: 1)
    #expect(world.outcome(handler) == "pending")
    _ = world.thread(priority: 10, [.send(victim.slot)])
    world.sleep(milliseconds: 1)
    let message = world.results(handler.id)[0]
    #expect(message.tag.label == KernelProtocol.exception && message.tag.words == ExceptionMessage.words)
    #expect(world.kernel.messageWord(handler.id, ExceptionMessage.instructionPointer) == Self.target)
    #expect(MessageTag(raw: world.kernel.messageWord(handler.id, 10)).label == 7)
  }

  @Test(arguments: profiles)
  func `G57 G61 two triggers make one exception, and an empty reply resumes unchanged`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let handler = world.thread(
      priority: 15, [.wait(), .call(SystemCall(tag: MessageTag(), target: .special(.replyAndWait)))])
    let gate = world.gate(handler, label: 0x900)
    let victim = world.thread(priority: 10, handler: gate, [.spin])
    world.sleep(milliseconds: 2)
    let registers = world.kernel.registers[victim.id.slot]
    world.trigger(victim)
    let ready = world.kernel.messageWord(world.root, 0)
    #expect(ready == (profile == .r67 ? 1 : 0))
    world.trigger(victim)
    world.sleep(milliseconds: 2)
    #expect(world.results(handler.id).count == 1)
    #expect(world.kernel.registers[victim.id.slot].pc == registers.pc)
    #expect(!world.kernel.threads[victim.id.slot].flags.contains(.inException))
  }

  @Test(arguments: profiles)
  func `G60 a cancel that finds the thread in user mode is lost, or meets its next receive`(
    _ profile: KernelProfile.Name
  ) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 20, [.wait(), .sleep(milliseconds: 1), .reply()])
    let client = world.thread(priority: 10, [.compute(.milliseconds(5)), .call(server.slot)])
    world.sleep(milliseconds: 2)
    world.cancel(client)
    world.sleep(milliseconds: 10)
    #expect(world.outcome(client) == (profile == .modern ? "p85,w1,i0,m77" : "err7,p7,w2,i0"))
  }

  @Test(arguments: profiles, [0, 1, 2, 4, 63])
  func `ex_regs needs exactly three words`(_ profile: KernelProfile.Name, _ words: Int) {
    var world = KernelWorld(.named(profile))
    let actor = world.makeThread()
    let tag = MessageTag(label: KernelProtocol.thread, words: words)
    let answer = world.call(
      SystemCall(
        tag: tag, target: ObjectReference(slot: actor.slot, operation: .call),
        words: [Opcode.Thread.exchangeRegisters, 0x7000_0000, 0]))
    let short: Int64 = profile == .modern ? -1001 : -22
    #expect(answer.tag.label == (words == 0 ? short : -22))
    #expect(world.kernel.threads[actor.id.slot].isDead)
  }
}
