import FiascoABI
import Testing

@testable import FiascoKernel

/// Who can be answered, and until when. Profile r67 keeps one raw pointer, today's kernel tracks the caller.
struct ReplyCapabilityTests {
  static let profiles = KernelProfile.Name.allCases

  @Test(arguments: profiles)
  func `G01 a call switches to the server and the reply back to the caller`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 10, [.wait(), .mark("served"), .reply()])
    let client = world.thread(priority: 10, [.call(world.gate(server, label: 0x100)), .mark("answered")])
    world.sleep(milliseconds: 2)
    #expect(world.outcome(server) == "p7,w2,i0,L103,m11:12")
    #expect(world.outcome(client) == "p85,w1,i0,m77")
    #expect(world.order == "served answered")
    #expect(world.outcome(server, 1) == "pending")
  }

  @Test(arguments: profiles)
  func `G18 a reply without a caller fails and does not wait`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 10, [.reply(), .mark("after")])
    world.sleep(milliseconds: 1)
    #expect(world.outcome(server) == "err4,p0,w0,i0")
    #expect(world.order == "after")
  }

  @Test(arguments: profiles)
  func `G19 a caller is answered once`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 10, [.wait(), .reply(.replyOnly), .reply(.replyOnly)])
    let client = world.thread(priority: 5, [.call(server.slot)])
    world.sleep(milliseconds: 1)
    #expect(world.outcome(client) == "p85,w1,i0,m77")
    #expect(world.outcome(server, 1) == "p85,w1,i0,m77")
    #expect(world.outcome(server, 2) == "err4,p0,w0,i0")
  }

  @Test(arguments: profiles)
  func `G20 a second call takes the place of the first, whose caller waits for ever`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 10, [.wait(), .wait(), .reply(.replyOnly), .reply(.replyOnly)])
    let first = world.thread(priority: 5, [.call(server.slot)])
    world.sleep(milliseconds: 1)
    let second = world.thread(priority: 5, [.call(server.slot)])
    world.sleep(milliseconds: 1)
    #expect(world.outcome(first) == "pending")
    #expect(world.outcome(second) == "p85,w1,i0,m77")
    #expect(world.outcome(server, 3) == "err4,p0,w0,i0")
  }

  @Test(arguments: [(KernelProfile.Name.r67, "err2,p0,w0,i0"), (.modern, "err4,p0,w0,i0")])
  func `G21 a late reply finds nobody waiting, or no capability`(_ profile: KernelProfile.Name, _ result: String) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 10, [.wait(), .sleep(milliseconds: 10), .reply(.replyOnly, timeouts: .zero)])
    let client = world.thread(priority: 5, [.call(server.slot, timeouts: .receive(milliseconds: 3))])
    world.sleep(milliseconds: 20)
    #expect(world.outcome(client) == "err3,p7,w2,i0")
    #expect(world.outcome(server, 2) == result)
  }

  @Test(arguments: [(KernelProfile.Name.r67, "p85,w1,i0,L99,m77"), (.modern, "pending")])
  func `G22 a stale reply capability reaches a caller that waits for anybody`(
    _ profile: KernelProfile.Name, _ result: String
  ) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(
      priority: 10, [.wait(), .sleep(milliseconds: 10), .reply(.replyOnly, timeouts: .zero, label: 0x99)])
    let client = world.thread(priority: 5, [.call(server.slot, timeouts: .receive(milliseconds: 3)), .wait()])
    world.sleep(milliseconds: 20)
    #expect(world.outcome(client, 1) == result)
  }

  @Test(arguments: [(KernelProfile.Name.r67, "err2,p0,w0,i0"), (.modern, "err4,p0,w0,i0")])
  func `G23 a send to the caller is its answer and uses the reply capability up`(
    _ profile: KernelProfile.Name, _ result: String
  ) {
    var world = KernelWorld(.named(profile))
    let client = world.makeThread()
    let server = world.thread(
      priority: 10, [.wait(), .send(client.slot, timeouts: .sendZero), .reply(.replyOnly, timeouts: .zero)])
    world.append([.call(server.slot)], to: client.id)
    world.start(client, priority: 5)
    world.sleep(milliseconds: 5)
    #expect(world.outcome(client) == "p7,w2,i0,m11:12")
    #expect(world.outcome(server, 2) == result)
  }

  @Test(arguments: [(KernelProfile.Name.r67, "p85,w1,i0,m77"), (.modern, "pending")])
  func `a call to a closed wait is answerable in profile r67 only`(_ profile: KernelProfile.Name, _ result: String) {
    var world = KernelWorld(.named(profile))
    let client = world.makeThread()
    let server = world.thread(priority: 10, [.receive(client.slot), .reply(.replyOnly, timeouts: .zero)])
    world.append([.call(server.slot)], to: client.id)
    world.start(client, priority: 5)
    world.sleep(milliseconds: 5)
    #expect(world.outcome(client) == result)
    if profile == .modern { #expect(world.outcome(server, 1) == "err4,p0,w0,i0") }
  }

  @Test func `an explicit slot keeps a caller apart from the implicit one`() {
    var world = KernelWorld()
    func reference(_ slot: UInt64, _ operation: IPCOperation) -> ObjectReference {
      ObjectReference(raw: slot << 12 | 1 << 10 | operation.rawValue)
    }
    let server = world.thread(
      priority: 10,
      [
        .call(SystemCall(tag: MessageTag(), target: reference(5, .wait))), .wait(), .reply(.replyOnly),
        .call(SystemCall(tag: MessageTag(label: 0x56), target: reference(5, .replyOnly))),
        .call(SystemCall(tag: MessageTag(label: 0x56), target: reference(5, .replyOnly))),
      ])
    let first = world.thread(priority: 5, [.call(server.slot)])
    world.sleep(milliseconds: 1)
    let second = world.thread(priority: 5, [.call(server.slot)])
    world.sleep(milliseconds: 1)
    #expect(world.outcome(first) == "p86,w0,i0")
    #expect(world.outcome(second) == "p85,w1,i0,m77")
    #expect(world.outcome(server, 4) == "err4,p0,w0,i0")
  }

  @Test func `an explicit slot outside the table fails the wait`() {
    var world = KernelWorld()
    let target = ObjectReference(raw: UInt64(1 << 20) << 12 | 1 << 10 | IPCOperation.wait.rawValue)
    let server = world.thread(priority: 10, [.call(SystemCall(tag: MessageTag(), target: target))])
    world.sleep(milliseconds: 1)
    #expect(world.outcome(server) == "err19,p0,w0,i0")
  }

  @Test func `an explicit slot does not keep a caller that gave up, although the receiver is dead`() {
    var world = KernelWorld()
    let target = ObjectReference(raw: UInt64(3) << 12 | 1 << 10 | IPCOperation.wait.rawValue)
    let server = world.thread(priority: 10, [.call(SystemCall(tag: MessageTag(), target: target))])
    let client = world.thread(priority: 5, [.call(server.slot, timeouts: .receive(milliseconds: 8))])
    world.sleep(milliseconds: 2)
    world.drop(server.slot)
    world.sleep(milliseconds: 2)
    // The new thread gets the dead one's place in the tables.
    world.recycleThreads()
    let heir = world.thread(priority: 10, [.sleep(milliseconds: 20)])
    #expect(heir.id == server.id)
    world.sleep(milliseconds: 10)
    #expect(world.outcome(client) == "err3,p7,w2,i0")
    #expect(world.kernel.replySlots.count == 0)
  }
}
