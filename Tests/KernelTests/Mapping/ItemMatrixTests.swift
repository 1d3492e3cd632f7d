import FiascoABI
import Testing

@testable import FiascoKernel

/// Every kind of typed item into every form of receive buffer, behind an item that goes through: what is answered, what
/// is mapped where, and what stays of the first item.
struct ItemMatrixTests {
  enum Item: CaseIterable {
    case gate, emptySlot, noRights, weakGate, grantedGate, page, emptyPage, void, neitherMapNorVoid, special, ports
  }

  enum Buffer: CaseIterable {
    case none, small, window, memory, everything, identity, forward, forwardWithoutRight, forwardToNothing
  }

  private static let profiles = KernelProfile.Name.allCases
  private static let (first, second): (UInt32, UInt32) = (0x40, 0x50)
  private static let hotSpot: UInt64 = 0x50 << 12

  private struct Message: ~Copyable {
    var world: SpaceWorld
    let sender: ThreadID
    let receiver: ThreadID

    init(_ profile: KernelProfile.Name) {
      world = SpaceWorld(tasks: 3, profile: .named(profile))
      sender = world.addThread(in: world.tasks[0])
      receiver = world.addThread(in: world.tasks[1])
      for slot: UInt32 in 0x20..<0x23 { _ = world.makeGate(in: world.tasks[0], at: slot) }
      let third = world.kernel.tasks[world.tasks[2].slot].object
      world.insert(third, in: world.tasks[1], at: 0x18)
      world.insert(third, in: world.tasks[1], at: 0x19, mask: 0xfe)
    }
  }

  private static func words(_ item: Item) -> [UInt64] {
    let map = SendItem.map(hotSpot: hotSpot).raw
    let gate = FlexPage.objects(CapabilitySlot(0x21), rights: .rws).raw
    return switch item {
    case .gate: [map, gate]
    case .emptySlot: [map, FlexPage.objects(CapabilitySlot(0x99), rights: .rws).raw]
    case .noRights: [map, FlexPage.objects(CapabilitySlot(0x21), rights: []).raw]
    case .weakGate: [SendItem.map(hotSpot: hotSpot, attributes: 0x10).raw, gate]
    case .grantedGate: [SendItem.map(hotSpot: hotSpot, grant: true).raw, gate]
    case .page: [map, FlexPage.memory(SpaceWorld.windowBase, order: 12, rights: .rw).raw]
    case .emptyPage: [map, FlexPage.memory(0x7000, order: 12, rights: .rw).raw]
    case .void: [0, gate]
    case .neitherMapNorVoid: [hotSpot, gate]
    case .special: [map, FlexPage(raw: 0).raw]
    case .ports: [map, FlexPage(raw: 2 << 4 | 12 << 6).raw]
    }
  }

  /// The second buffer; the first takes the gate in slot 0x20.
  private static func words(_ buffer: Buffer) -> [UInt64] {
    let map: UInt64 = 8
    let slot = FlexPage.objects(CapabilitySlot(second)).raw
    return switch buffer {
    case .none: [0]
    case .small: [ReceiveBuffer.small(CapabilitySlot(second)).raw]
    case .window: [map, slot]
    case .memory: [map, FlexPage.memory(hotSpot, order: 12, rights: .rwx).raw]
    case .everything: [map, FlexPage.everything.raw]
    case .identity: [ReceiveBuffer.small(CapabilitySlot(second)).raw | 4]
    case .forward: [map | 1, slot, 0x18 << 12]
    case .forwardWithoutRight: [map | 1, slot, 0x19 << 12]
    case .forwardToNothing: [map | 1, slot, 0x1a << 12]
    }
  }

  /// What the rules say, without looking at how the kernel does it.
  private static func expected(_ item: Item, _ buffer: Buffer) -> (error: Bool, task: Int?) {
    switch item {
    case .void: return (false, nil)
    case .neitherMapNorVoid, .special: return (true, nil)
    case .ports: return (true, nil)
    case .gate, .emptySlot, .noRights, .weakGate, .grantedGate, .page, .emptyPage: break
    }
    let isMemory = item == .page || item == .emptyPage
    let target: Int
    switch buffer {
    case .none, .forwardWithoutRight, .forwardToNothing: return (true, nil)
    case .forward: target = 2
    case .small, .window, .identity, .memory, .everything: target = 1
    }
    let fits = buffer == .everything || (buffer == .memory) == isMemory
    let isThere = [.gate, .weakGate, .grantedGate, .page].contains(item)
    return (false, fits && isThere ? target : nil)
  }

  @Test(arguments: profiles, Item.allCases)
  func `each kind of item meets each form of buffer`(_ profile: KernelProfile.Name, _ item: Item) {
    for buffer in Buffer.allCases {
      var message = Message(profile)
      let isMemory = item == .page || item == .emptyPage
      // Memory items have buffers of their own, which begin where the descriptor says.
      let descriptor: UInt64 = isMemory ? 1 : item == .ports ? 5 << 5 : 0
      message.world.setBuffers(
        message.receiver, [ReceiveBuffer.small(CapabilitySlot(Self.first)).raw] + Self.words(buffer),
        descriptor: descriptor)
      let firstItem = [SendItem.map().raw, FlexPage.objects(CapabilitySlot(0x20), rights: .rws).raw]
      message.world.setMessage(message.sender, firstItem + Self.words(item))
      let error = message.world.kernel.transferItems(
        from: message.sender, to: message.receiver, tag: MessageTag(items: 2), rights: 3)
      let (fails, task) = Self.expected(item, buffer)
      #expect((error == .sendOverflow) == fails && (error == nil) == !fails, "\(buffer)")
      let keepsFirst = message.world.isValid(message.world.tasks[1], Self.first)
      #expect(keepsFirst, "the first item stays: \(buffer)")
      for place in [1, 2] {
        let hasGate = message.world.isValid(message.world.tasks[place], Self.second)
        let hasPage = message.world.rights(message.world.tasks[place], Self.hotSpot) != nil
        #expect((hasGate || hasPage) == (task == place), "\(buffer) in task \(place)")
        #expect(!hasPage || isMemory)
      }
      let keepsSource = message.world.isValid(message.world.tasks[0], 0x21)
      #expect(keepsSource == !(item == .grantedGate && task != nil), "\(buffer)")
      if let task, !isMemory {
        let counted = message.world.kernel.capability(of: message.world.tasks[task], at: UInt64(Self.second))?.isCounted
        #expect(counted == (item != .weakGate), "\(buffer)")
      }
      #expect(message.world.kernel.spaceDefect() == nil)
    }
  }

  /// The error is told to both sides, each in its phase; words and the first item arrive.
  @Test(arguments: profiles)
  func `a message whose second item has no buffer arrives with an error on both sides`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let receiver = world.thread(priority: 20, [.wait(), .wait()])
    world.kernel.setReceiveBuffers(receiver.id, [.small(CapabilitySlot(0x700))])
    let items = [FlexPage.objects(.log), FlexPage.objects(.scheduler)].flatMap { [SendItem.map().raw, $0.raw] }
    let call = SystemCall(
      tag: MessageTag(label: 7, words: 1, items: 2), target: ObjectReference(slot: receiver.slot, operation: .send),
      words: [0x77] + items)
    world.sleep(milliseconds: 1)
    world.kernel.setReceiveBuffers(receiver.id, [.small(CapabilitySlot(0x700))])
    let sender = world.thread(priority: 10, [.call(call)])
    world.sleep(milliseconds: 2)
    #expect(world.outcome(sender).hasPrefix("err8"))
    #expect(world.outcome(receiver).hasPrefix("err9,p7,w1,i2"))
    #expect(world.kernel.messageWord(receiver.id, 0) == 0x77)
    #expect(world.kernel.capability(of: TaskID(0), at: 0x700) != nil)
  }
}
