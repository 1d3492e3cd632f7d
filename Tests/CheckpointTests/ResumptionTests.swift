import CheckpointRestore
import FiascoABI
import Testing

/// Situation x policy -> registers, against a written table.
@Suite struct ResumptionTests {
  static let tag = MessageTag(label: 0x55, words: 1).raw

  static func thread(_ situation: ThreadImage.Situation, operation: IPCOperation = .replyAndWait) -> ThreadImage {
    var registers = (0..<32).map { UInt64($0) << 8 }
    registers[10] = tag | MessageTagFlags.error.rawValue
    registers[11] = ObjectReference.special(operation).raw
    registers[12] = IPCTimeouts(send: .zero, receive: .relative(microseconds: 20)).raw
    var thread = ThreadImage(name: "t", registers: registers, pc: 0x1000, situation: situation)
    thread.sendTag = situation == .sendPhase ? nil : tag
    return thread
  }

  static func expected(_ situation: ThreadImage.Situation, _ policy: ResumptionPolicy) -> AppliedPolicy {
    guard situation.wasCutOff else { return .unchanged }
    switch policy {
    case .resumeAtIP: return .resumedAtIP
    case .deliverError: return .errorDelivered
    case .reissue: return situation == .sendPhase ? .reissuedWithoutTag : .reissued
    case .reissueReceiveHalf, .refuse, .quiesceFirst, .recreateCaller:
      if situation == .replyAndWait { return .reissuedReceiveHalf }
      return situation == .sendPhase ? .reissuedWithoutTag : .reissued
    }
  }

  @Test(arguments: ThreadImage.Situation.allCases, ResumptionPolicy.allCases)
  func `every situation has one answer under every policy`(
    _ situation: ThreadImage.Situation, _ policy: ResumptionPolicy
  ) {
    let thread = Self.thread(situation)
    let result = policy.resumption(of: thread)
    #expect(result.applied == Self.expected(situation, policy))
    switch result.applied {
    case .unchanged, .resumedAtIP, .notStarted:
      #expect(result.pc == thread.pc)
      #expect(result.registers == thread.registers)
    case .errorDelivered:
      #expect(result.pc == thread.pc)
      #expect(MessageTag(raw: result.registers[10]) == .failed)
      #expect(result.errorWord == (situation == .sendPhase ? 4 : 5))
    case .reissued:
      #expect(result.pc == thread.pc - 4)
      #expect(result.registers[10] == Self.tag)
    case .reissuedWithoutTag:
      #expect(result.pc == thread.pc - 4)
      #expect(result.registers == thread.registers)
    case .reissuedReceiveHalf:
      #expect(result.pc == thread.pc - 4)
      #expect(result.registers[10] == 0)
    }
    // Only the registers of the system call are ever touched.
    for index in 0..<32 where !(10...12).contains(index) { #expect(result.registers[index] == thread.registers[index]) }
  }

  @Test func `the receive half keeps the receive timeout and loses the send`() {
    let result = ResumptionPolicy.reissueReceiveHalf.resumption(of: Self.thread(.replyAndWait))
    #expect(ObjectReference(raw: result.registers[11]).operation == .wait)
    #expect(ObjectReference(raw: result.registers[11]).isSpecial)
    let timeouts = IPCTimeouts(raw: result.registers[12])
    #expect(timeouts.receive == .relative(microseconds: 20))
    #expect(timeouts.send.isNever)
  }

  @Test func `the receive half keeps a reply slot that was named`() {
    var thread = Self.thread(.replyAndWait)
    thread.registers[11] = 3 << 12 | 1 << 10 | IPCOperation.replyAndWait.rawValue
    let result = ResumptionPolicy.reissueReceiveHalf.resumption(of: thread)
    #expect(ObjectReference(raw: result.registers[11]).namesReplySlot)
    #expect(ObjectReference(raw: result.registers[11]).index == 3)
    #expect(ObjectReference(raw: result.registers[11]).operation == .wait)
  }

  @Test func `the receive half of a send to a gate waits for anybody`() {
    var thread = Self.thread(.replyAndWait)
    thread.registers[11] = ObjectReference(slot: CapabilitySlot(0x207), operation: .sendAndWait).raw
    let result = ResumptionPolicy.reissueReceiveHalf.resumption(of: thread)
    #expect(result.registers[11] == ObjectReference.special(.wait).raw)
  }

  @Test(arguments: ResumptionPolicy.allCases)
  func `a thread that was never started stays so`(_ policy: ResumptionPolicy) {
    var thread = Self.thread(.replyAndWait)
    thread.started = false
    #expect(policy.resumption(of: thread).applied == .notStarted)
  }
}
