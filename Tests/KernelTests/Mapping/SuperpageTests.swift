import FiascoABI
import Testing

@testable import FiascoKernel

/// Superpages of 2 MiB: what stays large, what is split, and what an unmap of a part takes away.
struct SuperpageTests {
  private typealias World = SuperpageWorld

  @Test func `an aligned superpage stays one and names consecutive frames`() {
    var world = World(tasks: 2)
    #expect(world.map(0, world.base, order: 21, to: 1, World.target).failure == nil)
    #expect(world.order(1, World.target) == 21)
    for page in [0, 1, 511] as [UInt64] {
      #expect(world.frame(1, World.target + page * 4096 + 8) == 1024 + Int(page))
    }
    #expect(world.kernel.mappings.count == 2)
    #expect(world.kernel.spaceDefect() == nil)
  }

  @Test(
    arguments: [
      (0, 21, 21), (0, 20, 12), (0x1000, 12, 12), (0x20_0000, 21, 21),
    ] as [(UInt64, Int, Int)])
  func `smaller flexpages and pieces are 4 KiB pages of the superpage`(offset: UInt64, order: Int, expected: Int) {
    var world = World(tasks: 2)
    _ = world.map(0, world.base + offset, order: order, to: 1, World.target + offset)
    #expect(world.order(1, World.target + offset) == expected)
    #expect(world.frame(1, World.target + offset) == 1024 + Int(offset >> 12))
    #expect(world.kernel.spaceDefect() == nil)
  }

  @Test func `a target that is not aligned or has a table already gets small pages`() {
    var world = World(tasks: 3)
    _ = world.map(0, world.base, order: 12, to: 2, World.target + 0x5000)
    world.unmap(2, World.target + 0x5000, order: 12, own: true)
    _ = world.map(0, world.base, order: 21, to: 2, World.target)
    #expect(world.order(2, World.target) == 12, "the table of the page that was there is still there")
    #expect(world.order(2, World.target + world.size - 1) == 12)
    // A window of the receiver that begins in the middle of a superpage.
    let window = FlexPage.memory(World.target, order: 20, rights: .rwx)
    let item = SendItem.map(hotSpot: 0)
    _ = world.kernel.map(
      item, .memory(world.base, order: 21, rights: .rw), from: world.tasks[0], to: world.tasks[1], window: window)
    #expect(world.order(1, World.target) == 12)
    #expect(world.order(1, World.target + world.size / 2) == nil)
    #expect(world.kernel.spaceDefect() == nil)
  }

  @Test func `a whole superpage can be granted, a part is mapped instead`() {
    var world = World(tasks: 3)
    _ = world.map(0, world.base, order: 21, to: 1, World.target)
    #expect(world.map(1, World.target + 0x3000, order: 12, to: 2, 0x5000, grant: true).failure == nil)
    #expect(world.order(1, World.target) == 21)
    #expect(world.frame(2, 0x5000) == 1024 + 3)
    #expect(world.map(1, World.target, order: 21, to: 2, World.target, grant: true).failure == nil)
    #expect(world.order(1, World.target) == nil)
    #expect(world.order(2, World.target) == 21)
    #expect(world.frame(2, 0x5000) == 1024 + 3, "what was derived goes on below the node that changed hands")
    world.unmap(2, World.target, order: 21, own: true)
    #expect(world.frame(2, 0x5000) == nil)
    #expect(world.kernel.spaceDefect() == nil)
  }

  @Test func `an unmap of a part takes the own superpage as a whole and everything behind it`() {
    var world = World(tasks: 3)
    _ = world.map(0, world.base, order: 21, to: 1, World.target)
    _ = world.map(1, World.target + 0x1000, order: 12, to: 2, 0x1000)
    _ = world.map(1, World.target + 0x9000, order: 12, to: 2, 0x9000)
    world.unmap(1, World.target + 0x1000, order: 12, own: true)
    #expect(world.order(1, World.target) == nil)
    #expect(world.frame(2, 0x1000) == nil)
    #expect(world.frame(2, 0x9000) == nil)
    #expect(world.kernel.spaceDefect() == nil)
  }

  @Test func `without the own page an unmap of a part takes the parts in the range and whole superpages`() {
    var world = World(tasks: 4)
    _ = world.map(0, world.base, order: 21, to: 1, World.target)
    _ = world.map(1, World.target + 0x1000, order: 12, to: 2, 0x1000)
    _ = world.map(1, World.target + 0x9000, order: 12, to: 2, 0x9000)
    _ = world.map(1, World.target, order: 21, to: 3, World.target)
    world.unmap(1, World.target + 0x1000, order: 12, own: false)
    #expect(world.order(1, World.target) == 21)
    #expect(world.frame(2, 0x1000) == nil)
    #expect(world.frame(2, 0x9000) == 1024 + 9)
    #expect(world.order(3, World.target) == nil)
    #expect(world.kernel.spaceDefect() == nil)
  }

  @Test func `rights are taken from the own superpage as a whole, behind it from the parts in the range`() {
    var world = World(tasks: 3)
    _ = world.map(0, world.base, order: 21, to: 1, World.target)
    _ = world.map(1, World.target + 0x1000, order: 12, to: 2, 0x1000)
    _ = world.map(1, World.target + 0x9000, order: 12, to: 2, 0x9000)
    world.unmap(1, World.target + 0x1000, order: 12, own: false, rights: .write)
    #expect(world.kernel.translate(world.tasks[2], 0x1000)?.rights == .read)
    #expect(world.kernel.translate(world.tasks[2], 0x9000)?.rights == .rw)
    world.unmap(1, World.target + 0x1000, order: 12, own: true, rights: .write)
    #expect(world.kernel.translate(world.tasks[1], World.target + 0x9000)?.rights == .read)
    #expect(world.kernel.translate(world.tasks[2], 0x9000)?.rights == .read)
  }

  @Test func `overmapping a superpage with a page removes the superpage`() {
    var world = World(tasks: 2)
    _ = world.map(0, world.base, order: 21, to: 1, World.target)
    _ = world.map(0, world.base + world.size, order: 12, to: 1, World.target + 0x4000)
    #expect(world.order(1, World.target) == nil)
    #expect(world.frame(1, World.target + 0x4000) == 1024 + 512)
    #expect(world.kernel.spaceDefect() == nil)
  }

  @Test func `the table for parts is paid by the owner of the superpage and comes back`() throws {
    var world = World(tasks: 2)
    let sizes = KernelObjectSizes.riscv64
    let made = world.kernel.makeFactory(
      limit: sizes.task + sizes.pageTable + sizes.mapping + sizes.submap - 1, payer: world.factory)
    let payer = try #require(made)
    world.tasks.append(world.add(payer: payer))
    #expect(world.map(0, world.base, order: 21, to: 2, World.target).failure == nil)
    #expect(world.map(2, World.target, order: 12, to: 1, 0x1000).failure == .sendMapFailed)
    #expect(world.frame(1, 0x1000) == nil)
    #expect(world.kernel.spaceDefect() == nil)
    world.unmap(2, World.target, order: 21, own: true)
    let used = world.kernel.factories[Int(world.kernel.objects[payer.slot].index)].used
    #expect(used == sizes.task + sizes.pageTable)
  }
}
