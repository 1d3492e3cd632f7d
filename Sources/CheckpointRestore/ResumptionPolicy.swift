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
  /// The thread returns from its system call and is told that its partner does not exist: an error every program has
  /// to expect, unlike a cancel, which Genode turns into `Blocking_canceled`.
  case deliverError
  /// Like `recreateCaller`, but a component with a thread that cannot go on exactly is not restored at all.
  case refuse
  /// Like `recreateCaller`, of a checkpoint that was put off until no thread was inside a call.
  case quiesceFirst
  /// Like `reissueReceiveHalf`, and who waits for whose answer is made again: a thread that held a request first goes
  /// to an open wait, then its caller calls with the original tag, then the holder goes on where it stood. Refused if
  /// the caller was not checkpointed together with the holder.
  case recreateCaller

  /// Whether who waits for whose answer is made again.
  public var recreatesCallers: Bool { [.refuse, .quiesceFirst, .recreateCaller].contains(self) }
}

/// Registers a thread goes on with.
public struct Resumption: Hashable, Sendable {
  /// x0...x31
  public var registers: [UInt64]
  public var pc: UInt64
  public var applied: AppliedPolicy
  /// To be written into the UTCB; nil leaves the captured one.
  public var errorWord: UInt64?
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
    case .deliverError: deliverError(&result, thread.situation)
    case .reissue: callAgain(&result, tag: thread.sendTag)
    case .reissueReceiveHalf, .refuse, .quiesceFirst, .recreateCaller:
      if thread.situation == .replyAndWait { waitAgain(&result) } else { callAgain(&result, tag: thread.sendTag) }
    }
    return result
  }

  private func callAgain(_ result: inout Resumption, tag: UInt64?) {
    result.pc &-= Self.systemCallLength
    if let tag { result.registers[RegisterIndex.a0] = tag }
    result.applied = tag == nil ? .reissuedWithoutTag : .reissued
  }

  /// Bit 0 of an error word tells the phase.
  private func deliverError(_ result: inout Resumption, _ situation: ThreadImage.Situation) {
    result.registers[RegisterIndex.a0] = MessageTag.failed.raw
    result.errorWord = (situation == .sendPhase ? IPCError.notExistent : .receiveNotExistent).rawValue
    result.applied = .errorDelivered
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

/// A thread that no policy can let go on exactly as it would have.
public struct InexactThread: Hashable, Sendable {
  public enum Reason: String, Hashable, Sendable, CaseIterable {
    /// Its message was not taken, and the cancel destroyed the tag.
    case tagUnknown
    /// Its request was taken: made again it is served twice, left out it is lost.
    case requestTaken
    /// How much of its timeout is left is known to the kernel alone.
    case timeoutRunning
    /// Its registers are not known.
    case registersUnknown
  }
  public var thread: Int
  public var reason: Reason

  public init(thread: Int, reason: Reason) {
    self.thread = thread
    self.reason = reason
  }
}

extension InexactThread {
  /// The first thread of images of one instant that cannot go on exactly; what the policy `refuse` refuses.
  static func first(in images: [CheckpointImage]) -> (image: Int, found: InexactThread)? {
    let relations = CallerRelation.all(in: images)
    for (number, image) in images.enumerated() {
      for (index, thread) in image.threads.enumerated() {
        let place = CallerRelation.Place(image: number, thread: index)
        if relations.contains(where: { $0.caller == place }) { continue }
        if let reason = thread.inexactness { return (number, InexactThread(thread: index, reason: reason)) }
      }
    }
    return nil
  }
}

extension CheckpointImage {
  /// The first thread that cannot go on exactly.
  public var inexactThread: InexactThread? { InexactThread.first(in: [self])?.found }
}

extension ThreadImage {
  var inexactness: InexactThread.Reason? {
    guard started else { return nil }
    switch situation {
    case .runnable, .pageFault: return nil
    case .unknown: return .registersUnknown
    case .sendPhase where sendTag == nil: return .tagUnknown
    case .callReceivePhase: return .requestTaken
    case .sendPhase, .openWait, .replyAndWait, .closedReceive:
      let timeouts = IPCTimeouts(raw: registers[RegisterIndex.a2])
      let running = situation == .sendPhase ? timeouts.send : timeouts.receive
      return running.isNever || running == .zero ? nil : .timeoutRunning
    }
  }
}
