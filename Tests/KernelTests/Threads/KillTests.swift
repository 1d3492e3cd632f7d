import Determinism
import FiascoABI
import Testing

@testable import FiascoKernel

/// What the death of a thread means for the others. Ids are those of the golden cases.
struct KillTests {
  static let profiles = KernelProfile.Name.allCases

  @Test(arguments: [(KernelProfile.Name.r67, "pending"), (.modern, "err6,p0,w0,i0")])
  func `G62 senders queued at a dead thread are told today and hang in profile r67`(
    _ profile: KernelProfile.Name, _ result: String
  ) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 20, [.sleep(milliseconds: 100)])
    let client = world.thread(priority: 10, [.call(server.slot)])
    world.sleep(milliseconds: 1)
    world.drop(server.slot)
    world.sleep(milliseconds: 2)
    #expect(world.outcome(client) == result)
    world.cancel(client)
    world.sleep(milliseconds: 1)
    // Profile r67 takes a sender that is in no queue for served (observed r02).
    #expect(world.outcome(client) == (profile == .r67 ? "p7,w2,i0,m11:12" : result))
  }

  @Test(arguments: profiles)
  func `G63 a caller of a dead thread waits for ever`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 20, [.wait(), .sleep(milliseconds: 100)])
    let client = world.thread(priority: 10, [.call(server.slot)])
    world.sleep(milliseconds: 1)
    world.drop(server.slot)
    world.sleep(milliseconds: 50)
    #expect(world.outcome(client) == "pending")
    world.cancel(client)
    world.sleep(milliseconds: 1)
    #expect(world.outcome(client) == "err7,p7,w2,i0")
  }

  @Test(arguments: profiles)
  func `G64 a victim of low priority is there until it has run`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let victim = world.thread(priority: 2, [.sleep(milliseconds: 100)])
    let gate = world.gate(victim, label: 0x40)
    world.sleep(milliseconds: 1)
    _ = world.thread(priority: 5, [.compute(.milliseconds(3))])
    world.drop(victim.slot)
    world.sleep(milliseconds: 1)
    let early = world.thread(priority: 10, [.send(gate, timeouts: .sendZero)])
    world.sleep(milliseconds: 1)
    #expect(world.outcome(early) == "err2,p0,w0,i0")
    world.sleep(milliseconds: 5)
    let late = world.thread(priority: 10, [.send(gate, timeouts: .sendZero)])
    world.sleep(milliseconds: 1)
    #expect(world.outcome(late) == "err4,p0,w0,i0")
  }

  @Test(arguments: profiles)
  func `a closed wait for a dead thread is not ended by the next thread in its place`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 20, [.wait()])
    let client = world.thread(priority: 10, [.call(server.slot)])
    world.sleep(milliseconds: 1)
    world.drop(server.slot)
    world.sleep(milliseconds: 1)
    world.recycleThreads()
    let heir = world.makeThread()
    #expect(heir.id == server.id)
    world.append([.send(client.slot, timeouts: .sendZero), .reply(.replyOnly, timeouts: .zero)], to: heir.id)
    world.start(heir, priority: 20)
    world.sleep(milliseconds: 1)
    #expect(world.outcome(client) == "pending")
    #expect(world.outcome(heir) == "err2,p0,w0,i0")
    #expect(world.outcome(heir, 1) == "err4,p0,w0,i0")
  }

  @Test(arguments: profiles)
  func `a reply to a dead caller fails today and stops the kernel of profile r67`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    world.expectsStop = profile == .r67
    let server = world.thread(priority: 20, [.wait(), .sleep(milliseconds: 5), .reply(.replyOnly, timeouts: .zero)])
    let client = world.thread(priority: 10, [.call(server.slot)])
    world.sleep(milliseconds: 1)
    world.drop(client.slot)
    world.sleep(milliseconds: 10)
    #expect((world.kernel.stopped != nil) == (profile == .r67))
    if profile == .modern { #expect(world.outcome(server, 2) == "err4,p0,w0,i0") }
  }

  @Test(arguments: profiles)
  func `a sender that dies leaves the queue`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 20, [.sleep(milliseconds: 5), .wait(timeouts: .receiveZero)])
    let client = world.thread(priority: 10, [.send(server.slot)])
    world.sleep(milliseconds: 1)
    world.drop(client.slot)
    world.sleep(milliseconds: 10)
    #expect(world.outcome(server, 1) == "err3,p0,w0,i0")
    #expect(world.kernel.threads.contains(client.id.slot) == false)
  }

  @Test(arguments: profiles)
  func `a thread without a task runs nowhere`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let slot = world.newSlot()
    world.create(KernelProtocol.thread, into: slot)
    let found = world.kernel.capability(of: TaskID(0), at: UInt64(slot.index))
    let id = ThreadID(found.map { Int(world.kernel.objects[$0.object.slot].index) } ?? -1)
    let actor = Actor(id: id, slot: slot, task: .task, utcb: 0)
    world.start(actor, priority: 20)
    world.sleep(milliseconds: 2)
    let thread = world.kernel.threads[id.slot]
    #expect(profile == .modern ? thread.isDead : thread.continuation == .stranded)
    world.drop(slot)
    world.sleep(milliseconds: 2)
    #expect(world.kernel.threads.contains(id.slot) == false)
  }

  @Test(arguments: profiles)
  func `threads of a deleted task run on until they fault`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let task = world.task()
    world.give(.pager, to: task.slot)
    let actor = world.thread(
      priority: 20, in: task, [.sleep(milliseconds: 3), .mark("alive"), .touch(0x4000_0000, .load)])
    world.sleep(milliseconds: 1)
    world.drop(task.slot)
    world.sleep(milliseconds: 10)
    #expect(world.order == "alive")
    let thread = world.kernel.threads[actor.id.slot]
    #expect(profile == .modern ? thread.isDead : thread.continuation == .stranded)
  }
}
