import FiascoABI

@testable import FiascoKernel

/// The result of a system call in the words of the conformance programs: `err6,p0,w0,i0`, `p7,w2,i0,L103,m11:12`.
func describe(_ result: SystemCallResult?) -> String {
  guard let result else { return "pending" }
  var text = result.ipcError.map { "err\($0.rawValue)," } ?? ""
  text += "p\(result.tag.label),w\(result.tag.words),i\(result.tag.items)"
  if result.label != 0 { text += ",L" + String(result.label, radix: 16) }
  if result.tag.words > 0, result.ipcError == nil {
    text += ",m" + result.words.prefix(min(result.tag.words, 4)).map { String($0, radix: 16) }.joined(separator: ":")
  }
  return text
}

extension KernelWorld {
  /// The n-th result of a thread, in short.
  func outcome(_ actor: Actor, _ number: Int = 0) -> String {
    let (results, calls) = (results(actor.id), calls(actor.id).done)
    guard number < results.count else { return "pending" }
    var result = results[number]
    // Nothing was received: the register holds what was sent, in profile r67 the label of the gate.
    let failed = result.ipcError.map { $0 != .receiveOverflow } ?? false
    if failed || !calls[number].target.operation.contains(.receive) { result.label = 0 }
    return describe(result)
  }

  /// Whether the kernel still has the thread's control block.
  func isPresent(_ t: ThreadID) -> Bool { kernel.threads.contains(t.slot) }

  /// Marks of the scripts, in order.
  var order: String { log.joined(separator: " ") }
}

extension Step {
  /// Protocol 7, two words: what the tests send.
  static func request(
    _ slot: CapabilitySlot, _ operation: IPCOperation, timeouts: IPCTimeouts = .never, label: UInt64 = 0,
    words: [UInt64] = [0x11, 0x12], flags: MessageTagFlags = []
  ) -> Step {
    .call(
      SystemCall(
        tag: MessageTag(label: 7, words: words.count, flags: flags),
        target: ObjectReference(slot: slot, operation: operation), timeouts: timeouts, label: label, words: words))
  }

  static func call(_ slot: CapabilitySlot, timeouts: IPCTimeouts = .never) -> Step {
    .request(slot, .call, timeouts: timeouts)
  }

  static func send(_ slot: CapabilitySlot, timeouts: IPCTimeouts = .never, label: UInt64 = 0) -> Step {
    .request(slot, .send, timeouts: timeouts, label: label)
  }

  static func receive(_ slot: CapabilitySlot, timeouts: IPCTimeouts = .never) -> Step {
    .call(SystemCall(tag: MessageTag(), target: ObjectReference(slot: slot, operation: .receive), timeouts: timeouts))
  }

  static func wait(timeouts: IPCTimeouts = .never) -> Step {
    .call(SystemCall(tag: MessageTag(), target: .special(.wait), timeouts: timeouts))
  }

  /// Answers with protocol 0x55 and one word.
  static func reply(_ operation: IPCOperation = .replyAndWait, timeouts: IPCTimeouts = .never, label: UInt64 = 0)
    -> Step
  {
    .call(
      SystemCall(
        tag: MessageTag(label: 0x55, words: 1), target: .special(operation), timeouts: timeouts, label: label,
        words: [0x77]))
  }

  /// ex_regs with cancel, and nothing else.
  static func cancel(_ thread: CapabilitySlot) -> Step {
    .call(
      SystemCall(
        tag: MessageTag(label: KernelProtocol.thread, words: 3),
        target: ObjectReference(slot: thread, operation: .call),
        words: [
          Opcode.Thread.exchangeRegisters | ExchangeRegisters.cancel, ExchangeRegisters.keep, ExchangeRegisters.keep,
        ]))
  }

  static func sleep(milliseconds: UInt64) -> Step {
    .call(SystemCall(tag: MessageTag(), target: .special(.receive), timeouts: .receive(milliseconds: milliseconds)))
  }
}

extension IPCTimeouts {
  static func receive(milliseconds: UInt64) -> IPCTimeouts {
    IPCTimeouts(send: .never, receive: .relative(microseconds: milliseconds * 1000))
  }
  static func send(milliseconds: UInt64) -> IPCTimeouts {
    IPCTimeouts(send: .relative(microseconds: milliseconds * 1000), receive: .never)
  }
  static var receiveZero: IPCTimeouts { IPCTimeouts(send: .never, receive: .zero) }
  static var zero: IPCTimeouts { IPCTimeouts(send: .zero, receive: .zero) }
}
