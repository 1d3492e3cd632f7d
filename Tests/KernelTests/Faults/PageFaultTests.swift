import FiascoABI
import Testing

@testable import FiascoKernel

/// The kernel calls the pager on behalf of the faulter. Ids are those of the golden cases.
struct PageFaultTests {
  static let profiles = KernelProfile.Name.allCases
  static let place: UInt64 = 0x4000_1230

  /// Maps the first page of the root task's window where the fault was, or answers with nothing.
  static func answer(maps: Bool, label: Int64 = 0, words: [UInt64] = []) -> Step {
    let item = [SendItem.map(hotSpot: place).raw, FlexPage.memory(KernelWorld.window, order: 12, rights: .rwx).raw]
    return .call(
      SystemCall(
        tag: MessageTag(label: label, words: words.count, items: maps ? 1 : 0), target: .special(.replyAndWait),
        words: words + (maps ? item : [])))
  }

  private struct Scene: ~Copyable {
    var world: KernelWorld
    let pager: Actor
    let handler: Actor
    let gate: CapabilitySlot
    let faulter: Actor

    init(_ profile: KernelProfile.Name, pager pagerSteps: [Step], faulter steps: [Step]) {
      world = KernelWorld(.named(profile))
      pager = world.thread(priority: 30, pagerSteps)
      handler = world.thread(priority: 30, [.wait(), .wait()])
      gate = world.gate(pager, label: 0x500)
      faulter = world.makeThread(pager: gate, handler: world.gate(handler, label: 0x600))
      world.append(steps, to: faulter.id)
      world.start(faulter, priority: 10)
      world.sleep(milliseconds: 2)
    }

    /// Fault messages the pager has got: first word of each.
    var faults: [UInt64] {
      world.results(pager.id).filter { $0.tag.label == KernelProtocol.pageFault }.map { $0.words[0] }
    }
    var exceptions: Int { world.results(handler.id).count }
  }

  @Test(arguments: profiles, [(FaultAccess.load, 1 as UInt64), (.store, 3), (.fetch, 5)])
  func `G65 the pager learns address, access and instruction`(
    _ profile: KernelProfile.Name, _ fault: (access: FaultAccess, bits: UInt64)
  ) {
    let scene = Scene(profile, pager: [.wait()], faulter: [.touch(Self.place + 5, fault.access)])
    let message = scene.world.results(scene.pager.id)[0]
    #expect(message.tag.label == KernelProtocol.pageFault && message.tag.words == 2)
    #expect(message.label == 0x503)
    #expect(message.words[0] == Self.place | fault.bits)
    #expect(message.words[1] == scene.world.kernel.registers[scene.faulter.id.slot].pc)
  }

  @Test(arguments: profiles)
  func `G66 an answer with a page ends the fault and one without repeats it`(_ profile: KernelProfile.Name) {
    let scene = Scene(
      profile, pager: [.wait(), Self.answer(maps: false), Self.answer(maps: true)],
      faulter: [.touch(Self.place, .store), .mark("stored")])
    #expect(scene.faults == [Self.place | 3, Self.place | 3])
    #expect(scene.world.order == "stored")
  }

  @Test(arguments: profiles)
  func `G67 without a pager a fault kills today and blocks for ever in profile r67`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let faulter = world.thread(priority: 10, pager: CapabilitySlot(0x99), [.touch(Self.place, .load)])
    world.sleep(milliseconds: 5)
    let thread = world.kernel.threads[faulter.id.slot]
    #expect(thread.isDead == (profile == .modern))
    guard profile == .r67 else { return }
    #expect(thread.continuation == .stranded)
    // A cancel lets it fault again: still nobody.
    world.cancel(faulter)
    world.sleep(milliseconds: 1)
    #expect(world.kernel.threads[faulter.id.slot].continuation == .stranded)
  }

  @Test(arguments: profiles)
  func `G68 a fault whose pager is dead becomes an exception`(_ profile: KernelProfile.Name) {
    var scene = Scene(profile, pager: [], faulter: [.sleep(milliseconds: 5), .touch(Self.place, .load)])
    scene.world.drop(scene.pager.slot)
    scene.world.sleep(milliseconds: 10)
    let message = scene.world.results(scene.handler.id)[0]
    #expect(message.tag.label == KernelProtocol.exception)
    #expect(scene.world.kernel.messageWord(scene.handler.id, ExceptionMessage.value) == Self.place)
    #expect(
      scene.world.kernel.messageWord(scene.handler.id, ExceptionMessage.cause) == ExceptionCause.loadPageFault)
  }

  @Test(arguments: profiles)
  func `G69 a refusal is a negative label today and a word of ones in profile r67`(_ profile: KernelProfile.Name) {
    let byLabel = Scene(
      profile, pager: [.wait(), Self.answer(maps: false, label: -1)], faulter: [.touch(Self.place, .load)])
    #expect(byLabel.exceptions == (profile == .modern ? 1 : 0))
    let byWord = Scene(
      profile, pager: [.wait(), Self.answer(maps: false, words: [.max])], faulter: [.touch(Self.place, .load)])
    #expect(byWord.exceptions == (profile == .r67 ? 1 : 0))
  }

  @Test(arguments: profiles)
  func `G70 a cancelled fault is taken again`(_ profile: KernelProfile.Name) {
    var scene = Scene(profile, pager: [.wait(), .wait()], faulter: [.touch(Self.place, .load)])
    scene.world.cancel(scene.faulter)
    scene.world.sleep(milliseconds: 1)
    #expect(scene.faults == [Self.place | 1, Self.place | 1])
    #expect(scene.exceptions == 0)
  }

  @Test(arguments: profiles)
  func `G71 the faulter's first words and buffers survive, later words do not`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let pager = world.thread(priority: 30, [.wait(), Self.answer(maps: true, words: [0xb0, 0xb1, 0xb2, 0xb3])])
    let faulter = world.makeThread(pager: world.gate(pager, label: 0x500))
    world.append([.touch(Self.place, .load)], to: faulter.id)
    for index in 0..<6 { world.kernel.setUTCBWord(faulter.id, index, 0xa0 + UInt64(index)) }
    let buffers = [UTCB.bufferDescriptor, UTCB.bufferRegisters, UTCB.bufferRegisters + 1, UTCB.bufferRegisters + 2]
    for register in buffers { world.kernel.setUTCBWord(faulter.id, register, UInt64(register)) }
    world.start(faulter, priority: 10)
    world.sleep(milliseconds: 2)
    #expect((0..<4).map { world.kernel.utcbWord(faulter.id, $0) } == [0xa0, 0xa1, 0xb2, 0xb3])
    #expect(buffers.map { world.kernel.utcbWord(faulter.id, $0) } == buffers.map { UInt64($0) })
  }

  @Test(arguments: profiles)
  func `G72 a pager may answer by thread capability and out of order`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let pager = world.makeThread()
    let gates = [world.gate(pager, label: 0x10), world.gate(pager, label: 0x20)]
    let faulters = gates.map { world.makeThread(pager: $0) }
    let answers = faulters.reversed().map { faulter in
      Step.call(
        SystemCall(
          tag: MessageTag(label: 0, words: 0, items: 1),
          target: ObjectReference(slot: faulter.slot, operation: .send), timeouts: .sendZero,
          words: [
            SendItem.map(hotSpot: Self.place).raw, FlexPage.memory(KernelWorld.window, order: 12, rights: .rwx).raw,
          ]))
    }
    world.append([.wait(), .wait()] + answers, to: pager.id)
    world.start(pager, priority: 30)
    for (name, faulter) in zip(["first", "second"], faulters) {
      world.append([.touch(Self.place, .load), .mark(name)], to: faulter.id)
      world.start(faulter, priority: 10)
      world.sleep(milliseconds: 1)
    }
    #expect(world.results(pager.id).suffix(2).map(\.ipcError) == [nil, nil])
    // The order of the list, not of the answers: the first answer's page serves both.
    #expect(Set(world.log) == ["first", "second"])
  }

  @Test(arguments: profiles)
  func `addresses that users cannot have go to the exception handler`(_ profile: KernelProfile.Name) {
    let scene = Scene(profile, pager: [.wait()], faulter: [.touch(Kernel.userLimit, .load)])
    #expect(scene.faults.isEmpty)
    #expect(scene.exceptions == 1)
  }

  @Test(arguments: profiles)
  func `a pager's gate without a thread holds the fault until it is bound`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let gate = world.gate(nil)
    let faulter = world.thread(priority: 10, pager: gate, [.touch(Self.place, .load), .mark("loaded")])
    world.sleep(milliseconds: 2)
    let pager = world.thread(priority: 30, [.wait(), Self.answer(maps: true)])
    world.bind(gate, to: pager, label: 0x40)
    world.sleep(milliseconds: 2)
    #expect(world.order == "loaded")
    #expect(world.kernel.threads[faulter.id.slot].entry != .pageFault)
  }
}
