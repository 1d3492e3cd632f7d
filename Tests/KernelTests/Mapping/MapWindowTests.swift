import FiascoABI
import Testing

@testable import FiascoKernel

struct MapWindowTests {
  /// All sizes up to 8 pages against all, all hot spots: the smaller one decides the size and lies, aligned to itself,
  /// where the hot spot falls in the larger one.
  @Test(arguments: 0...3, 0...3)
  func `the hot spot selects the part of the larger flexpage`(sourceOrder: Int, targetOrder: Int) {
    for hotSpot: UInt64 in 0..<16 {
      let window = MapWindow(
        source: 0x40, sourceOrder: sourceOrder, target: 0x80, targetOrder: targetOrder, hotSpot: hotSpot)
      let size: UInt64 = 1 << UInt64(min(sourceOrder, targetOrder))
      let larger: UInt64 = 1 << UInt64(max(sourceOrder, targetOrder))
      let selected = (hotSpot % larger) / size * size
      #expect(window.count == size)
      #expect(window.source == 0x40 + (sourceOrder > targetOrder ? selected : 0))
      #expect(window.target == 0x80 + (sourceOrder > targetOrder ? 0 : selected))
    }
  }

  @Test func `both are aligned to their own size first`() {
    let window = MapWindow(source: 0x47, sourceOrder: 2, target: 0x8b, targetOrder: 3, hotSpot: 0)
    #expect(window.source == 0x44 && window.target == 0x88 && window.count == 4)
  }

  @Test func `the whole space takes the hot spot as address`() {
    let window = MapWindow(source: 0x40, sourceOrder: 4, target: 0, targetOrder: 51, hotSpot: 0x12345)
    #expect(window.target == 0x12340 && window.source == 0x40)
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `a page that is mapped onto itself for the first time leaves the tree whole`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let page = FlexPage.memory(KernelWorld.window, order: 12, rights: .rw)
    let item = SendItem.map(hotSpot: KernelWorld.window)
    world.invoke(.task, KernelProtocol.task, [Opcode.Task.map, item.raw, page.raw], items: [.objects(.task)])
    #expect(world.kernel.checkInvariants() == [])
  }
}
