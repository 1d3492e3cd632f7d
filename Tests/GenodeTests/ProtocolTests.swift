import FiascoABI
import Genode
import Testing

@Suite struct ProtocolTests {
  @Test func `a reply with a capability has one item`() {
    let reply = RPCReply(capabilities: [RPCCapability(slot: CapabilitySlot(0x300), badge: 40)])
    let message = reply.encoded
    print(message)
    #expect(message.tag.items == 1)
  }
}
