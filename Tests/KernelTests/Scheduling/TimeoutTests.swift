import Determinism
import FiascoABI
import Testing

@testable import FiascoKernel

/// When a phase gives up. Ids are those of the golden cases.
struct TimeoutTests {
  static let profiles = KernelProfile.Name.allCases

  private func millisecondsAsleep(_ profile: KernelProfile.Name, _ timeout: IPCTimeout) -> Int64 {
    var world = KernelWorld(.named(profile))
    world.sleep(milliseconds: 10)
    let start = world.node.now
    _ = world.call(
      SystemCall(
        tag: MessageTag(), target: .special(.receive), timeouts: IPCTimeouts(send: .never, receive: timeout)))
    return (world.node.now - start).microseconds
  }

  @Test(arguments: profiles, [1, 999, 1000, 1001, 2500, 3000, 1_000_000] as [UInt64])
  func `G40 a relative timeout ends at the first tick that is not before it`(
    _ profile: KernelProfile.Name, _ microseconds: UInt64
  ) {
    let timeout = IPCTimeout.relative(microseconds: microseconds)
    let ticks = (timeout.microseconds + 999) / 1000
    #expect(millisecondsAsleep(profile, timeout) == Int64(ticks * 1000))
  }

  @Test(arguments: profiles)
  func `G13 a timeout of zero does not wait`(_ profile: KernelProfile.Name) {
    #expect(millisecondsAsleep(profile, .zero) == 0)
  }

  @Test(arguments: profiles)
  func `without a timeout a thread waits for ever`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let actor = world.thread(priority: 10, [.wait()])
    world.sleep(milliseconds: 5)
    #expect(world.kernel.threads[actor.id.slot].deadline == .never)
    world.sleep(milliseconds: 5000)
    #expect(world.outcome(actor) == "pending")
  }

  @Test(arguments: profiles)
  func `G24 a message to oneself is never delivered`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let actor = world.makeThread()
    world.append(
      [
        .send(actor.slot, timeouts: .sendZero), .send(actor.slot, timeouts: .send(milliseconds: 2)),
        .receive(actor.slot, timeouts: .receive(milliseconds: 10)), .send(actor.slot),
      ], to: actor.id)
    world.start(actor, priority: 10)
    world.sleep(milliseconds: 20)
    #expect((0..<4).map { world.outcome(actor, $0) } == ["err2,p0,w0,i0", "err2,p0,w0,i0", "err3,p0,w0,i0", "pending"])
    world.cancel(actor)
    world.sleep(milliseconds: 1)
    #expect(world.outcome(actor, 3) == "err6,p0,w0,i0")
  }

  @Test(arguments: profiles)
  func `G12 a call that cannot send at once skips its receive phase`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 10, [.sleep(milliseconds: 5), .wait(timeouts: .receiveZero)])
    let client = world.thread(priority: 20, [.call(server.slot, timeouts: .sendZero)])
    world.sleep(milliseconds: 10)
    #expect(world.outcome(client) == "err2,p0,w0,i0")
    #expect(world.outcome(server, 1) == "err3,p0,w0,i0")
  }

  /// Absolute timeouts name a buffer register with microseconds of the kernel clock.
  private func absolute(_ world: inout KernelWorld, _ actor: Actor, _ microseconds: UInt64) -> IPCTimeout {
    world.kernel.setUTCBWord(actor.id, UTCB.bufferRegisters + 20, microseconds)
    return IPCTimeout(raw: 0x8000 | 20)
  }

  @Test(arguments: profiles, [-5, 0, 1, 2500, 7000] as [Int])
  func `G41 an absolute receive timeout ends at its instant or at once if that is over`(
    _ profile: KernelProfile.Name, _ distance: Int
  ) {
    var world = KernelWorld(.named(profile))
    let actor = world.makeThread()
    world.sleep(milliseconds: 10)
    let timeout = absolute(&world, actor, UInt64(10_000 + distance))
    world.append(
      [.receive(actor.slot, timeouts: IPCTimeouts(send: .never, receive: timeout)), .mark("over")], to: actor.id)
    world.start(actor, priority: 10)
    let ticks = max(0, (distance + 999) / 1000)
    // At the tick itself the test's thread runs first.
    if ticks > 0 {
      world.sleep(milliseconds: UInt64(ticks))
      #expect(world.order == "")
    }
    world.sleep(milliseconds: 1)
    #expect(world.order == "over")
    #expect(world.outcome(actor) == "err3,p0,w0,i0")
  }

  @Test func `G41 an absolute send timeout in the past fails at once, in profile r67 when the wheel comes by`() {
    for (profile, order) in [(KernelProfile.r67, "other over"), (.modern, "over other")] {
      var world = KernelWorld(profile)
      let busy = world.thread(priority: 5, [.spin])
      let actor = world.makeThread()
      world.sleep(milliseconds: 10)
      let timeout = absolute(&world, actor, 3000)
      world.append(
        [.send(busy.slot, timeouts: IPCTimeouts(send: timeout, receive: .never)), .mark("over")], to: actor.id)
      world.start(actor, priority: 10)
      _ = world.thread(priority: 8, [.mark("other")])
      world.sleep(milliseconds: 3)
      #expect(world.outcome(actor) == (profile.name == .r67 ? "pending" : "err2,p0,w0,i0"))
      world.sleep(milliseconds: 30)
      #expect(world.outcome(actor) == "err2,p0,w0,i0")
      #expect(world.order == order)
    }
  }

  @Test(arguments: profiles)
  func `a message that comes at the tick of the timeout is received`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let receiver = world.thread(priority: 10, [.wait(timeouts: .receive(milliseconds: 5))])
    // Same tick, higher priority: it runs before the receiver, whose timeout has expired already.
    _ = world.thread(priority: 20, [.sleep(milliseconds: 5), .send(receiver.slot, timeouts: .sendZero)])
    world.sleep(milliseconds: 10)
    #expect(world.outcome(receiver) == "p7,w2,i0,m11:12")
  }
}
