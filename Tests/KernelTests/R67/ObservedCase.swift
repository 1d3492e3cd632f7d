import FiascoABI
import Testing

@testable import FiascoKernel

/// One case that was run on the real kernel of 2016: a short program of bare kernel calls, and what it shows.
///
/// What a program shows is a text: for each system call its tag (hexadecimal; a kernel object's answer in decimal),
/// `!` and the error code, `@` and the label received, `=` and the first word. `-` is a call that has not returned.
/// `70002@43=11` is protocol 7 with two words from a gate with label 0x40; `8000!4` a send phase that failed.
struct ObservedCase: Sendable, CustomTestStringConvertible {
  let id: String
  let expected: [(profile: KernelProfile.Name, text: String)]
  let program: @Sendable (inout KernelWorld) -> String
  var testDescription: String { id }

  /// The same on both kernels.
  static func both(_ id: String, _ text: String, _ program: @escaping @Sendable (inout KernelWorld) -> String) -> Self {
    Self(id: id, expected: [(.r67, text), (.modern, text)], program: program)
  }

  static func differs(
    _ id: String, r67: String, modern: String, _ program: @escaping @Sendable (inout KernelWorld) -> String
  ) -> Self {
    Self(id: id, expected: [(.r67, r67), (.modern, modern)], program: program)
  }

  /// Something only the old kernel has, or of which today's kernel was not asked.
  static func old(_ id: String, _ text: String, _ program: @escaping @Sendable (inout KernelWorld) -> String) -> Self {
    Self(id: id, expected: [(.r67, text)], program: program)
  }

  /// Runs the program on each kernel it names. Main has priority 100, as on the real one.
  func verify() {
    for (profile, text) in expected {
      var world = KernelWorld(.named(profile), rootPriority: 100)
      #expect(program(&world) == text, "\(id) in profile \(profile)")
    }
  }
}

extension KernelWorld {
  /// A thread at priority 110 unless another is named; without steps it sleeps for ever.
  mutating func go(_ steps: Step..., at priority: UInt64 = 110) -> Actor { thread(priority: priority, steps) }

  mutating func ms(_ milliseconds: UInt64) { sleep(milliseconds: milliseconds) }

  /// From here on main keeps the processor until it sleeps: all that it starts is ready at once.
  mutating func rise() {
    invoke(
      .scheduler, KernelProtocol.scheduler, [Opcode.Scheduler.runThread, 0, 1, 250, 0], items: [.objects(.thread)])
  }

  /// What a thread's system calls showed, sleeps left out.
  func see(_ actor: Actor) -> String {
    let (done, pending) = calls(actor.id)
    var shown = zip(done, results(actor.id)).filter { !$0.0.isSleep }.map { brief($0.1, of: $0.0) }
    if let pending, !pending.isSleep { shown.append("-") }
    return shown.joined(separator: " ")
  }

  func see(_ actors: Actor...) -> String { actors.map { see($0) }.joined(separator: " | ") }

  /// What the threads show after some time.
  mutating func after(_ milliseconds: UInt64, _ actors: Actor...) -> String {
    ms(milliseconds)
    return actors.map { see($0) }.joined(separator: " | ")
  }

  /// A thread does this, and a millisecond later it shows that.
  mutating func did(_ steps: Step..., within milliseconds: UInt64 = 1) -> String {
    let actor = thread(priority: 110, steps)
    return after(milliseconds, actor)
  }

  /// ex_regs without new registers. Answer, and how many system calls behind its start the thread stands.
  @discardableResult
  mutating func poke(_ actor: Actor, _ flags: UInt64) -> String {
    let answer = exchangeRegisters(actor, flags: flags)
    return "\(answer) +\(Int64(bitPattern: kernel.messageWord(root, 1) &- KernelWorld.start) / 4)"
  }

  static var start: UInt64 { 0x7000_1000 }

  private func brief(_ result: SystemCallResult, of call: SystemCall) -> String {
    var text = result.tag.label < 0 && !result.tag.hasError ? "\(result.tag.label)" : result.tag.raw.hex
    if let error = result.ipcError { text += "!\(error.rawValue)" }
    let listens = call.target.operation.contains(.receive)
    if listens, result.label != 0, result.ipcError == nil || result.ipcError == .receiveOverflow {
      text += "@" + result.label.hex
    }
    if result.tag.words > 0, result.ipcError == nil { text += "=" + result.words[0].hex }
    return text
  }
}

extension SystemCall {
  /// A receive from nobody that only passes time.
  fileprivate var isSleep: Bool {
    target == .special(.receive) && !timeouts.receive.isNever && !timeouts.receive.isZero
  }
}

extension UInt64 {
  var hex: String { String(self, radix: 16) }
}

extension CapabilitySlot {
  /// A slot nobody uses.
  static let nothing = CapabilitySlot(0xf00)
}

extension ExchangeRegisters {
  static let both = cancel | triggerException
}

extension IPCTimeouts {
  /// Milliseconds of send and receive phase; nil is for ever.
  static func ms(_ send: UInt64?, _ receive: UInt64?) -> IPCTimeouts {
    func timeout(_ milliseconds: UInt64?) -> IPCTimeout {
      milliseconds.map { $0 == 0 ? .zero : .relative(microseconds: $0 * 1000) } ?? .never
    }
    return IPCTimeouts(send: timeout(send), receive: timeout(receive))
  }
}

extension Step {
  /// A request with the invalid capability: to oneself.
  static func own(_ operation: IPCOperation, _ timeouts: IPCTimeouts = .never) -> Step {
    .call(
      SystemCall(
        tag: operation.contains(.send) ? MessageTag(label: 7, words: 2) : MessageTag(), target: .special(operation),
        timeouts: timeouts, words: operation.contains(.send) ? [0x11, 0x12] : []))
  }

  /// A request with typed items behind one word, or an answer with them.
  static func carry(
    _ slot: CapabilitySlot?, _ operation: IPCOperation = .call, _ items: [CapabilitySlot],
    timeouts: IPCTimeouts = .never, buffers: [ReceiveBuffer]? = nil
  ) -> Step {
    .call(
      SystemCall(
        tag: MessageTag(label: slot == nil ? 0x50 : 7, words: 1, items: items.count),
        target: slot.map { ObjectReference(slot: $0, operation: operation) } ?? .special(operation),
        timeouts: timeouts,
        words: [0x22] + items.flatMap { [SendItem.map().raw, FlexPage.objects($0, rights: .rws).raw] },
        buffers: buffers))
  }

  /// An open wait with these object buffers.
  static func waitFor(_ buffers: [ReceiveBuffer], timeouts: IPCTimeouts = .never) -> Step {
    .call(SystemCall(tag: MessageTag(), target: .special(.wait), timeouts: timeouts, buffers: buffers))
  }
}
