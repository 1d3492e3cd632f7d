import FiascoABI
import Testing

@testable import FiascoKernel

struct FactoryTests {
  /// A creator in task 0 whose object buffer names slot 0x40.
  private struct Creation: ~Copyable {
    var world: SpaceWorld
    let creator: ThreadID
    var task: TaskID { world.tasks[0] }

    init(profile: KernelProfile = .modern) {
      world = SpaceWorld(tasks: 1, profile: profile)
      creator = world.addThread(in: world.tasks[0])
      world.setBuffers(creator, [ReceiveBuffer.small(CapabilitySlot(0x40)).raw])
    }

    mutating func create(
      _ kind: Int64, _ arguments: [UInt64] = [], items: Int = 0, from factory: ObjectID? = nil, rights: UInt8 = 3,
      label: Int64 = KernelProtocol.factory, slot: UInt32 = 0x40
    ) -> InvocationOutcome {
      world.setBuffers(creator, [ReceiveBuffer.small(CapabilitySlot(slot)).raw])
      world.setMessage(creator, [UInt64(bitPattern: kind)] + arguments)
      let tag = MessageTag(label: label, words: 1 + arguments.count - 2 * items, items: items)
      return world.kernel.invokeFactory(factory ?? world.factory, rights: rights, by: creator, tag: tag)
    }

    /// A factory whose capability is in slot 0x30.
    mutating func limited(to bytes: UInt64) -> ObjectID {
      guard case .answer(0, 0, 1) = create(KernelProtocol.factory, [0, bytes], slot: 0x30),
        let found = world.kernel.capability(of: task, at: 0x30)
      else { preconditionFailure("no factory") }
      return found.object
    }

    mutating func delete(_ slot: UInt32) {
      world.unmap(task, .objects(CapabilitySlot(slot)), UnmapMask.own | UnmapMask.deleteObjects)
    }
  }

  private static let simple: [Int64] = [
    0, KernelProtocol.irqSender, KernelProtocol.semaphore, KernelProtocol.thread, KernelProtocol.task,
  ]

  private static func size(_ kind: Int64, _ sizes: KernelObjectSizes) -> UInt64 {
    switch kind {
    case 0: sizes.gate
    case KernelProtocol.thread: sizes.thread
    case KernelProtocol.task: sizes.task
    default: sizes.irq
    }
  }

  @Test(arguments: simple)
  func `an object fits into exactly its size and its quota comes back`(kind: Int64) {
    let size = Self.size(kind, .riscv64)
    let arguments: [UInt64] = kind == KernelProtocol.task ? [0, 0] : []
    var creation = Creation()
    let small = creation.limited(to: size - 1)
    #expect(creation.create(kind, arguments, from: small) == .refused(.noMemory))
    creation.delete(0x30)
    let enough = creation.limited(to: size)
    for _ in 0..<3 {
      #expect(creation.create(kind, arguments, from: enough) == .answer(label: 0, items: 1))
      #expect(creation.create(kind, arguments, from: enough, slot: 0x41) == .refused(.noMemory))
      creation.delete(0x40)
    }
    #expect(creation.world.kernel.spaceDefect() == nil)
  }

  @Test func `the creator gets all rights and the item word`() {
    var creation = Creation()
    #expect(creation.create(KernelProtocol.thread) == .answer(label: 0, items: 1))
    #expect(creation.world.kernel.capability(of: creation.task, at: 0x40)?.mask == 0xff)
    #expect(creation.world.message(creation.creator, 0) == 0x38)
  }

  @Test func `creating into an occupied slot destroys what was there`() throws {
    var creation = Creation()
    _ = creation.create(0)
    let first = creation.world.kernel.capability(of: creation.task, at: 0x40)
    let old = try #require(first).object
    _ = creation.world.mapObject(from: creation.task, 0x40, rights: .rws, to: creation.task, 0x48)
    #expect(creation.create(KernelProtocol.semaphore) == .answer(label: 0, items: 1))
    #expect(creation.world.isValid(creation.task, 0x48) == false)
    #expect(
      !creation.world.kernel.objects.contains(old.slot) || creation.world.kernel.objects[old.slot].kind == .semaphore)
  }

  @Test func `a sub-factory reserves its limit and gives it back`() {
    var creation = Creation()
    let parent = creation.limited(to: 100_000)
    #expect(creation.create(KernelProtocol.factory, [0, 60_000], from: parent) == .answer(label: 0, items: 1))
    #expect(creation.create(KernelProtocol.factory, [0, 60_000], from: parent, slot: 0x41) == .refused(.noMemory))
    creation.delete(0x40)
    #expect(creation.create(KernelProtocol.factory, [0, 60_000], from: parent) == .answer(label: 0, items: 1))
  }

  @Test func `objects survive their factory and it keeps its reservation until they go`() {
    var creation = Creation()
    let parent = creation.limited(to: 100_000)
    _ = creation.create(KernelProtocol.factory, [0, 60_000], from: parent, slot: 0x50)
    guard let child = creation.world.kernel.capability(of: creation.task, at: 0x50)?.object else {
      return #expect(Bool(false), "the sub-factory exists")
    }
    _ = creation.create(KernelProtocol.task, [0, 0], from: child)
    creation.delete(0x50)
    #expect(creation.world.isValid(creation.task, 0x40) == true)
    #expect(creation.create(KernelProtocol.factory, [0, 60_000], from: parent, slot: 0x51) == .refused(.noMemory))
    creation.delete(0x40)
    #expect(
      creation.create(KernelProtocol.factory, [0, 60_000], from: parent, slot: 0x51) == .answer(label: 0, items: 1))
    #expect(creation.world.kernel.spaceDefect() == nil)
  }

  @Test(arguments: [0, 1 << 63 - 1, .max] as [UInt64])
  func `impossible limits are refused`(limit: UInt64) {
    var creation = Creation()
    #expect(creation.create(KernelProtocol.factory, [0, limit]) == .refused(.noMemory))
  }

  @Test func `if there is no room for the capability the object goes again`() {
    var creation = Creation()
    let factory = creation.limited(to: profileBytes(tables: 0))
    #expect(creation.create(KernelProtocol.task, [0, 0], from: factory) == .answer(label: 0, items: 1))
    let poor = creation.world.kernel.capability(of: creation.task, at: 0x40).map {
      TaskID(Int(creation.world.kernel.objects[$0.object.slot].index))
    }
    guard let poor else { return #expect(Bool(false), "the task exists") }
    let thread = creation.world.kernel.makeThread(payer: creation.world.factory)
    // The poor task's thread has no UTCB and so no buffer; its task has no room for a table.
    #expect(throws: MapFailure.noMemory) {
      try creation.world.kernel.insertInitialCapability(
        creation.world.kernel.threads[thread.slot].object, task: poor, slot: 0)
    }
    #expect(creation.world.kernel.spaceDefect() == nil)
  }

  private func profileBytes(tables: UInt64) -> UInt64 { KernelObjectSizes.riscv64.task + tables * 4096 }

  // MARK: Refusals

  @Test func `what a factory refuses and why`() {
    var creation = Creation()
    #expect(creation.create(0, label: 7) == .refused(.badProtocol))
    #expect(creation.create(0, rights: 1) == .refused(.permission))
    #expect(creation.create(KernelProtocol.vm) == .refused(.noDevice))
    #expect(creation.create(KernelProtocol.irq) == .refused(.noDevice))
    #expect(creation.create(1) == .refused(.noDevice))
    #expect(creation.create(KernelProtocol.factory, [0]) == .refused(.messageTooShort))
    #expect(creation.create(KernelProtocol.factory, [0, 65536, 0]) == .refused(.messageTooLong))
    #expect(creation.create(KernelProtocol.task, [0]) == .refused(.invalidArgument))
    let tag = MessageTag(label: KernelProtocol.factory)
    let empty = creation.world.kernel.invokeFactory(creation.world.factory, rights: 3, by: creation.creator, tag: tag)
    #expect(empty == .refused(.messageTooShort))
    creation.world.setBuffers(creation.creator, [])
    let one = MessageTag(label: KernelProtocol.factory, words: 1)
    let bufferless = creation.world.kernel.invokeFactory(
      creation.world.factory, rights: 3, by: creation.creator, tag: one)
    #expect(bufferless == .ipcError(.receiveOverflow))
    #expect(creation.world.isValid(creation.task, 0x40) == false)
  }

  @Test func `profile r67 knows no semaphores and other labels for IRQs`() {
    var creation = Creation(profile: .r67)
    #expect(creation.create(KernelProtocol.semaphore) == .refused(.noDevice))
    #expect(creation.create(KernelProtocol.irqSender) == .refused(.noDevice))
    #expect(creation.create(KernelProtocol.irq) == .answer(label: 0, items: 1))
    #expect(creation.create(KernelProtocol.factory, [0]) == .refused(.invalidArgument))
  }

  @Test func `a gate's thread argument must be a thread with CS and the label must leave room for rights`() {
    var creation = Creation()
    let thread = creation.world.kernel.threads[creation.creator.slot].object
    creation.world.insert(thread, in: creation.task, at: 0x20)
    creation.world.insert(thread, in: creation.task, at: 0x21, mask: 0xfd)
    creation.world.insert(creation.world.factory, in: creation.task, at: 0x22)
    func argument(_ slot: UInt32) -> [UInt64] { [SendItem.map().raw, FlexPage.objects(CapabilitySlot(slot)).raw] }
    #expect(creation.create(0, [0, 0x40] + argument(0x21), items: 1) == .refused(.permission))
    #expect(creation.create(0, [0, 0x40] + argument(0x22), items: 1) == .refused(.invalidArgument))
    #expect(creation.create(0, [0, 0x40] + argument(0x23), items: 1) == .refused(.invalidArgument))
    #expect(creation.create(0, [0] + argument(0x20), items: 1) == .refused(.messageTooShort))
    #expect(creation.create(0, [0, 0x43] + argument(0x20), items: 1) == .refused(.invalidArgument))
    #expect(creation.world.isValid(creation.task, 0x40) == false)
    #expect(creation.create(0, [0, 0x40] + argument(0x20), items: 1) == .answer(label: 0, items: 1))
  }
}

extension InvocationOutcome: Equatable {
  public static func == (left: Self, right: Self) -> Bool { String(describing: left) == String(describing: right) }
}
