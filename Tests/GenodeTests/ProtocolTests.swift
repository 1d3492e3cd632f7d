import FiascoABI
import Testing

@testable import Genode

@Suite struct ProtocolTests {
  private static let window = (0..<4).map { CapabilitySlot(UInt32(0x300 + $0)) }

  /// The kernel's part: the receiver sees the words, and each item as "arrived".
  private func deliver(_ message: EncodedMessage, label: UInt64 = 0) -> SystemCallResult {
    SystemCallResult(tag: message.tag, label: label, error: 0, words: message.words)
  }

  @Test(arguments: 0...4, [0, 1, 5, 40])
  func `a request arrives as it was sent`(capabilities: Int, words: Int) {
    let sent = (0..<capabilities).map { index -> RPCCapability? in
      if index == 1 { return nil }
      return RPCCapability(slot: CapabilitySlot(UInt32(0x200 + index)), badge: UInt64(40 + 4 * index))
    }
    let payload = (0..<UInt64(words)).map { $0 &* 0x9e37_79b9_7f4a_7c15 }
    let message = EncodedMessage(first: 0x88, capabilities: sent, payload: [7] + payload)
    #expect(message.tag.items == sent.compactMap { $0 }.count)
    let request = RPCRequest(deliver(message, label: 0x88 | 3), window: Self.window)
    #expect(request?.badge == 0x88)
    #expect(request?.isGenuine == true)
    #expect(request?.opcode == 7)
    #expect(request?.words == payload)
    #expect(request?.capabilities.map { $0?.badge } == sent.map { $0?.badge })
    let slots = request?.capabilities.compactMap { $0?.slot } ?? []
    #expect(slots == Array(Self.window.prefix(slots.count)))
  }

  @Test func `the largest message fits and no larger one is announced`() {
    for count in 0...4 {
      let limit = RPCLayout.payloadLimit(capabilities: count)
      let capability = RPCCapability(slot: CapabilitySlot(0x200), badge: 4)
      let message = EncodedMessage(
        first: 0, capabilities: Array(repeating: capability, count: count), payload: Array(repeating: 1, count: limit))
      #expect(message.words.count == UTCB.messageRegisterCount)
    }
  }

  @Test func `a message that promises more than it has is no request`() {
    let words: [UInt64] = [4, 5, 0, 0, 0, 0, 0, 0]
    let tooMany = SystemCallResult(tag: MessageTag(words: 8), label: 4, error: 0, words: words)
    #expect(RPCRequest(tooMany, window: Self.window) == nil)
    let short = SystemCallResult(tag: MessageTag(words: 2), label: 4, error: 0, words: [4, 0, 0, 0, 0, 0, 0, 0])
    #expect(RPCRequest(short, window: Self.window) == nil)
    let foreign = SystemCallResult(tag: MessageTag(label: -2, words: 3), label: 4, error: 0, words: words)
    #expect(RPCRequest(foreign, window: Self.window) == nil)
  }

  @Test(arguments: RPCException.allCases)
  func `an exception survives the way back`(_ exception: RPCException) {
    let reply = RPCReply(deliver(RPCReply.failed(exception).encoded), window: [])
    #expect(reply.exception == exception)
  }

  @Test func `a capability whose slot was empty at the sender is invalid at the receiver`() {
    let sent = RPCReply(capabilities: [RPCCapability(slot: CapabilitySlot(0x200), badge: 40)]).encoded
    var arrived = deliver(sent)
    arrived.words[sent.tag.words] |= 2
    #expect(RPCReply(arrived, window: Self.window).capability == nil)
  }

  @Test(arguments: ["", "a", "12345678", "123456789", "ram_quota=64K, label=\"x\"", "süß und € bunt"])
  func `strings survive packing`(_ text: String) {
    let words = [99] + RPCString.encode(text) + [7]
    let decoded = RPCString.decode(words, at: 1)
    #expect(decoded?.text == text)
    #expect(decoded.map { words[$0.next] } == 7)
    #expect(words.count == RPCString.words(bytes: text.utf8.count) + 2)
  }

  @Test func `a string that ends behind the message is refused`() {
    #expect(RPCString.decode([9, 0], at: 0) == nil)
    #expect(RPCString.decode([UInt64.max], at: 0) == nil)
    #expect(RPCString.decode([], at: 0) == nil)
  }
}

@Suite struct SessionArgumentTests {
  @Test func `values are found, quoted or not`() {
    let arguments = SessionArguments("ram_quota=64K, label=\"init -> x, y\", priority=512")
    #expect(arguments.ramQuota == 65_536)
    #expect(arguments.label == "init -> x, y")
    #expect(arguments.number("priority") == 512)
    #expect(arguments.value("weight") == nil)
  }

  @Test(arguments: [("0", 0), ("12", 12), ("3K", 3072), ("2M", 2 << 20), ("1G", 1 << 30)])
  func `numbers may have a unit`(_ text: String, _ value: UInt64) { #expect(SessionArguments.number(text) == value) }

  @Test(arguments: ["", "K", "1T", "99999999999999999999", "17179869184G", "-1"])
  func `other numbers are none`(_ text: String) { #expect(SessionArguments.number(text) == nil) }

  @Test func `a parent puts its child's name in front of the label`() {
    #expect(SessionArguments("ram_quota=8K, label=\"\"").prefixingLabel("a").label == "a")
    let nested = SessionArguments("ram_quota=8K, label=\"b\"").prefixingLabel("a")
    #expect(nested.label == "a -> b")
    #expect(nested.ramQuota == 8192)
  }

  @Test func `every kernel priority survives the way through a session argument`() {
    for priority in 1...ComponentPriority.highest {
      #expect(ComponentPriority.kernel(generic: ComponentPriority.generic(kernel: priority)) == priority)
    }
    #expect(ComponentPriority.kernel(generic: 0) == 128)
    #expect(ComponentPriority.kernel(generic: 1 << 30) == 1)
  }
}
