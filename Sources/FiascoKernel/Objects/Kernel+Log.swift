// Writes: console, logAttributes, memory (message registers).
import FiascoABI

/// How the log treats what is written and read: the flags of a terminal (`Vlog::Vlog`).
struct LogAttributes: BitwiseCopyable, Sendable {
  /// A return that is typed is read as a new line.
  var input: UInt64 = 0x100
  var output = newLineReturns
  /// What is typed is echoed.
  var local: UInt64 = 8

  /// Each new line is written with a return; always set.
  static let newLineReturns: UInt64 = 4
  private static let returnsAreNewLines: UInt64 = 8
  private static let noReturns: UInt64 = 0x20
  private static let (newLine, carriageReturn): (UInt8, UInt8) = (10, 13)

  /// What is written for a character; nil for nothing.
  func shown(_ character: UInt8) -> UInt8? {
    guard character == Self.carriageReturn else { return character }
    if output & Self.returnsAreNewLines != 0 { return Self.newLine }
    return output & Self.noReturns != 0 ? nil : character
  }
}

extension Kernel {
  /// Models `Vlog`: the text starts at MR2, MR1 is its length; what is too long is dropped silently.
  mutating func invokeLog(_ capability: Capability, by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    guard tag.label == KernelProtocol.log else { return .refused(.badProtocol) }
    guard tag.words > 0 else { return .refused(tooShort) }
    switch utcbWord(t, 0) & 0xffff {
    case Opcode.Log.write: return writeLog(by: t, tag: tag)
    case Opcode.Log.read:
      guard capability.hasWrite else { return .refused(.permission) }
      // Nobody types: no character, and the bit that says so.
      setUTCBWord(t, 0, 1 << 31)
      return .ok
    case Opcode.Log.setAttributes:
      let (input, output, local) = (utcbWord(t, 1), utcbWord(t, 2), utcbWord(t, 3))
      logAttributes = LogAttributes(input: input, output: output | LogAttributes.newLineReturns, local: local)
      return .ok
    case Opcode.Log.getAttributes:
      setUTCBWord(t, 1, logAttributes.input & 0xffff_ffff)
      setUTCBWord(t, 2, logAttributes.output & 0xffff_ffff)
      setUTCBWord(t, 3, logAttributes.local & 0xffff_ffff)
      return .answer(label: 0, words: 4)
    default: return .refused(.noSystemCall)
    }
  }

  private mutating func writeLog(by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    let length = utcbWord(t, 1) & 0xffff_ffff
    guard length <= UInt64((UTCB.messageRegisterCount - 2) * 8) else { return .noReply }
    record(.logWritten(t, bytes: UInt32(truncatingIfNeeded: length)))
    for index in 0..<Int(length) {
      let character = UInt8(truncatingIfNeeded: utcbWord(t, 2 + index / 8) >> UInt64(index % 8 * 8))
      if let shown = logAttributes.shown(character) { console.append(shown) }
    }
    return .noReply
  }
}
