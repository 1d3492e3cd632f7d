import FiascoABI

/// What happens to a thread whose system call was cut off by the checkpoint.
///
/// The same choice has to be made twice: for the restored thread, and for the original when it goes on. What each
/// answer leads to is known from the real kernel (`conformance/cases/11-checkpoint.c`, modes R, W, O, M).
public enum ResumptionPolicy: String, Hashable, Sendable, CaseIterable {
  /// The thread returns from its system call and sees it cancelled. Mode R.
  case resumeAtIP
  /// The system call is made again as it was, as far as its tag is known. Modes O and W.
  case reissue
  /// Like `reissue`, but a wait after a reply or send is repeated without the send. A call is issued again: at least
  /// once, because its request may have been served. Mode M.
  case reissueReceiveHalf
}

/// Registers a thread goes on with.
public struct Resumption: Hashable, Sendable {
  /// x0...x31
  public var registers: [UInt64]
  public var pc: UInt64
  public var applied: AppliedPolicy
}

extension ResumptionPolicy {
  /// Bytes of an `ecall`.
  private static let systemCallLength: UInt64 = 4

  /// What a captured thread goes on with under this policy.
  public func resumption(of thread: ThreadImage) -> Resumption {
    var result = Resumption(registers: thread.registers, pc: thread.pc, applied: .unchanged)
    guard thread.started else {
      result.applied = .notStarted
      return result
    }
    guard thread.situation.wasCutOff else { return result }
    switch self {
    case .resumeAtIP: result.applied = .resumedAtIP
    case .reissueReceiveHalf where thread.situation == .replyAndWait: waitAgain(&result)
    case .reissue, .reissueReceiveHalf: callAgain(&result, tag: thread.sendTag)
    }
    return result
  }

  private func callAgain(_ result: inout Resumption, tag: UInt64?) {
    result.pc &-= Self.systemCallLength
    if let tag { result.registers[RegisterIndex.a0] = tag }
    result.applied = tag == nil ? .reissuedWithoutTag : .reissued
  }

  /// The wait keeps its receive timeout and, if one was named, its reply slot; a sender's destination means nothing
  /// to it.
  private func waitAgain(_ result: inout Resumption) {
    result.pc &-= Self.systemCallLength
    let target = ObjectReference(raw: result.registers[RegisterIndex.a1])
    let keepsSlot = target.operation.contains(.reply)
    result.registers[RegisterIndex.a0] = 0
    result.registers[RegisterIndex.a1] =
      keepsSlot
      ? target.raw & ~IPCOperation.replyOnly.rawValue : ObjectReference.special(.wait).raw
    let timeouts = IPCTimeouts(raw: result.registers[RegisterIndex.a2])
    result.registers[RegisterIndex.a2] = IPCTimeouts(send: .never, receive: timeouts.receive).raw
    result.applied = .reissuedReceiveHalf
  }
}
