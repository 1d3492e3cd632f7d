import Determinism
import FiascoABI
import Testing

@testable import FiascoKernel

/// Superpages of 2 MiB: what stays large, what is split, and what an unmap of a part takes away.
struct SuperpageTests {
  private static let size: UInt64 = 1 << 21
  private static let target: UInt64 = 0x10_0000_0000

  /// Task 0 sees two superpages of user memory. Kernel frames fill two more before them.
  private struct World: ~Copyable {
    var kernel: Kernel
    let factory: ObjectID
    var tasks: [TaskID] = []
    static var base: UInt64 { Kernel.physicalBase + 2 * size }

    init(tasks count: Int, superpages: Bool = true, profile: KernelProfile = .modern) {
      kernel = Kernel(
        profile: profile, costs: .free, memory: PagedMemory(frames: 2048), kernelFrames: 1..<1024)
      kernel.recordsEvents = false
      factory = kernel.makeRootFactory()
      for _ in 0..<count { tasks.append(add(payer: factory)) }
      kernel.setIdentityWindow(tasks[0], base: Self.base, end: Self.base + 2 * size, superpages: superpages)
    }

    mutating func add(payer: ObjectID) -> TaskID {
      guard let task = kernel.makeTask(payer: payer) else { preconditionFailure("no room for a task") }
      return task
    }

    mutating func map(
      _ from: Int, _ source: UInt64, order: Int, to: Int, _ address: UInt64, rights: MemoryRights = .rw,
      grant: Bool = false
    ) -> MapOutcome {
      let item = SendItem.map(hotSpot: address, grant: grant)
      return kernel.map(
        item, .memory(source, order: order, rights: rights), from: tasks[from], to: tasks[to], window: .everything)
    }

    mutating func unmap(_ task: Int, _ address: UInt64, order: Int, own: Bool, rights: MemoryRights = .rwx) {
      var dying: [ObjectID] = []
      let mask = own ? UnmapMask.own : 0
      kernel.unmap(.memory(address, order: order, rights: rights), of: tasks[task], mask: mask, dying: &dying)
    }

    /// Size of the page at an address; nil if there is none.
    func order(_ task: Int, _ address: UInt64) -> Int? {
      let found = kernel.lookUp(tasks[task], address)
      return found.entry.isValid ? Int(found.order.rawValue) : nil
    }

    func frame(_ task: Int, _ address: UInt64) -> Int? { kernel.translate(tasks[task], address)?.frame }
  }

  @Test func `an aligned superpage stays one and names consecutive frames`() {
    var world = World(tasks: 2)
    #expect(world.map(0, World.base, order: 21, to: 1, Self.target).failure == nil)
    #expect(world.order(1, Self.target) == 21)
    for page in [0, 1, 511] as [UInt64] {
      #expect(world.frame(1, Self.target + page * 4096 + 8) == 1024 + Int(page))
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
    _ = world.map(0, World.base + offset, order: order, to: 1, Self.target + offset)
    #expect(world.order(1, Self.target + offset) == expected)
    #expect(world.frame(1, Self.target + offset) == 1024 + Int(offset >> 12))
    #expect(world.kernel.spaceDefect() == nil)
  }

  @Test func `a target that is not aligned or has a table already gets small pages`() {
    var world = World(tasks: 3)
    _ = world.map(0, World.base, order: 12, to: 2, Self.target + 0x5000)
    world.unmap(2, Self.target + 0x5000, order: 12, own: true)
    _ = world.map(0, World.base, order: 21, to: 2, Self.target)
    #expect(world.order(2, Self.target) == 12, "the table of the page that was there is still there")
    #expect(world.order(2, Self.target + Self.size - 1) == 12)
    // A window of the receiver that begins in the middle of a superpage.
    let window = FlexPage.memory(Self.target, order: 20, rights: .rwx)
    let item = SendItem.map(hotSpot: 0)
    _ = world.kernel.map(
      item, .memory(World.base, order: 21, rights: .rw), from: world.tasks[0], to: world.tasks[1], window: window)
    #expect(world.order(1, Self.target) == 12)
    #expect(world.order(1, Self.target + Self.size / 2) == nil)
    #expect(world.kernel.spaceDefect() == nil)
  }

  @Test func `a whole superpage can be granted, a part is mapped instead`() {
    var world = World(tasks: 3)
    _ = world.map(0, World.base, order: 21, to: 1, Self.target)
    #expect(world.map(1, Self.target + 0x3000, order: 12, to: 2, 0x5000, grant: true).failure == nil)
    #expect(world.order(1, Self.target) == 21)
    #expect(world.frame(2, 0x5000) == 1024 + 3)
    #expect(world.map(1, Self.target, order: 21, to: 2, Self.target, grant: true).failure == nil)
    #expect(world.order(1, Self.target) == nil)
    #expect(world.order(2, Self.target) == 21)
    #expect(world.frame(2, 0x5000) == 1024 + 3, "what was derived goes on below the node that changed hands")
    world.unmap(2, Self.target, order: 21, own: true)
    #expect(world.frame(2, 0x5000) == nil)
    #expect(world.kernel.spaceDefect() == nil)
  }

  @Test func `an unmap of a part takes the own superpage as a whole and everything behind it`() {
    var world = World(tasks: 3)
    _ = world.map(0, World.base, order: 21, to: 1, Self.target)
    _ = world.map(1, Self.target + 0x1000, order: 12, to: 2, 0x1000)
    _ = world.map(1, Self.target + 0x9000, order: 12, to: 2, 0x9000)
    world.unmap(1, Self.target + 0x1000, order: 12, own: true)
    #expect(world.order(1, Self.target) == nil)
    #expect(world.frame(2, 0x1000) == nil)
    #expect(world.frame(2, 0x9000) == nil)
    #expect(world.kernel.spaceDefect() == nil)
  }

  @Test func `without the own page an unmap of a part takes the parts in the range and whole superpages`() {
    var world = World(tasks: 4)
    _ = world.map(0, World.base, order: 21, to: 1, Self.target)
    _ = world.map(1, Self.target + 0x1000, order: 12, to: 2, 0x1000)
    _ = world.map(1, Self.target + 0x9000, order: 12, to: 2, 0x9000)
    _ = world.map(1, Self.target, order: 21, to: 3, Self.target)
    world.unmap(1, Self.target + 0x1000, order: 12, own: false)
    #expect(world.order(1, Self.target) == 21)
    #expect(world.frame(2, 0x1000) == nil)
    #expect(world.frame(2, 0x9000) == 1024 + 9)
    #expect(world.order(3, Self.target) == nil)
    #expect(world.kernel.spaceDefect() == nil)
  }

  @Test func `rights are taken from the own superpage as a whole, behind it from the parts in the range`() {
    var world = World(tasks: 3)
    _ = world.map(0, World.base, order: 21, to: 1, Self.target)
    _ = world.map(1, Self.target + 0x1000, order: 12, to: 2, 0x1000)
    _ = world.map(1, Self.target + 0x9000, order: 12, to: 2, 0x9000)
    world.unmap(1, Self.target + 0x1000, order: 12, own: false, rights: .write)
    #expect(world.kernel.translate(world.tasks[2], 0x1000)?.rights == .read)
    #expect(world.kernel.translate(world.tasks[2], 0x9000)?.rights == .rw)
    world.unmap(1, Self.target + 0x1000, order: 12, own: true, rights: .write)
    #expect(world.kernel.translate(world.tasks[1], Self.target + 0x9000)?.rights == .read)
    #expect(world.kernel.translate(world.tasks[2], 0x9000)?.rights == .read)
  }

  @Test func `overmapping a superpage with a page removes the superpage`() {
    var world = World(tasks: 2)
    _ = world.map(0, World.base, order: 21, to: 1, Self.target)
    _ = world.map(0, World.base + Self.size, order: 12, to: 1, Self.target + 0x4000)
    #expect(world.order(1, Self.target) == nil)
    #expect(world.frame(1, Self.target + 0x4000) == 1024 + 512)
    #expect(world.kernel.spaceDefect() == nil)
  }

  @Test func `the table for parts is paid by the owner of the superpage and comes back`() throws {
    var world = World(tasks: 2)
    let sizes = KernelObjectSizes.riscv64
    let made = world.kernel.makeFactory(
      limit: sizes.task + sizes.pageTable + sizes.mapping + sizes.submap - 1, payer: world.factory)
    let payer = try #require(made)
    world.tasks.append(world.add(payer: payer))
    #expect(world.map(0, World.base, order: 21, to: 2, Self.target).failure == nil)
    #expect(world.map(2, Self.target, order: 12, to: 1, 0x1000).failure == .sendMapFailed)
    #expect(world.frame(1, 0x1000) == nil)
    #expect(world.kernel.spaceDefect() == nil)
    world.unmap(2, Self.target, order: 21, own: true)
    let used = world.kernel.factories[Int(world.kernel.objects[payer.slot].index)].used
    #expect(used == sizes.task + sizes.pageTable)
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `random histories with both sizes keep tree, tables and quota in step`(seed: UInt64) {
    var world = World(tasks: 4)
    var random = SeededGenerator(seed: seed)
    let frames = world.kernel.frames.freeCount
    func place(_ task: Int, _ random: inout SeededGenerator) -> UInt64 {
      let offset = UInt64(random.next(below: 2)) * Self.size + UInt64(random.next(below: 3)) * 0x1000
      return task == 0 ? World.base + offset : Self.target + offset
    }
    for _ in 0..<200 {
      let (from, to) = (random.next(below: 4), 1 + random.next(below: 3))
      let order = [12, 13, 20, 21, 22][random.next(below: 5)]
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
    #expect(world.kernel.spaceDefect() == nil)
  }
}
