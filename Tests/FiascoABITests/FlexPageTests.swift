import FiascoABI
import Testing

struct FlexPageTests {
  @Test(arguments: [12, 16, 21, 37], 0...7 as ClosedRange<UInt64>)
  func `a page of memory gives back what it was made of`(_ order: Int, _ rights: UInt64) {
    let page = FlexPage.memory(0x12_3456_7000, order: order, rights: MemoryRights(rawValue: rights))
    #expect(page.kind == .memory && page.order == order)
    #expect(page.address == 0x12_3456_7000)
    #expect(page.memoryRights.rawValue == rights)
    #expect(!page.isEverything)
  }

  @Test(arguments: [0, 1, 0x99, 0xf_ffff] as [UInt32], [0, 3, 8])
  func `a range of slots gives back what it was made of`(_ slot: UInt32, _ order: Int) {
    let page = FlexPage.objects(CapabilitySlot(slot), order: order, rights: .rws)
    #expect(page.kind == .object && page.order == order && page.slotIndex == UInt64(slot))
    #expect(page.objectRights == .rws)
    #expect(page.raw == UInt64(slot) << 12 | UInt64(order) << 6 | 0x37)
  }

  @Test func `rights are the bits of the kernel`() {
    #expect([MemoryRights.execute, .write, .read].map(\.rawValue) == [1, 2, 4])
    #expect([ObjectRights.write, .strong, .read, .delete].map(\.rawValue) == [1, 2, 4, 8])
    #expect(FlexPage.everything.raw == 0xfc0 && FlexPage.everything.isEverything)
  }

  @Test func `an item that maps is not void, whatever else it says`() {
    #expect(SendItem.map().raw == 8 && SendItem.map().isMap && !SendItem.map().isGrant && !SendItem.map().isVoid)
    let item = SendItem.map(hotSpot: 0x5_4321, attributes: 0xf3, grant: true)
    #expect(item.raw == 0x5_4000 | 0xf0 | 8 | 2)
    #expect(item.isGrant && item.hotSpot == 0x5_4000 && item.attributes == 0xf0)
    #expect(SendItem(raw: 0).isVoid && !SendItem(raw: 1).isMap)
  }

  @Test func `a buffer for one capability is one word`() {
    let buffer = ReceiveBuffer.small(CapabilitySlot(0x77))
    #expect(buffer.raw == 0x7_700a)
    #expect(buffer.isSmall && buffer.isMap && !buffer.isCompound && !buffer.wantsIdentity && !buffer.isVoid)
    #expect(buffer.address == 0x7_7000)
    #expect(ReceiveBuffer(raw: 0).isVoid)
  }
}
