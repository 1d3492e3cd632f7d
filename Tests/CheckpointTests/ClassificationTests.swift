import CheckpointRestore
import FiascoABI
import Testing

/// What a stopped thread's registers say, as the real kernel leaves them (conformance program 11).
@Suite struct ClassificationTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var operation: IPCOperation
    var error: IPCError
    var a0: UInt64
    var expected: ThreadImage.Situation
    var testDescription: String { name }

    init(
      _ name: String, _ operation: IPCOperation, _ error: IPCError, a0: UInt64, _ expected: ThreadImage.Situation
    ) {
      self.name = name
      self.operation = operation
      self.error = error
      self.a0 = a0
      self.expected = expected
    }
  }

  static let tag = MessageTag(label: 7, words: 2).raw
  static let failed = MessageTagFlags.error.rawValue

  static let cases = [
    Case("send", .send, .sendCanceled, a0: failed, .sendPhase),
    Case("call, queued", .call, .sendCanceled, a0: failed, .sendPhase),
    Case("call, served", .call, .receiveCanceled, a0: tag | failed, .callReceivePhase),
    Case("call without words, served", .call, .receiveCanceled, a0: failed, .callReceivePhase),
    Case("open wait", .wait, .receiveCanceled, a0: failed, .openWait),
    Case("reply and wait", .replyAndWait, .receiveCanceled, a0: tag | failed, .replyAndWait),
    Case("send and wait", .sendAndWait, .receiveCanceled, a0: tag | failed, .replyAndWait),
    Case("closed receive", .receive, .receiveCanceled, a0: failed, .closedReceive),
    Case("failed by itself", .call, .receiveTimeout, a0: tag | failed, .runnable),
    Case("succeeded", .call, .receiveCanceled, a0: tag, .runnable),
  ]

  static func registers(_ a0: UInt64, _ operation: IPCOperation) -> [UInt64] {
    var registers = [UInt64](repeating: 0x1234, count: 32)
    registers[0] = 0
    registers[10] = a0
    registers[11] = ObjectReference(slot: CapabilitySlot(0x207), operation: operation).raw
    return registers
  }

  @Test(arguments: cases)
  func `operation and error word tell the situation`(_ sample: Case) {
    let registers = Self.registers(sample.a0, sample.operation)
    let found = ThreadImage.Situation(registers: registers, errorWord: sample.error.rawValue, followsSystemCall: true)
    #expect(found == sample.expected)
  }

  @Test(arguments: cases)
  func `behind any other instruction than ecall a thread was in user code`(_ sample: Case) {
    let registers = Self.registers(sample.a0, sample.operation)
    let found = ThreadImage.Situation(registers: registers, errorWord: sample.error.rawValue, followsSystemCall: false)
    #expect(found == .runnable)
  }

  @Test(arguments: cases)
  func `an unresolved page fault is what it is`(_ sample: Case) {
    let found = ThreadImage.Situation(
      registers: Self.registers(sample.a0, sample.operation), errorWord: sample.error.rawValue, followsSystemCall: true,
      unresolvedPageFault: true)
    #expect(found == .pageFault)
  }

  @Test func `without the UTCB a message without words hides the receive phase`() {
    let registers = Self.registers(Self.failed, .call)
    #expect(ThreadImage.Situation(registers: registers, errorWord: nil, followsSystemCall: nil) == .sendPhase)
    let told = Self.registers(Self.tag | Self.failed, .call)
    #expect(ThreadImage.Situation(registers: told, errorWord: nil, followsSystemCall: nil) == .callReceivePhase)
  }

  @Test(arguments: ThreadImage.Situation.allCases)
  func `the tag survives a receive phase and is lost in a send phase`(_ situation: ThreadImage.Situation) {
    var registers = Self.registers(Self.tag | Self.failed, .call)
    registers[5] = Self.tag
    let plain = ThreadImage.sendTag(registers: registers, situation: situation, tagRegister: nil)
    let kept = ThreadImage.sendTag(registers: registers, situation: situation, tagRegister: 5)
    switch situation {
    case .runnable, .pageFault, .unknown:
      #expect(plain == nil && kept == nil)
    case .sendPhase:
      #expect(plain == nil && kept == Self.tag)
    case .callReceivePhase, .openWait, .replyAndWait, .closedReceive:
      #expect(plain == Self.tag && kept == Self.tag)
    }
  }
}
