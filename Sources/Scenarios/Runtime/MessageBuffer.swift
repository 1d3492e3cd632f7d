import FiascoABI
import Genode

/// An RPC message in the caller's stack frame, as a client fills it and finds the answer in it.
///
/// It cannot stand in the UTCB: checking a capability and moving a received one are system calls that overwrite the
/// message registers. Models `Genode::Msgbuf`.
enum MessageBuffer {
  /// Reply: 0 or the exception.
  static let exception = 0
  /// Words of payload; the opcode is the first one of a request.
  static let payloadCount = 8
  static let capabilityCount = 16
  /// Four slots; 0 stands for an invalid capability.
  static let capabilities = 24
  static let payload = 56
  static let words = payload / 8 + UTCB.messageRegisterCount
}

/// Writes one remote procedure call.
struct RPC {
  let f: FunctionBuilder
  let message: IR.Value

  /// Starts a request with an opcode.
  init<Opcode: RawRepresentable<UInt64>>(_ f: FunctionBuilder, _ opcode: Opcode) {
    self.init(f, opcode: .constant(opcode.rawValue))
  }

  init(_ f: FunctionBuilder, opcode: IR.Value) {
    self.f = f
    message = f.array(words: MessageBuffer.words)
    reset(opcode: opcode)
  }

  private func reset(opcode: IR.Value) {
    f.store(0, at: message.at(MessageBuffer.capabilityCount))
    f.store(1, at: message.at(MessageBuffer.payloadCount))
    f.store(opcode, at: message.at(MessageBuffer.payload))
  }

  /// Appends a word.
  func word(_ value: IR.Value) { f.run("message_word", message, value) }
  /// Appends zero-terminated text.
  func text(_ address: IR.Value) { f.run("message_text", message, address) }
  func capability(_ slot: IR.Value) { f.run("message_capability", message, slot) }

  /// Calls the object and gives the IPC error, 0 for none.
  func call(_ slot: IR.Value) -> IR.Value { f.call("ipc_call", slot, message) }

  /// Calls the object; whatever goes wrong ends the component with a line on the log.
  func mustCall(_ slot: IR.Value, _ what: String) {
    f.run("rpc_must", slot, message, f.module.text(what))
  }

  var exception: IR.Value { message.field(MessageBuffer.exception) }
  /// A word of the answer.
  func result(_ index: Int) -> IR.Value { message.field(MessageBuffer.payload + 8 * index) }
  /// Slot of a received capability, 0 if there is none.
  func receivedCapability(_ index: Int) -> IR.Value { message.field(MessageBuffer.capabilities + 8 * index) }
}
