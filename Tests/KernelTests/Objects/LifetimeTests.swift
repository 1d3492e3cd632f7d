import Determinism
import FiascoABI
import Testing

@testable import FiascoKernel

/// What is made is paid, what dies gives everything back, and no chain of deaths is too long.
struct LifetimeTests {
  private static let kinds: [Int64] = [
    0, KernelProtocol.irqSender, KernelProtocol.semaphore, KernelProtocol.thread, KernelProtocol.task,
    KernelProtocol.factory,
  ]

  /// Creations from factories that are themselves created, bindings, kernel-user memory and mappings, deletions in any
  /// order: in the end nothing is charged and no frame is missing.
  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func `random trees of objects give back all quota`(seed: UInt64) throws {
    var world = KernelWorld()
    var random = SeededGenerator(seed: seed)
    let root = world.newSlot()
    #expect(world.create(KernelProtocol.factory, into: root, [0, 600_000]) == 0)
    let found = world.kernel.capability(of: TaskID(0), at: UInt64(root.index))
    let factory = Int(world.kernel.objects[try #require(found).object.slot].index)
    world.give(.factory, to: .task, at: CapabilitySlot(0x1fff))
    let frames = world.kernel.frames.freeCount
    var (factories, tasks, slots) = ([root], [CapabilitySlot](), [CapabilitySlot]())
    var refused = 0
    for _ in 0..<120 {
      let payer = factories[random.next(below: factories.count)]
      switch random.next(below: 8) {
      case 0...4:
        let kind = Self.kinds[random.next(below: Self.kinds.count)]
        let slot = CapabilitySlot(0x1000 + UInt32(random.next(below: 48)))
        let area = FlexPage.memory(0x20_0000, order: 12 + random.next(below: 2), rights: .rw).raw
        let argument =
          kind == KernelProtocol.factory ? UInt64(random.next(below: 200_000)) : kind == KernelProtocol.task ? area : 0
        let hasArgument = kind == KernelProtocol.task || kind == KernelProtocol.factory
        let answer = world.create(kind, into: slot, hasArgument ? [0, argument] : [], factory: payer)
        slots.append(slot)
        tasks.removeAll { $0 == slot }
        factories.removeAll { $0 == slot }
        if answer != 0 { refused += 1 } else if kind == KernelProtocol.task { tasks.append(slot) }
        if answer == 0, kind == KernelProtocol.factory { factories.append(slot) }
      case 5 where !tasks.isEmpty:
        let task = tasks[random.next(below: tasks.count)]
        world.give(.log, to: task, at: CapabilitySlot(UInt32(random.next(below: 1 << 20))))
        let page = FlexPage.memory(KernelWorld.window, order: 12 + random.next(below: 3), rights: .rw)
        let item = SendItem.map(hotSpot: UInt64(random.next(below: 64)) << 28)
        world.invoke(
          task, KernelProtocol.task, [Opcode.Task.map, item.raw, page.raw], items: [.objects(.task)])
      case 6 where !tasks.isEmpty:
        let thread = world.newSlot()
        slots.append(thread)
        guard world.create(KernelProtocol.thread, into: thread, factory: payer) == 0 else { continue }
        let utcb = 0x20_0000 + UInt64(random.next(below: 8)) * 512
        world.invoke(
          thread, KernelProtocol.thread, [ThreadControl.bind, 0, 0, 0, 0, utcb],
          items: [.objects(tasks[random.next(below: tasks.count)])])
      default:
        if let slot = slots.randomElement(using: &random) { world.drop(slot) }
      }
    }
    #expect(refused > 0, "the quota must be too small for everything")
    for slot in slots { world.drop(slot) }
    world.sleep(milliseconds: 2)
    #expect(world.kernel.factories[factory].used == 0)
    #expect(world.kernel.frames.freeCount >= frames - 3, "tables of the root's own slots and pages stay")
    #expect(world.defects == [])
  }

  @Test func `a chain of 20,000 tasks that hold each other dies without a deep stack`() throws {
    let count = 20_000
    var kernel = Kernel(
      profile: .modern, costs: .free, memory: PagedMemory(frames: 3 * count + 64), kernelFrames: 1..<3 * count + 64)
    kernel.recordsEvents = false
    let factory = kernel.makeRootFactory()
    let made = kernel.makeTask(payer: factory)
    let first = try #require(made)
    let frames = kernel.frames.freeCount
    var last = first
    for _ in 0..<count {
      let made = kernel.makeTask(payer: factory)
      let next = try #require(made)
      try kernel.insertCapability(.full(kernel.tasks[next.slot].object), task: last, slot: 1)
      last = next
    }
    kernel.removeCapability(task: first, slot: 1)
    #expect(kernel.tasks.count == 1)
    #expect(kernel.frames.freeCount == frames - 1, "the first task keeps its table")
  }

  @Test func `a chain of 100,000 factories is freed when the last object goes`() throws {
    let count = 100_000
    var kernel = Kernel(profile: .modern, costs: .free, memory: PagedMemory(frames: 64), kernelFrames: 1..<64)
    kernel.recordsEvents = false
    let top = kernel.makeRootFactory()
    var chain = [top]
    for index in 0..<count {
      let made = kernel.makeFactory(limit: UInt64(count - index) * 64 + 1000, payer: chain[index])
      chain.append(try #require(made))
    }
    let gate = kernel.makeGate(payer: chain[count], thread: .none, label: 0)
    for factory in chain.dropFirst() { kernel.destroyObject(factory) }
    #expect(kernel.factories.count == count + 1)
    kernel.destroyObject(try #require(gate))
    #expect(kernel.factories.count == 1)
    #expect(kernel.objects.count == 1)
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `deleting a thread does not look at all others`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    var retired = 0
    for _ in 0..<200 {
      let slot = world.newSlot()
      world.create(KernelProtocol.thread, into: slot)
      world.drop(slot)
      retired = max(retired, world.kernel.threads.retiredCount)
    }
    #expect(retired > 16, "many slots are searched for at once")
    #expect(world.kernel.threads.capacity < 80, "and then used again")
  }

  // MARK: UTCBs

  @Test(arguments: [0, 0x800, 0xc08, 0xdf8, 0xff8] as [UInt64], [1, 20, 63])
  func `a UTCB may lie across two pages`(_ offset: UInt64, _ words: Int) {
    var world = KernelWorld()
    world.nextUTCB = KernelWorld.utcbArea.address + 0x8000 + offset
    let receiver = world.thread(priority: 20, [.wait()])
    world.nextUTCB = KernelWorld.utcbArea.address + 0x4000 + 0xe00
    let payload = (0..<words).map { UInt64($0) * 0x1001 + 7 }
    let sender = world.thread(
      priority: 10, [.sleep(milliseconds: 1), .request(receiver.slot, .send, words: payload)])
    world.sleep(milliseconds: 3)
    #expect((0..<words).map { world.kernel.messageWord(receiver.id, $0) } == payload)
    #expect(world.kernel.utcbWord(receiver.id, UTCB.ownAddress) == receiver.utcb)
    #expect(world.kernel.utcbWord(sender.id, UTCB.ownAddress) == sender.utcb)
  }

  @Test func `a UTCB must lie in one area, at a multiple of eight`() {
    var world = KernelWorld()
    let task = world.newSlot()
    let areas = [FlexPage.memory(0x40_0000, order: 12, rights: .rw), .memory(0x40_1000, order: 12, rights: .rw)]
    world.create(KernelProtocol.task, into: task, [0, areas[0].raw])
    world.invoke(task, KernelProtocol.task, [Opcode.Task.addKernelUserMemory, areas[1].raw])
    func bind(_ utcb: UInt64, _ world: inout KernelWorld) -> Int64 {
      let thread = world.newSlot()
      world.create(KernelProtocol.thread, into: thread)
      return world.invoke(
        thread, KernelProtocol.thread, [ThreadControl.bind, 0, 0, 0, 0, utcb], items: [.objects(task)])
    }
    #expect(bind(0x40_0e00, &world) == -22)
    #expect(bind(0x40_0c00, &world) == 0)
    #expect(bind(0x40_1004, &world) == -22)
    #expect(bind(0x40_1008, &world) == 0)
    #expect(bind(0x40_1c08, &world) == -22)
  }

  @Test func `adding kernel-user memory without waiting for the answer leaves the message registers`() {
    var world = KernelWorld()
    let task = world.task()
    let areas = (0..<5).map { FlexPage.memory(0x50_0000 + UInt64($0) * 0x1000, order: 12, rights: .rw).raw }
    let words = [Opcode.Task.addKernelUserMemory] + areas
    world.invoke(task.slot, KernelProtocol.task, words, operation: .send)
    #expect((0..<6).map { world.kernel.messageWord(world.root, $0) } == words)
    #expect(world.invoke(task.slot, KernelProtocol.task, words) == -17)
  }

  // MARK: Limits of the mapping tree

  @Test(arguments: KernelProfile.Name.allCases)
  func `a page can be mapped onward only so often`(_ profile: KernelProfile.Name) {
    var world = SpaceWorld(tasks: 3, profile: .named(profile))
    var (task, address) = (0, SpaceWorld.windowBase)
    var depth = 0
    while depth < 300 {
      let next = task == 1 ? 2 : 1
      let target = 0x4000_0000 + UInt64(depth) * 4096
      let outcome = world.mapMemory(
        from: world.tasks[task], address, rights: .rw, to: world.tasks[next], target)
      if outcome.failure == .sendMapFailed { break }
      (task, address, depth) = (next, target, depth + 1)
    }
    #expect(depth == (profile == .modern ? 255 : 251))
    #expect(world.kernel.spaceDefect() == nil)
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `in profile r67 a frame has at most 2,048 mappings`(_ profile: KernelProfile.Name) {
    var world = SpaceWorld(tasks: 2, profile: .named(profile))
    var count = 0
    while count < 2_100 {
      let target = 0x4000_0000 + UInt64(count) * 4096
      let outcome = world.mapMemory(
        from: world.tasks[0], SpaceWorld.windowBase, rights: .rw, to: world.tasks[1], target)
      if outcome.failure == .sendMapFailed { break }
      count += 1
    }
    // The root pager's own and the first task's are two of them.
    #expect(count == (profile == .modern ? 2_100 : 2_046))
    #expect(world.kernel.spaceDefect() == nil)
    world.unmap(world.tasks[0], .memory(SpaceWorld.windowBase, order: 12, rights: .rwx), UnmapMask.own)
    #expect(world.kernel.mappings.count == 0)
  }
}
