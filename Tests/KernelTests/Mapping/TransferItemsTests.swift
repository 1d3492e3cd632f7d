import FiascoABI
import Testing

@testable import FiascoKernel

struct TransferItemsTests {
  /// A sender in task 0, a receiver in task 1; the sender's slots 0x20... hold gates.
  private struct Message: ~Copyable {
    var world: SpaceWorld
    let sender: ThreadID
    let receiver: ThreadID
    var source: TaskID { world.tasks[0] }
    var target: TaskID { world.tasks[1] }

    init(profile: KernelProfile = .modern, sameTask: Bool = false) {
      world = SpaceWorld(tasks: 3, profile: profile)
      sender = world.addThread(in: world.tasks[0])
      receiver = world.addThread(in: world.tasks[sameTask ? 0 : 1])
      for slot: UInt32 in 0x20..<0x24 { _ = world.makeGate(in: world.tasks[0], at: slot) }
    }

    /// Sends items behind one word.
    mutating func send(_ items: [(SendItem, FlexPage)], rights: UInt8 = 3, words: Int = 1) -> IPCError? {
      var register = words
      for (item, page) in items {
        world.setMessage(sender, [item.raw, page.raw], at: register)
        register += 2
      }
      let tag = MessageTag(words: words, items: items.count)
      return world.kernel.transferItems(from: sender, to: receiver, tag: tag, rights: rights)
    }
  }

  private func gate(_ slot: UInt32, _ rights: ObjectRights = .rws, attributes: UInt64 = 0) -> (SendItem, FlexPage) {
    (.map(attributes: attributes), .objects(CapabilitySlot(slot), rights: rights))
  }

  private func small(_ slot: UInt32) -> UInt64 { ReceiveBuffer.small(CapabilitySlot(slot)).raw }
  private static let void = (SendItem(raw: 0), FlexPage(raw: 0))

  @Test func `an item without a buffer overflows`() {
    var message = Message()
    #expect(message.send([gate(0x20)]) == .sendOverflow)
  }

  @Test func `a second item without a buffer overflows and the first stays mapped`() {
    var message = Message()
    message.world.setBuffers(message.receiver, [small(0x40)])
    #expect(message.send([gate(0x20), gate(0x21)]) == .sendOverflow)
    #expect(message.world.isValid(message.target, 0x40) == true)
    #expect(message.world.message(message.receiver, 1) == 0x38)
  }

  @Test func `each item takes the next buffer`() {
    var message = Message()
    message.world.setBuffers(message.receiver, [small(0x40), small(0x50)])
    #expect(message.send([gate(0x20), gate(0x21)]) == nil)
    #expect(message.world.isValid(message.target, 0x40) && message.world.isValid(message.target, 0x50))
    #expect(message.world.message(message.receiver, 3) == 0x38)
  }

  @Test func `compound items share a buffer`() {
    var message = Message()
    message.world.setBuffers(message.receiver, [8, FlexPage.objects(CapabilitySlot(0x40), order: 2).raw])
    let first = SendItem(raw: SendItem.map().raw | 1)
    let second = SendItem.map(hotSpot: 1 << 12)
    #expect(message.send([(first, gate(0x20).1), (second, gate(0x21).1)]) == nil)
    #expect(message.world.isValid(message.target, 0x40) && message.world.isValid(message.target, 0x41))
    #expect(message.world.message(message.receiver, 1) == 0x39)
  }

  @Test(arguments: [(KernelProfile.Name.modern, 3), (.r67, 1)])
  func `a void item needs no buffer and takes space as the profile says`(name: KernelProfile.Name, register: Int) {
    var message = Message(profile: .named(name))
    message.world.setBuffers(message.receiver, [small(0x40)])
    #expect(message.send([Self.void, gate(0x20)]) == nil)
    #expect(message.world.message(message.receiver, register) == 0x38)
    #expect(message.world.isValid(message.target, 0x40) == true)
  }

  @Test(arguments: [(KernelProfile.Name.modern, 0x3a as UInt64), (.r67, 0x38)])
  func `an empty slot is no error and is marked as the profile says`(name: KernelProfile.Name, word: UInt64) {
    var message = Message(profile: .named(name))
    message.world.setBuffers(message.receiver, [small(0x40)])
    #expect(message.send([gate(0x30)]) == nil)
    #expect(message.world.message(message.receiver, 1) == word)
  }

  @Test func `an item without rights maps nothing and leaves the target`() {
    var message = Message()
    message.world.setBuffers(message.receiver, [small(0x40), small(0x40)])
    #expect(message.send([gate(0x20), gate(0x21, [])]) == nil)
    #expect(message.world.message(message.receiver, 3) == 0x3a)
    #expect(message.world.isValid(message.target, 0x40) == true)
  }

  @Test(arguments: [0, 1, 2, 3] as [UInt8])
  func `a capability sent through one without CS loses CS`(through: UInt8) {
    var message = Message()
    message.world.setBuffers(message.receiver, [small(0x40)])
    #expect(message.send([gate(0x20, .all)], rights: through) == nil)
    #expect(message.world.kernel.capability(of: message.target, at: 0x40)?.mask == 1 | through & 2 | 4 | 8 | 0x10)
  }

  @Test func `an object goes nowhere in a memory window and that is no error`() {
    var message = Message()
    message.world.setBuffers(message.receiver, [8, FlexPage.memory(0x5000_0000, order: 12, rights: .rwx).raw])
    #expect(message.send([gate(0x20)]) == nil)
    #expect(message.world.message(message.receiver, 1) == 0x38)
  }

  @Test func `the descriptor separates memory buffers from object buffers`() {
    var message = Message()
    let memory = FlexPage.memory(0x5000_0000, order: 12, rights: .rwx)
    message.world.setBuffers(message.receiver, [8, memory.raw, small(0x40)], descriptor: 2 << 10)
    let page = FlexPage.memory(SpaceWorld.windowBase, order: 12, rights: .rw)
    #expect(message.send([gate(0x20), (.map(), page)]) == nil)
    #expect(message.world.isValid(message.target, 0x40) == true)
    #expect(message.world.rights(message.target, 0x5000_0000) == .rw)
    #expect(message.world.message(message.receiver, 3) == 0x318)
  }

  @Test func `a kernel-made buffer accepts everything`() {
    var message = Message()
    message.world.setBuffers(message.receiver, [8, FlexPage.everything.raw], descriptor: 1 << 24)
    let page = FlexPage.memory(SpaceWorld.windowBase, order: 12, rights: .read)
    #expect(message.send([(.map(hotSpot: 0x1234_5000), page)]) == nil)
    #expect(message.world.rights(message.target, 0x1234_5000) == .read)
  }

  // MARK: Identities

  @Test func `within one task the flexpage itself is delivered`() {
    var message = Message(sameTask: true)
    message.world.setBuffers(message.receiver, [small(0x40) | 4])
    #expect(message.send([gate(0x20, .all)], rights: 1) == nil)
    #expect(message.world.message(message.receiver, 1) == 0x3e)
    #expect(
      message.world.message(message.receiver, 2)
        == FlexPage.objects(CapabilitySlot(0x20), rights: [.write, .read, .delete]).raw)
    #expect(message.world.isValid(message.target, 0x40) == false)
  }

  @Test(arguments: [true, false])
  func `a gate is told by its label if it leads to the receiver's task`(leadsHome: Bool) {
    var message = Message()
    message.world.setBuffers(message.receiver, [small(0x40) | 4])
    let server = leadsHome ? message.receiver : message.sender
    guard let id = message.world.kernel.makeGate(payer: message.world.factory, thread: server, label: 0x1230) else {
      return #expect(Bool(false), "the root factory has room")
    }
    message.world.insert(id, in: message.source, at: 0x28)
    #expect(message.send([gate(0x28, [.read, .write])]) == nil)
    #expect(message.world.isValid(message.target, 0x40) == !leadsHome)
    #expect(message.world.message(message.receiver, 1) == (leadsHome ? 0x3c : 0x38))
    #expect(!leadsHome || message.world.message(message.receiver, 2) == 0x1231)
  }

  // MARK: Forwarding

  @Test(arguments: [true, false])
  func `a forwarding buffer needs the right to write on the task it names`(hasWrite: Bool) {
    var message = Message()
    let third = message.world.tasks[2]
    message.world.insert(
      message.world.kernel.tasks[third.slot].object, in: message.target, at: 0x18, mask: hasWrite ? 0xff : 0xfe)
    message.world.setBuffers(message.receiver, [9, FlexPage.objects(CapabilitySlot(0x60)).raw, 0x18 << 12])
    #expect(message.send([gate(0x20)]) == (hasWrite ? nil : .sendOverflow))
    #expect(message.world.isValid(third, 0x60) == hasWrite)
    #expect(message.world.isValid(message.target, 0x60) == false)
  }

  // MARK: Limits

  /// A void item is not looked at beyond its first word.
  @Test(arguments: [0, 1, 57, 60, 61, 62, 63], [true, false])
  func `items must fit behind the words`(words: Int, isVoid: Bool) {
    for items in 1...34 {
      var message = Message()
      message.world.setBuffers(message.receiver, [8, FlexPage.everything.raw])
      var list = Array(repeating: Self.void, count: items)
      if !isVoid { list[items - 1] = gate(0x20) }
      let last = words + 2 * (items - 1)
      let fits = last + (isVoid ? 0 : 1) < UTCB.messageRegisterCount
      let error = last + 1 <= UTCB.messageRegisterCount + 2 ? message.send(list, words: words) : .sendOverflow
      #expect((error == nil) == fits)
      if !fits { return }
    }
  }

  @Test func `the last buffer register cannot begin a buffer of two words`() {
    var message = Message()
    let last = UTCB.bufferRegisters + UTCB.bufferRegisterCount - 1
    message.world.setBuffers(message.receiver, [], descriptor: 31 << 10)
    for register in UTCB.bufferRegisters + 31..<last {
      message.world.setMessage(message.receiver, [small(0x50)], at: register)
    }
    message.world.setMessage(message.receiver, [8], at: last)
    message.world.setMessage(message.receiver, [FlexPage.objects(CapabilitySlot(0x60)).raw], at: last + 1)
    #expect(message.send(Array(repeating: gate(0x20), count: 26)) == nil)
    #expect(message.send(Array(repeating: gate(0x20), count: 27)) == .sendOverflow)
    #expect(message.world.isValid(message.target, 0x60) == false)
  }
}
