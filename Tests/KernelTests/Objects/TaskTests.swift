import FiascoABI
import Testing

@testable import FiascoKernel

struct TaskTests {
  /// A caller in task 0 with capabilities to the tasks in slots 0x10, 0x11 and 0x12.
  private struct Call: ~Copyable {
    var world: SpaceWorld
    let caller: ThreadID

    init(profile: KernelProfile = .modern) {
      world = SpaceWorld(tasks: 3, profile: profile)
      caller = world.addThread(in: world.tasks[0])
      for index in 0..<3 { world.insert(object(index), in: world.tasks[0], at: 0x10 + UInt32(index)) }
      _ = world.makeGate(in: world.tasks[0], at: 0x20)
    }

    func object(_ task: Int) -> ObjectID { world.kernel.tasks[world.tasks[task].slot].object }

    mutating func invoke(_ task: Int, _ words: [UInt64], items: Int = 0, rights: UInt8 = 3) -> InvocationOutcome {
      world.setMessage(caller, words)
      let tag = MessageTag(label: KernelProtocol.task, words: words.count - 2 * items, items: items)
      return world.kernel.invokeTask(object(task), rights: rights, by: caller, tag: tag)
    }

    mutating func map(_ page: FlexPage, to hotSpot: UInt64, in task: Int, sourceSlot: UInt32 = 0x10, rights: UInt8 = 3)
      -> InvocationOutcome
    {
      invoke(
        task,
        [
          Opcode.Task.map, SendItem.map(hotSpot: hotSpot).raw, page.raw, SendItem.map().raw,
          FlexPage.objects(CapabilitySlot(sourceSlot)).raw,
        ], items: 1, rights: rights)
    }
  }

  private static let gate = FlexPage.objects(CapabilitySlot(0x20), rights: .rws)

  @Test func `mapping into a task needs the right to write on it`() {
    var call = Call()
    #expect(call.map(Self.gate, to: 0x40 << 12, in: 1, rights: 2) == .refused(.permission))
    #expect(call.map(Self.gate, to: 0x40 << 12, in: 1, rights: 1) == .ok)
    #expect(call.world.isValid(call.world.tasks[1], 0x40) == true)
  }

  @Test(arguments: [(3, 0xff, true), (1, 0xff, false), (3, 0xfd, false)] as [(UInt8, UInt8, Bool)])
  func `CS survives if the capabilities to both tasks have it`(rights: UInt8, sourceMask: UInt8, survives: Bool) {
    var call = Call()
    call.world.insert(call.object(0), in: call.world.tasks[0], at: 0x18, mask: sourceMask)
    #expect(call.map(Self.gate, to: 0x40 << 12, in: 1, sourceSlot: 0x18, rights: rights) == .ok)
    #expect(call.world.kernel.capability(of: call.world.tasks[1], at: 0x40)?.hasStrong == survives)
  }

  @Test func `the source must be a task in a typed item`() {
    var call = Call()
    #expect(call.map(Self.gate, to: 0, in: 1, sourceSlot: 0x20) == .refused(.invalidArgument))
    #expect(call.map(Self.gate, to: 0, in: 1, sourceSlot: 0x30) == .refused(.invalidArgument))
    #expect(call.invoke(1, [Opcode.Task.map, 8, Self.gate.raw]) == .refused(.invalidArgument))
    let memory = FlexPage.memory(0x1000, order: 12, rights: .rw).raw
    #expect(call.invoke(1, [Opcode.Task.map, 8, Self.gate.raw, 8, memory], items: 1) == .ipcError(.sendOverflow))
  }

  @Test func `unmap answers with its words and takes the rights from the flexpages`() {
    var call = Call()
    let page = FlexPage.memory(0x5000_0000, order: 12, rights: .rwx)
    let outcome = call.invoke(1, [Opcode.Task.unmap, UnmapMask.own, page.raw, Self.gate.raw])
    #expect(outcome == .answer(label: 0, words: 4))
    #expect(call.world.message(call.caller, 2) == page.raw & ~0xf)
    #expect(call.world.message(call.caller, 3) == Self.gate.raw & ~0xf)
  }

  @Test func `is there a capability`() {
    var call = Call()
    func valid(_ selector: UInt64, _ call: inout Call) -> InvocationOutcome {
      call.invoke(0, [Opcode.Task.capabilityInfo, selector])
    }
    #expect(valid(0x20 << 12, &call) == .answer(label: 1))
    #expect(valid(0x30 << 12, &call) == .answer(label: 0))
    #expect(valid(ObjectReference.invalidSelector, &call) == .answer(label: 0))
    #expect(valid(0x3ff_ffff << 12, &call) == .answer(label: 0))
    #expect(call.invoke(0, [Opcode.Task.capabilityInfo]) == .refused(.invalidArgument))
    #expect(call.invoke(0, [Opcode.Task.capabilityInfo, 0, 0, 0]) == .refused(.invalidArgument))
    #expect(call.invoke(0, [99]) == .refused(.noSystemCall))
  }

  @Test func `are two capabilities equal`() {
    var modern = Call()
    var old = Call(profile: .r67)
    func compare(_ mask: ObjectRights, attributes: UInt64, _ call: inout Call) -> InvocationOutcome {
      _ = call.world.mapObject(
        from: call.world.tasks[0], 0x20, rights: mask, to: call.world.tasks[0], 0x21, attributes: attributes)
      return call.invoke(0, [Opcode.Task.capabilityInfo, 0x20 << 12, 0x21 << 12])
    }
    #expect(compare(.rws, attributes: 0x20, &modern) == .answer(label: 1))
    #expect(
      compare(.rws, attributes: 0, &modern) == .answer(label: 0), "a gate without the server right is another thing")
    #expect(compare(.read, attributes: 0x20, &modern) == .answer(label: 0))
    #expect(compare(.read, attributes: 0, &old) == .answer(label: 1))
    let invalid = ObjectReference.invalidSelector
    #expect(modern.invoke(0, [Opcode.Task.capabilityInfo, 0x30 << 12, 0x31 << 12]) == .answer(label: 1))
    #expect(modern.invoke(0, [Opcode.Task.capabilityInfo, invalid, invalid]) == .answer(label: 1))
    #expect(modern.invoke(0, [Opcode.Task.capabilityInfo, invalid, 0x20 << 12]) == .answer(label: 0))
  }

  @Test func `in profile r67 a bit of the selector asks for the number of references`() {
    var call = Call(profile: .r67)
    _ = call.world.mapObject(from: call.world.tasks[0], 0x20, rights: .rws, to: call.world.tasks[1], 0x21)
    #expect(call.invoke(0, [Opcode.Task.capabilityInfo, 0x20 << 12 | 1]) == .answer(label: 2))
  }

  // MARK: Kernel-user memory

  @Test func `what areas of kernel-user memory are refused`() {
    var call = Call()
    func add(_ page: FlexPage, _ call: inout Call) -> InvocationOutcome {
      call.invoke(1, [Opcode.Task.addKernelUserMemory, page.raw])
    }
    let address: UInt64 = 0x31_0000_0000
    #expect(add(.memory(address, order: 13, rights: .rw), &call) == .answer(label: 0, words: 1))
    #expect(call.world.message(call.caller, 0) == address | 0x350)
    #expect(add(.memory(address, order: 12, rights: .rw), &call) == .refused(.exists))
    #expect(add(.objects(CapabilitySlot(4), order: 12), &call) == .refused(.invalidArgument))
    #expect(add(FlexPage(raw: 0), &call) == .refused(.invalidArgument))
    #expect(add(.memory(address + 0x20000, order: 10, rights: .rw), &call) == .refused(.invalidArgument))
    #expect(add(.memory(address + 0x20000, order: 18, rights: .rw), &call) == .refused(.invalidArgument))
    #expect(add(.memory(0xffff_ffd0_0000_0000, order: 12, rights: .rw), &call) == .refused(.invalidArgument))
    #expect(call.invoke(1, [Opcode.Task.addKernelUserMemory]) == .answer(label: 0))
    #expect(call.world.kernel.spaceDefect() == nil)
  }

  @Test func `an area that meets a mapped page leaves nothing behind`() {
    var call = Call()
    let address: UInt64 = 0x31_0000_0000
    _ = call.world.mapMemory(
      from: call.world.tasks[0], SpaceWorld.windowBase, rights: .rw, to: call.world.tasks[1], address + 0x3000)
    let area = FlexPage.memory(address, order: 14, rights: .rw)
    #expect(call.invoke(1, [Opcode.Task.addKernelUserMemory, area.raw]) == .refused(.exists))
    #expect(call.world.rights(call.world.tasks[1], address) == nil)
    #expect(call.world.kernel.spaceDefect() == nil)
  }

  @Test func `kernel-user memory can be neither mapped onward nor overmapped nor unmapped`() throws {
    var call = Call()
    let (task, other) = (call.world.tasks[1], call.world.tasks[2])
    let address: UInt64 = 0x31_0000_0000
    try call.world.kernel.addKernelUserMemory(task, .memory(address, order: 12, rights: .rw))
    let frame = call.world.kernel.translate(task, address)?.frame
    #expect(call.world.mapMemory(from: task, address, rights: .rw, to: other, 0x5000_0000) == MapOutcome())
    #expect(call.world.rights(other, 0x5000_0000) == nil)
    #expect(
      call.world.mapMemory(from: call.world.tasks[0], SpaceWorld.windowBase, rights: .rw, to: task, address)
        == MapOutcome())
    call.world.unmap(task, .memory(address, order: 12, rights: .rwx), UnmapMask.own)
    #expect(call.world.kernel.translate(task, address)?.frame == frame)
    #expect(call.world.kernel.spaceDefect() == nil)
  }

  // MARK: Death

  @Test func `a task dies with its mappings and the objects it may delete, its tables stay for its threads`() {
    var call = Call()
    let victim = call.world.tasks[1]
    let thread = call.world.addThread(in: victim)
    _ = call.world.makeGate(in: victim, at: 0x30)
    _ = call.world.mapObject(from: victim, 0x30, rights: .rws, to: call.world.tasks[2], 0x31)
    _ = call.world.mapMemory(from: call.world.tasks[0], SpaceWorld.windowBase, rights: .rw, to: victim, 0x5000_0000)
    _ = call.world.mapMemory(from: victim, 0x5000_0000, rights: .rw, to: call.world.tasks[2], 0x6000_0000)
    let utcb = call.world.kernel.threads[thread.slot].utcbAddress
    call.world.unmap(call.world.tasks[0], .objects(CapabilitySlot(0x11)), UnmapMask.own)
    #expect(
      call.world.isValid(call.world.tasks[2], 0x31) == false, "the gate is destroyed: its creator's slot had the right")
    #expect(call.world.rights(victim, 0x5000_0000) == nil && call.world.rights(call.world.tasks[2], 0x6000_0000) == nil)
    #expect(call.world.rights(victim, utcb) == .rw)
    let before = call.world.kernel.frames.freeCount
    call.world.kernel.destroyObject(call.world.kernel.threads[thread.slot].object)
    #expect(call.world.kernel.tasks.contains(victim.slot) == false)
    #expect(call.world.kernel.frames.freeCount > before)
    #expect(call.world.kernel.spaceDefect() == nil)
  }

  @Test func `a chain of tasks that hold each other dies as a whole`() {
    var call = Call()
    var last = call.world.tasks[1]
    for _ in 0..<50 {
      let next = call.world.addTask()
      call.world.insert(call.world.kernel.tasks[next.slot].object, in: last, at: 0x10)
      last = next
    }
    let count = call.world.kernel.tasks.count
    call.world.unmap(call.world.tasks[0], .objects(CapabilitySlot(0x11)), UnmapMask.own)
    #expect(call.world.kernel.tasks.count == count - 51)
    #expect(call.world.kernel.spaceDefect() == nil)
  }
}
