import FiascoABI
import RISCV

@testable import FiascoKernel

extension KernelWorld {
  /// The n-th exception a handler got: cause, result tag, operation, and the place of the thread.
  func frame(_ handler: Actor, _ number: Int = 0, registers: Bool = true) -> String {
    let results = results(handler.id)
    guard number < results.count else { return "none" }
    let words = results[number].words
    let cause = words[ExceptionMessage.cause]
    var text = cause == ExceptionCause.triggered ? "trig" : "x\(cause)"
    if registers { text += " a0=\(words[10].hex) a1=\(words[11].hex)" }
    return text + " +\(Int64(bitPattern: words[ExceptionMessage.instructionPointer] &- Self.start) / 4)"
  }

  /// Main sends a request, with no time to wait.
  mutating func tell(_ actor: Actor) {
    _ = call(
      SystemCall(
        tag: MessageTag(label: 7, words: 2), target: ObjectReference(slot: actor.slot, operation: .send),
        timeouts: .zero, words: [0x11, 0x12]))
  }

  func object(_ slot: CapabilitySlot) -> ObjectID {
    kernel.capability(of: TaskID(0), at: UInt64(slot.index))?.object ?? .none
  }
}

extension Step {
  /// A handler moves the instruction pointer in the frame it holds.
  static func move(by distance: Int64) -> Step {
    .amend { $0[ExceptionMessage.instructionPointer] &+= UInt64(bitPattern: distance) }
  }

  /// Back to the system call instruction.
  static var back: Step { .move(by: -4) }
}

// The programs of area c: what they have in common.
extension AreaCTests {
  /// A thread at 110 and the handler of its exceptions, behind a gate with label 0x100.
  static func pair(
    _ w: inout KernelWorld, _ steps: [Step], _ handler: [Step], at priority: UInt64 = 110
  ) -> (Actor, Actor) {
    let handler = w.thread(priority: 120, handler)
    w.ms(1)
    let it = w.makeThread(handler: w.gate(handler, label: 0x100))
    w.append(steps, to: it.id)
    w.start(it, priority: priority)
    return (it, handler)
  }

  /// A server that has answered its first client and waits for the next one.
  static func served(_ w: inout KernelWorld, _ handler: [Step]) -> (Actor, Actor, Actor) {
    let (server, handler) = pair(&w, [.wait(), .reply(timeouts: .ms(0, nil))], handler)
    let client = w.go(.call(server.slot))
    w.ms(2)
    return (server, handler, client)
  }

  /// A client inside a call is stopped with cancel; its handler changes nothing.
  static func interrupted(_ w: inout KernelWorld, _ step: Step) -> String {
    let (it, handler) = pair(&w, [step], [.wait(), .resume])
    w.ms(2)
    w.poke(it, ExchangeRegisters.both)
    w.ms(2)
    let words = w.results(handler.id)[0].words
    let place = (words[ExceptionMessage.instructionPointer] - KernelWorld.start) / 4
    return "a0=\(words[10].hex) +\(place) | \(w.see(it))"
  }

  static func spinning(_ w: inout KernelWorld, _ flags: UInt64) -> String {
    let (it, handler) = pair(
      &w, [.compute(.milliseconds(3)), .mark("spin:end")], [.wait(), .mark("H"), .resume], at: 90)
    w.ms(1)
    let answer = w.poke(it, flags)
    w.ms(10)
    return "\(answer) | \(w.frame(handler, registers: false)) | \(w.order)"
  }

  /// A server in its second wait is stopped, its frame kept by the handler, and the thread deleted.
  static func lost(_ w: inout KernelWorld) -> (Actor, Actor, Registers) {
    let (server, handler, _) = served(&w, [.wait()])
    w.poke(server, ExchangeRegisters.both)
    w.ms(1)
    let frame = w.kernel.registers[server.id.slot]
    w.drop(server.slot)
    w.ms(1)
    return (server, handler, frame)
  }

  /// A new thread gets a frame, changed or not, as the answer to an exception it is made to raise.
  static func reborn(
    _ w: inout KernelWorld, _ holder: Actor, _ steps: [Step], _ change: (inout [UInt64]) -> Void
  ) -> (Actor, Actor) {
    let keeper = w.go(.wait(), .sleep(milliseconds: 3), .resume, at: 120)
    w.ms(1)
    let heir = w.makeThread(handler: w.gate(keeper, label: 0x200))
    w.append(steps, to: heir.id)
    w.exchangeRegisters(heir, flags: ExchangeRegisters.triggerException, ip: KernelWorld.start, sp: 0x1000)
    w.runThread(heir, priority: 110)
    w.ms(1)
    var words = (0..<ExceptionMessage.words).map { w.kernel.messageWord(holder.id, $0) }
    change(&words)
    for (index, word) in words.enumerated() { w.kernel.setMessageWord(keeper.id, index, word) }
    w.ms(4)
    return (heir, keeper)
  }

  /// The whole recipe: a server that was in the wait of its reply comes back in a plain wait, and serves again.
  static func recovered(_ w: inout KernelWorld) -> String {
    let (_, holder, _) = lost(&w)
    let gate = w.gate(nil)
    let wait = SystemCall(tag: MessageTag(), target: .special(.wait))
    let (heir, _) = reborn(&w, holder, [.execute(wait), .answer(0x56)]) { words in
      words[ExceptionMessage.instructionPointer] -= 4
      for (register, value) in [(10, 0), (11, wait.target.raw), (12, wait.timeouts.raw), (13, 0)] as [(Int, UInt64)] {
        words[register] = value
      }
    }
    let before = w.see(heir)
    let answer = w.bind(gate, to: heir, label: 0x80)
    let client = w.go(.call(gate))
    w.ms(2)
    let got = w.see(heir).split(separator: " ")[0]
    return "\(before) \(answer) \(got) | \(w.see(client))"
  }

  /// A handler answers four times with nothing but a label, then no more.
  static func repeated(_ w: inout KernelWorld, label: Int64) -> String {
    let answer = SystemCall(tag: MessageTag(label: label), target: .special(.replyAndWait))
    let (_, handler) = pair(
      &w, [.trapAgain(cause: ExceptionCause.illegalInstruction), .mark("done")],
      [.wait()] + (0..<4).map { _ in .call(answer) })
    w.ms(5)
    return "\(w.results(handler.id).count) \(w.log.count)"
  }
}
