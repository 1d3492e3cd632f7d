import FiascoABI
import Testing

@testable import FiascoKernel

/// Triggers that count and triggers that coalesce. Ids are those of the golden cases.
struct IRQTests {
  static let profiles = KernelProfile.Name.allCases

  @Test(arguments: [(KernelProfile.Name.r67, 3), (.modern, 1)])
  func `G88 G92 three triggers are three messages in profile r67 and one today`(
    _ profile: KernelProfile.Name, _ count: Int
  ) {
    var world = KernelWorld(.named(profile))
    let owner = world.makeThread()
    let irq = world.irq(owner, label: 0x40)
    world.append((0..<4).map { _ in Step.receive(irq, timeouts: .receiveZero) }, to: owner.id)
    world.start(owner, priority: 10)
    for _ in 0..<3 { world.raise(irq) }
    world.sleep(milliseconds: 2)
    let expected = (0..<4).map { $0 < count ? "p0,w0,i0,L40" : "err3,p0,w0,i0" }
    #expect((0..<4).map { world.outcome(owner, $0) } == expected)
  }

  @Test(arguments: profiles)
  func `triggers beside a waiting owner are one message each`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let owner = world.thread(priority: 10, [.wait(), .wait(), .wait()])
    let irq = world.irq(owner, label: 0x40)
    for _ in 0..<3 {
      world.sleep(milliseconds: 1)
      world.raise(irq)
    }
    world.sleep(milliseconds: 1)
    #expect(world.results(owner.id).map(\.label) == [0x40, 0x40, 0x40])
  }

  @Test(arguments: [(KernelProfile.Name.r67, -22 as Int64), (.modern, 0)])
  func `G89 an attached IRQ can be bound again today, and what is pending moves`(
    _ profile: KernelProfile.Name, _ answer: Int64
  ) {
    var world = KernelWorld(.named(profile))
    let first = world.thread(priority: 10, [.sleep(milliseconds: 3), .wait(timeouts: .receiveZero)])
    let second = world.thread(priority: 10, [.sleep(milliseconds: 3), .wait(timeouts: .receiveZero)])
    let irq = world.irq(first, label: 0x40)
    world.raise(irq)
    #expect(world.attach(irq, to: second, label: 0x80) == answer)
    world.sleep(milliseconds: 5)
    #expect(world.outcome(first, 1) == (profile == .r67 ? "p0,w0,i0,L40" : "err3,p0,w0,i0"))
    #expect(world.outcome(second, 1) == (profile == .r67 ? "err3,p0,w0,i0" : "p0,w0,i0,L80"))
  }

  @Test(arguments: profiles, [5, 10, 20] as [UInt64])
  func `G90 an IRQ's receiver runs at once unless the trigger comes from a higher priority`(
    _ profile: KernelProfile.Name, _ priority: UInt64
  ) {
    var world = KernelWorld(.named(profile))
    let owner = world.thread(priority: 10, [.wait(), .mark("owner")])
    let irq = world.irq(owner, label: 0x40)
    world.sleep(milliseconds: 1)
    let trigger = SystemCall(
      tag: MessageTag(label: KernelProtocol.irq, words: 1), target: ObjectReference(slot: irq, operation: .send),
      words: [Opcode.IRQ.trigger])
    _ = world.thread(priority: priority, [.call(trigger), .mark("trigger")])
    world.sleep(milliseconds: 1)
    #expect(world.order == (priority == 20 ? "trigger owner" : "owner trigger"))
  }

  @Test(arguments: profiles)
  func `G91 a closed receive from an IRQ lets other senders wait`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let owner = world.makeThread()
    let irq = world.irq(owner, label: 0x40)
    world.append([.receive(irq), .wait()], to: owner.id)
    world.start(owner, priority: 10)
    let sender = world.thread(priority: 20, [.sleep(milliseconds: 1), .send(owner.slot)])
    world.sleep(milliseconds: 3)
    #expect(world.outcome(sender, 1) == "pending")
    world.raise(irq)
    world.sleep(milliseconds: 1)
    #expect(world.outcome(owner) == "p0,w0,i0,L40")
    #expect(world.outcome(owner, 1) == "p7,w2,i0,m11:12")
  }

  @Test(arguments: profiles)
  func `G93 what is pending is lost with the attachment in profile r67 and kept today`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let owner = world.makeThread()
    world.append([.wait(timeouts: .receiveZero)], to: owner.id)
    let irq = world.irq(owner, label: 0x40)
    world.raise(irq)
    #expect(world.detach(irq) == (profile == .modern ? 1 : 0))
    #expect(world.detach(irq) == (profile == .modern ? -2 : 0))
    world.attach(irq, to: owner, label: 0x80)
    world.start(owner, priority: 10)
    world.sleep(milliseconds: 1)
    #expect(world.outcome(owner) == (profile == .modern ? "p0,w0,i0,L80" : "err3,p0,w0,i0"))
  }

  @Test(arguments: profiles)
  func `G95 a cancelled wait leaves the IRQ as it was`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let owner = world.makeThread()
    let irq = world.irq(owner, label: 0x40)
    world.append([.receive(irq), .sleep(milliseconds: 2), .receive(irq, timeouts: .receiveZero)], to: owner.id)
    world.start(owner, priority: 10)
    world.sleep(milliseconds: 1)
    world.cancel(owner)
    world.sleep(milliseconds: 1)
    #expect(world.outcome(owner) == "err7,p0,w0,i0")
    world.raise(irq)
    world.sleep(milliseconds: 4)
    #expect(world.outcome(owner, 2) == "p0,w0,i0,L40")
  }

  @Test(arguments: profiles)
  func `a wait for a deleted IRQ goes on, whatever takes its place`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let owner = world.makeThread()
    let irq = world.irq(owner, label: 0x40)
    world.append([.receive(irq)], to: owner.id)
    world.start(owner, priority: 10)
    world.sleep(milliseconds: 1)
    world.drop(irq)
    // The new object gets the old one's place in the kernel's table.
    world.raise(world.irq(owner, label: 0x80))
    world.sleep(milliseconds: 1)
    #expect(world.outcome(owner) == "pending")
    world.cancel(owner)
    world.sleep(milliseconds: 1)
    #expect(world.outcome(owner) == "err7,p0,w0,i0")
  }

  @Test(arguments: profiles)
  func `what is pending at a thread that dies stays pending`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let victim = world.thread(priority: 10, [.sleep(milliseconds: 100)])
    let irq = world.irq(victim, label: 0x40)
    world.sleep(milliseconds: 1)
    world.raise(irq)
    world.drop(victim.slot)
    world.sleep(milliseconds: 1)
    world.raise(irq)
    #expect(world.detach(irq) == (profile == .modern ? 1 : 0))
    // Nothing refers to the victim any more.
    #expect(world.kernel.threads.contains(victim.id.slot) == false)
  }
}
