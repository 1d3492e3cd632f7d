import FiascoABI

/// The two ways a server answers and waits, by the state of its reply capability.
public enum ServerReply: Hashable, Sendable {
  /// Nothing to answer: first wait, after an error, after a request that is to be ignored.
  case none
  case answer(RPCReply)
}

extension Script {
  /// Calls an RPC object and waits for the answer without timeout; capabilities arrive in `receiveInto`, in order.
  ///
  /// Models `ipc_call` (base-foc/src/lib/base/ipc.cc).
  public mutating func call(
    _ object: RPCCapability, _ opcode: UInt64, _ words: [UInt64] = [], _ capabilities: [RPCCapability?] = [],
    receiveInto window: [CapabilitySlot] = []
  ) throws(Suspension) -> RPCReply {
    let message = EncodedMessage(first: object.badge, capabilities: capabilities, payload: [opcode] + words)
    let result = try invoke(
      SystemCall(
        tag: message.tag, target: ObjectReference(slot: object.slot, operation: .call), words: message.words,
        buffers: window.map { .small($0) }))
    return RPCReply(result, window: window)
  }

  /// The same, by the opcode's enum.
  public mutating func call<Operation: RawRepresentable<UInt64>>(
    _ object: RPCCapability, _ opcode: Operation, _ words: [UInt64] = [], _ capabilities: [RPCCapability?] = [],
    receiveInto window: [CapabilitySlot] = []
  ) throws(Suspension) -> RPCReply {
    try call(object, opcode.rawValue, words, capabilities, receiveInto: window)
  }

  /// Answers the last request and waits for the next message of anybody; without an answer it only waits.
  ///
  /// The answer is sent with timeout zero. A caller that sees an error must pass `.none` next time: the whole
  /// operation fails if the reply does, and repeating it would never reach the wait (Genode before 18.08 did).
  /// With a `deadline` (microseconds of the kernel clock) the wait ends with a receive timeout.
  /// Models `ipc_reply_wait`.
  public mutating func replyAndWait(
    _ reply: ServerReply, window: [CapabilitySlot], deadline: UInt64? = nil
  ) throws(Suspension) -> SystemCallResult {
    var buffers = window.map { ReceiveBuffer.small($0) }
    var receiveTimeout = IPCTimeout.never
    if let deadline {
      // An absolute timeout names the buffer register that holds the point in time: the one behind the window.
      receiveTimeout = IPCTimeout(raw: 0x8000 | UInt16(window.count))
      buffers.append(ReceiveBuffer(raw: deadline))
    }
    switch reply {
    case .none:
      return try invoke(
        SystemCall(
          tag: MessageTag(), target: .special(.wait), timeouts: IPCTimeouts(send: .never, receive: receiveTimeout),
          buffers: buffers))
    case .answer(let answer):
      let message = answer.encoded
      return try invoke(
        SystemCall(
          tag: message.tag, target: .special(.replyAndWait),
          timeouts: IPCTimeouts(send: .zero, receive: receiveTimeout), words: message.words, buffers: buffers))
    }
  }
}
