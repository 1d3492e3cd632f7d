import Determinism
import FiascoABI
import Testing

@testable import FiascoKernel

/// Pages of 1 GiB: what stays huge, what becomes 2 MiB or 4 KiB, and random histories with superpages of either size.
struct HugePageTests {
  private static let target = SuperpageWorld.target
  private static let first = SuperpageWorld.firstFrame(.huge)
  private static let large: UInt64 = 1 << 21

  @Test func `an aligned huge page stays one and names consecutive frames`() {
    var world = SuperpageWorld(tasks: 2, .huge)
    for offset in [0, world.size] {
      #expect(world.map(0, world.base + offset, order: 30, to: 1, Self.target + offset).failure == nil)
    }
    for page in [0, 1, 511, 512, 262_143, 262_144, 524_287] as [UInt64] {
      let address = Self.target + page * 4096 + 8
      #expect(world.order(1, address) == 30)
      #expect(world.frame(1, address) == Self.first + Int(page))
    }
    #expect(world.kernel.mappings.count == 4)
    #expect(world.kernel.spaceDefect() == nil)
  }

  /// Offset of the source, order, offset of the target, order of the page that comes of it.
  @Test(
    arguments: [
      (0, 30, 0, 30), (0, 29, 0, 21), (1 << 29, 29, 1 << 29, 21), (1 << 21, 21, 1 << 21, 21), (0, 20, 0, 12),
      (0x5000, 12, 0x5000, 12), (1 << 21, 21, 0, 21), (1 << 29, 21, 1 << 22, 21),
    ] as [(UInt64, Int, UInt64, Int)])
  func `a part is given in the largest pages that fit`(
    source: UInt64, order: Int, target: UInt64, expected: Int
  ) {
    var world = SuperpageWorld(tasks: 2, .huge)
    #expect(world.map(0, world.base + source, order: order, to: 1, Self.target + target).failure == nil)
    #expect(world.order(1, Self.target + target) == expected)
    let last: UInt64 = 1 << UInt64(order) - 4096
    #expect(world.frame(1, Self.target + target) == Self.first + Int(source >> 12))
    #expect(world.frame(1, Self.target + target + last) == Self.first + Int((source + last) >> 12))
    #expect(world.frame(1, Self.target + target + last + 4096) == nil)
    #expect(world.kernel.mappings.count == 1 + 1 << (order - expected))
    #expect(world.kernel.spaceDefect() == nil)
  }

  @Test(arguments: [(29, 21), (21, 21), (20, 12), (12, 12)])
  func `a receiver with a smaller window gets the part that fits into it`(order: Int, expected: Int) {
    var world = SuperpageWorld(tasks: 2, .huge)
    let bytes: UInt64 = 1 << UInt64(order)
    let window = FlexPage.memory(Self.target + bytes, order: order, rights: .rwx)
    let outcome = world.kernel.map(
      SendItem.map(hotSpot: bytes), .memory(world.base, order: 30, rights: .rw), from: world.tasks[0],
      to: world.tasks[1], window: window)
    #expect(outcome.failure == nil)
    #expect(world.order(1, Self.target + bytes) == expected)
    #expect(world.frame(1, Self.target + bytes) == Self.first + Int(bytes >> 12))
    #expect([Self.target, Self.target + 2 * bytes].allSatisfy { world.order(1, $0) == nil })
    #expect(world.kernel.spaceDefect() == nil)
  }

  /// Task 1 has the huge page, 2 a large and a small part of it, 3 the whole.
  private static func derived() -> SuperpageWorld {
    var world = SuperpageWorld(tasks: 4, .huge)
    _ = world.map(0, world.base, order: 30, to: 1, target)
    _ = world.map(1, target + large, order: 21, to: 2, large)
    _ = world.map(1, target + 0x9000, order: 12, to: 2, 0x9000)
    _ = world.map(1, target, order: 30, to: 3, target)
    return world
  }

  @Test func `without the own page an unmap of a part takes the parts in the range and whole huge pages`() {
    var world = Self.derived()
    _ = world.map(1, Self.target + 8 * Self.large, order: 12, to: 2, 8 * Self.large)
    world.unmap(1, Self.target + Self.large + 0x3000, order: 12, own: false)
    #expect(world.order(1, Self.target) == 30)
    #expect(world.order(2, 8 * Self.large) == 12, "it lies behind the range")
    #expect(world.order(2, Self.large) == nil, "a large page goes as a whole")
    #expect(world.frame(2, 0x9000) == Self.first + 9)
    #expect(world.order(3, Self.target) == nil)
    #expect(world.kernel.spaceDefect() == nil)
  }

  @Test func `an unmap of a part takes the own huge page as a whole and everything behind it`() {
    var world = Self.derived()
    world.unmap(1, Self.target + 0x4_0000, order: 12, own: true)
    #expect(
      [(1, Self.target), (2, Self.large), (2, 0x9000), (3, Self.target)].allSatisfy { world.order($0, $1) == nil })
    #expect(world.order(0, world.base) == 30)
    #expect(world.kernel.spaceDefect() == nil)
  }

  @Test func `a part of a huge page that is granted is mapped instead, a large page changes hands`() {
    var world = Self.derived()
    _ = world.map(1, Self.target + 4 * Self.large, order: 21, to: 3, 0, grant: true)
    #expect(world.order(1, Self.target) == 30)
    #expect(world.order(3, 0) == 21)
    _ = world.map(2, Self.large, order: 21, to: 3, Self.large, grant: true)
    #expect(world.order(2, Self.large) == nil)
    #expect(world.order(3, Self.large) == 21)
    world.unmap(1, Self.target, order: 30, own: false)
    #expect(world.order(3, 0) == nil)
    #expect(world.order(3, Self.large) == nil, "it is still derived from the huge page")
    #expect(world.kernel.spaceDefect() == nil)
  }

  @Test func `overmapping a huge page with a small one removes the huge page`() {
    var world = Self.derived()
    _ = world.map(0, world.base + world.size, order: 12, to: 1, Self.target + 0x4000)
    #expect(world.order(1, Self.target) == nil)
    #expect(world.frame(1, Self.target + 0x4000) == Self.first + 1 << 18)
    #expect(world.frame(2, 0x9000) == nil)
    #expect(world.kernel.spaceDefect() == nil)
  }

  @Test func `a small page of the same frame is no smaller window onto the huge one`() {
    var world = Self.derived()
    _ = world.map(0, world.base, order: 12, to: 1, Self.target, rights: .rwx)
    #expect(world.order(1, Self.target) == 12)
    #expect(world.order(1, Self.target + 4096) == nil)
    #expect(world.order(2, Self.large) == nil, "what was derived from the huge page went with it")
    #expect(world.kernel.spaceDefect() == nil)
  }

  // MARK: Random histories

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `random histories with large pages keep tree, tables and quota in step`(seed: UInt64) {
    Self.history(.large, seed: seed, steps: 200, orders: [12, 13, 20, 21, 22])
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func `random histories with huge pages keep tree, tables and quota in step`(seed: UInt64) {
    Self.history(.huge, seed: seed, steps: 60, orders: [12, 13, 20, 21, 22, 23, 30, 30, 31])
  }

  private static func used(_ world: borrowing SuperpageWorld) -> UInt64 {
    world.kernel.factories[Int(world.kernel.objects[world.factory.slot].index)].used
  }

  private static func history(_ order: PageOrder, seed: UInt64, steps: Int, orders: [Int]) {
    var world = SuperpageWorld(tasks: 4, order)
    var random = SeededGenerator(seed: seed)
    let frames = world.kernel.frames.freeCount
    let (base, size) = (world.base, world.size)
    func place(_ task: Int, _ random: inout SeededGenerator) -> UInt64 {
      let steps: [UInt64] = order == .huge ? [0, 0x1000, 0x2000, large, large + 0x1000] : [0, 0x1000, 0x2000]
      let offset = UInt64(random.next(below: 2)) * size + steps[random.next(below: steps.count)]
      return task == 0 ? base + offset : target + offset
    }
    for _ in 0..<steps {
      let (from, to) = (random.next(below: 4), 1 + random.next(below: 3))
      let order = orders[random.next(below: orders.count)]
      let rights: MemoryRights = [.read, .rw, .rwx][random.next(below: 3)]
      switch random.next(below: 5) {
      case 0:
        world.unmap(from, place(from, &random), order: order, own: random.next(below: 2) == 0, rights: rights)
      default:
        _ = world.map(
          from, place(from, &random), order: order, to: to, place(to, &random) & ~(1 << UInt64(order) - 1),
          rights: rights, grant: random.next(below: 4) == 0)
      }
      let defect = world.kernel.spaceDefect()
      #expect(defect == nil)
      if defect != nil { return }
    }
    for task in [3, 2, 1, 0] { world.unmap(task, 0, order: 38, own: true) }
    #expect(world.kernel.mappings.count == 0)
    for task in world.tasks { world.kernel.destroyObject(world.kernel.tasks[task.slot].object) }
    #expect(world.kernel.frames.freeCount == frames + 8, "four tasks had two tables each from the start")
    var untouched = SuperpageWorld(tasks: 4, order)
    for task in untouched.tasks { untouched.kernel.destroyObject(untouched.kernel.tasks[task.slot].object) }
    #expect(used(world) == used(untouched), "everything that was charged is given back")
    #expect(world.kernel.spaceDefect() == nil)
  }
}
