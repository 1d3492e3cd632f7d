import Determinism
import FiascoABI
import Testing

@testable import FiascoKernel

/// Slices, wake-ups and the order of the ready list. Ids are those of the golden cases.
struct RoundRobinTests {
  static let profiles = KernelProfile.Name.allCases

  /// Three slices long, saying so in each.
  private func worker(_ name: String, slice: Int64 = 10) -> [Step] {
    (0..<3).flatMap { _ in [Step.mark(name), .compute(.milliseconds(slice))] }
  }

  @Test(arguments: profiles)
  func `G43 equal threads take turns of ten milliseconds`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    for name in ["a", "b", "c"] { _ = world.thread(priority: 10, worker(name)) }
    world.sleep(milliseconds: 100)
    // Started last, a thread stands in front.
    #expect(world.order == "c b a c b a c b a")
  }

  @Test(arguments: profiles)
  func `G44 a preempted thread keeps what was left of its slice`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    _ = world.thread(priority: 10, [.compute(.milliseconds(1)), .mark("b"), .spin])
    _ = world.thread(priority: 20, [.sleep(milliseconds: 4), .compute(.milliseconds(3)), .mark("high")])
    _ = world.thread(priority: 10, [.compute(.milliseconds(9)), .mark("a"), .spin])
    world.sleep(milliseconds: 40)
    #expect(world.order == "high a b")
  }

  @Test(arguments: profiles)
  func `G45 a thread that was preempted by its own wake-up goes on before its rivals`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let woken = world.thread(priority: 10, [.wait(), .mark("woken")])
    world.sleep(milliseconds: 1)
    _ = world.thread(priority: 10, [.mark("rival")])
    _ = world.thread(priority: 10, [.mark("before"), .send(woken.slot), .mark("after")])
    world.sleep(milliseconds: 5)
    #expect(world.order == "before woken after rival")
  }

  @Test(arguments: profiles)
  func `G42 of two timeouts at one idle tick the earlier armed one runs first`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    _ = world.thread(priority: 10, [.sleep(milliseconds: 5), .mark("early")])
    _ = world.thread(priority: 9, [.sleep(milliseconds: 5), .mark("low")])
    _ = world.thread(priority: 10, [.sleep(milliseconds: 5), .mark("late")])
    world.sleep(milliseconds: 10)
    // The later armed one expires first, and the other is put in front of it. The one armed first was started last.
    #expect(world.order == "late early low")
  }

  // Observed: slices/09
  @Test(arguments: profiles, [9, 10, 11] as [UInt64])
  func `a timeout lets only a higher priority take the processor`(_ profile: KernelProfile.Name, _ priority: UInt64) {
    var world = KernelWorld(.named(profile))
    _ = world.thread(priority: priority, [.sleep(milliseconds: 2), .mark("sleeper")])
    world.sleep(milliseconds: 1)
    _ = world.thread(priority: 10, [.compute(.milliseconds(5)), .mark("worker")])
    world.sleep(milliseconds: 20)
    #expect(world.order == (priority == 11 ? "sleeper worker" : "worker sleeper"))
  }

  @Test func `G48 G58 a receive from oneself without time gives way in profile r67 and does nothing today`() {
    let yield = Step.call(SystemCall(tag: MessageTag(), target: .special(.receive), timeouts: .zero))
    for (profile, order) in [(KernelProfile.r67, "b a b a b a"), (.modern, "b b b a a a")] {
      var world = KernelWorld(profile)
      for name in ["a", "b"] {
        _ = world.thread(priority: 10, (0..<3).flatMap { _ in [Step.mark(name), yield] })
      }
      world.sleep(milliseconds: 5)
      #expect(world.order == order)
    }
  }

  @Test(arguments: profiles)
  func `a priority given to a running rival takes effect at once`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let a = world.thread(priority: 10, [.compute(.milliseconds(4)), .mark("a")])
    _ = world.thread(priority: 20, [.compute(.milliseconds(4)), .mark("b")])
    world.sleep(milliseconds: 1)
    world.runThread(a, priority: 30)
    world.sleep(milliseconds: 20)
    #expect(world.order == "a b")
  }

  @Test(arguments: profiles)
  func `G100 a thread is charged the ticks that found it running`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let actor = world.thread(
      priority: 10, [.compute(.milliseconds(2)), .sleep(milliseconds: 3), .compute(.milliseconds(4))])
    let idle = world.makeThread()
    world.sleep(milliseconds: 20)
    let call = { (slot: CapabilitySlot) in
      SystemCall(
        tag: MessageTag(label: KernelProtocol.thread, words: 1), target: ObjectReference(slot: slot, operation: .call),
        words: [Opcode.Thread.statistics])
    }
    #expect(world.call(call(actor.slot)).words[0] == 6000)
    #expect(world.call(call(idle.slot)).words[0] == 0)
  }
}
