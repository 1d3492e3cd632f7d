import FiascoABI
import Genode

/// Indices into the 37 words of an exception message and into x0...x31.
enum RegisterIndex {
  static let sp = 2
  static let framePointer = 8
  static let a0 = 10
  static let a1 = 11
  static let a2 = 12
  static let a3 = 13
}

extension ThreadImage.Situation {
  /// What a thread was doing when it was stopped by a triggered exception with cancel, as far as user level can tell.
  ///
  /// The kernel advances the instruction pointer before a system call begins, and a cancel overwrites a0. So a blocked
  /// thread stands behind an `ecall`, has the error bit in a0 and says in the UTCB in which phase it was cut off; a1
  /// still holds the operation. A thread in user code has none of this together; one in a page fault neither, and it
  /// needs nothing, because its instruction is executed again.
  ///
  /// - Parameters:
  ///   - errorWord: the thread's UTCB error word; nil if the UTCB could not be read.
  ///   - followsSystemCall: whether the instruction before the instruction pointer is `ecall`; nil if nobody looked.
  ///     A stale error word and an unlucky a0 would otherwise turn a thread in user code into a blocked one.
  public init(
    registers: [UInt64], errorWord: UInt64?, followsSystemCall: Bool?, unresolvedPageFault: Bool = false
  ) {
    if unresolvedPageFault {
      self = .pageFault
      return
    }
    let tag = MessageTag(raw: registers[RegisterIndex.a0])
    let operation = ObjectReference(raw: registers[RegisterIndex.a1]).operation
    guard tag.hasError, followsSystemCall ?? true, !operation.isEmpty else {
      self = .runnable
      return
    }
    let error = errorWord.map { IPCError(rawValue: $0 & 0x1f) } ?? Self.guess(tag, operation)
    switch error {
    case .sendCanceled where operation.contains(.send): self = .sendPhase
    case .receiveCanceled where operation.contains(.receive): self = Self.receiving(operation)
    default: self = .runnable
    }
  }

  /// Without the UTCB: a cancel in the send phase leaves nothing of the tag but the error bit. A message without words
  /// looks the same in the receive phase.
  private static func guess(_ tag: MessageTag, _ operation: IPCOperation) -> IPCError {
    tag == .failed && operation.contains(.send) ? .sendCanceled : .receiveCanceled
  }

  private static func receiving(_ operation: IPCOperation) -> Self {
    if operation.contains(.openWait) { return operation.contains(.send) ? .replyAndWait : .openWait }
    return operation.contains(.send) ? .callReceivePhase : .closedReceive
  }

  /// Whether the cancel ended a system call.
  public var wasCutOff: Bool {
    switch self {
    case .sendPhase, .callReceivePhase, .openWait, .replyAndWait, .closedReceive: true
    case .runnable, .pageFault, .unknown: false
    }
  }
}

extension ThreadImage {
  /// The tag a cut-off system call was made with, nil if the cancel destroyed it.
  ///
  /// After the receive phase it is still in a0, with the error bit added. After the send phase it is gone; only a
  /// component whose code keeps it in another register (`tagRegister`) can be helped.
  public static func sendTag(registers: [UInt64], situation: Situation, tagRegister: Int?) -> UInt64? {
    switch situation {
    case .callReceivePhase, .openWait, .replyAndWait, .closedReceive:
      MessageTag(raw: registers[RegisterIndex.a0]).withError(false).raw
    case .sendPhase: tagRegister.map { registers[$0] }
    case .runnable, .pageFault, .unknown: nil
    }
  }
}
