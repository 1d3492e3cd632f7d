import Determinism
import FiascoABI
import Testing

@testable import FiascoKernel

/// What one core does to a thread of another.
struct RemoteOperationTests {
  static let profiles = KernelProfile.Name.allCases

  // MARK: Cancel and timeout against a queue elsewhere

  @Test(arguments: profiles)
  func `a cancel ends the wait in the queue of another core`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile), cores: 2)
    let busy = world.thread(priority: 10, core: 1, [.compute(.milliseconds(4)), .wait(timeouts: .receiveZero)])
    let sender = world.thread(priority: 10, core: 0, [.send(busy.slot), .mark("on")])
    world.sleep(milliseconds: 2)
    world.cancel(sender)
    world.sleep(milliseconds: 4)
    #expect(world.outcome(sender) == "err6,p0,w0,i0")
    #expect(world.outcome(busy) == "err3,p0,w0,i0")
    #expect(world.order == "on")
  }

  @Test(arguments: profiles)
  func `a timeout ends the wait in the queue of another core`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile), cores: 2)
    let busy = world.thread(priority: 10, core: 1, [.compute(.milliseconds(6)), .wait(timeouts: .receiveZero)])
    let sender = world.thread(priority: 10, core: 0, [.send(busy.slot, timeouts: .send(milliseconds: 3))])
    world.sleep(milliseconds: 2)
    #expect(world.outcome(sender) == "pending")
    world.sleep(milliseconds: 6)
    #expect(world.outcome(sender) == "err2,p0,w0,i0")
    #expect(world.outcome(busy) == "err3,p0,w0,i0")
  }

  /// The cancel comes before the request has reached the other core, while it is there, when the answer is on its way.
  @Test(arguments: profiles, 0..<14)
  func `a cancel at any moment of a call loses no wake-up`(_ profile: KernelProfile.Name, _ moment: Int) {
    var world = KernelWorld(.named(profile), cores: 2)
    let server = world.thread(priority: 10, core: 1, [.wait(), .reply(timeouts: .receive(milliseconds: 3))])
    let client = world.thread(
      priority: 20, core: 0, [.compute(.microseconds(995)), .call(server.slot), .mark("on")])
    _ = world.thread(
      priority: 10, core: 0, [.compute(.microseconds(Int64(moment) * 5 + 1)), .cancel(client.slot)])
    _ = world.thread(priority: 5, core: 0, [.spin])
    world.sleep(milliseconds: 10)
    #expect(["p85,w1,i0,m77", "err7,p7,w2,i0", "err6,p0,w0,i0"].contains(world.outcome(client)))
    #expect(world.order == "on")
    #expect(!world.results(server.id).isEmpty || world.outcome(client) == "err6,p0,w0,i0")
  }

  // MARK: ex_regs

  @Test(arguments: profiles)
  func `a thread of another core is started, and runs there`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile), cores: 2)
    let actor = world.makeThread()
    world.append([.mark("started"), .spin], to: actor.id)
    world.runThread(actor, priority: 10, core: 1)
    world.sleep(milliseconds: 1)
    let before = world.node.now
    let answer1 = world.exchangeRegisters(actor, ip: 0x7000_1000)
    #expect(answer1 == 0)
    #expect(world.node.now - before == .microseconds(20), "request and answer travel")
    world.sleep(milliseconds: 1)
    #expect(world.order == "started")
    #expect(world.kernel.threads[actor.id.slot].core == 1)
  }

  @Test(arguments: profiles)
  func `ex_regs on another core answers with the registers and cancels there`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile), cores: 2)
    let actor = world.thread(priority: 10, core: 1, [.wait(), .mark("cancelled"), .spin])
    world.sleep(milliseconds: 1)
    let pc = world.kernel.registers[actor.id.slot].pc
    world.cancel(actor)
    #expect(world.kernel.messageWord(world.root, 1) == pc)
    world.sleep(milliseconds: 1)
    #expect(world.order == "cancelled")
    #expect(world.outcome(actor) == "err7,p0,w0,i0")
  }

  @Test(arguments: profiles)
  func `a running thread of another core raises the exception it was told to`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile), cores: 2)
    let handler = world.thread(priority: 10, core: 0, [.wait(), .mark("handler")])
    let actor = world.thread(priority: 10, handler: handler.slot, core: 1, [.spin])
    world.sleep(milliseconds: 1)
    world.trigger(actor)
    world.sleep(milliseconds: 1)
    #expect(world.order == "handler")
    #expect(world.results(handler.id).first?.tag.label == KernelProtocol.exception)
    #expect(world.kernel.threads[actor.id.slot].flags.contains(.inException))
  }

  @Test(arguments: profiles)
  func `a send of ex_regs without a receive phase still happens before the sender goes on`(
    _ profile: KernelProfile.Name
  ) {
    var world = KernelWorld(.named(profile), cores: 2)
    let actor = world.thread(priority: 10, core: 1, [.wait(), .mark("cancelled"), .spin])
    world.sleep(milliseconds: 1)
    let words = [Opcode.Thread.exchangeRegisters | ExchangeRegisters.cancel, ~0, ~0]
    world.invoke(actor.slot, KernelProtocol.thread, words, operation: .send)
    #expect(world.order == "cancelled")
    #expect(world.kernel.messageWord(world.root, 0) == words[0])
  }

  // MARK: Kill

  @Test(arguments: profiles, ["spin", "wait", "send", "sleep"])
  func `a thread of another core dies, whatever it does`(_ profile: KernelProfile.Name, _ what: String) {
    var world = KernelWorld(.named(profile), cores: 2)
    let other = world.thread(priority: 10, core: 0, [.compute(.milliseconds(100))])
    let steps: [String: Step] = [
      "spin": .spin, "wait": .wait(), "send": .send(other.slot), "sleep": .sleep(milliseconds: 3),
    ]
    let victim = world.thread(priority: 10, core: 1, [steps[what] ?? .spin])
    let caller = world.thread(priority: 10, core: 0, [.call(victim.slot, timeouts: .receive(milliseconds: 5))])
    world.sleep(milliseconds: 1)
    world.drop(victim.slot)
    world.sleep(milliseconds: 1)
    let isPresent = world.isPresent(victim.id)
    #expect(!isPresent)
    world.sleep(milliseconds: 120)
    #expect(world.kernel.allRequests.isEmpty)
    #expect(!world.outcome(caller).isEmpty)
  }

  @Test(arguments: profiles, 0..<8)
  func `whoever is killed while it waits for another core dies when the answer has come`(
    _ profile: KernelProfile.Name, _ moment: Int
  ) {
    var world = KernelWorld(.named(profile), cores: 2)
    let server = world.thread(priority: 10, core: 1, [.wait(), .mark("served"), .spin])
    let victim = world.thread(priority: 10, core: 0, [.compute(.microseconds(995)), .send(server.slot)])
    let words: [UInt64] = [
      Opcode.Task.unmap, UnmapMask.own | UnmapMask.deleteObjects, FlexPage.objects(victim.slot).raw,
    ]
    let kill = SystemCall(
      tag: MessageTag(label: KernelProtocol.task, words: 3),
      target: ObjectReference(slot: .task, operation: .call), words: words)
    _ = world.thread(priority: 20, core: 1, [.compute(.microseconds(990 + Int64(moment) * 3)), .call(kill)])
    world.sleep(milliseconds: 4)
    let isPresent = world.isPresent(victim.id)
    #expect(!isPresent)
    #expect(world.kernel.allRequests.isEmpty)
  }

  // MARK: IRQs and semaphores

  @Test(arguments: profiles)
  func `an IRQ reaches a thread of another core, as often as the profile says`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile), cores: 2)
    let actor = world.makeThread()
    let irq = world.irq(actor, label: 0x80)
    let wait = Step.wait(timeouts: .receive(milliseconds: 2))
    world.append([wait, wait, wait, wait], to: actor.id)
    world.start(actor, priority: 10, core: 1)
    for _ in 0..<3 { world.raise(irq) }
    world.sleep(milliseconds: 12)
    let delivered = world.results(actor.id).filter { $0.ipcError == nil && $0.label == 0x80 }
    #expect(delivered.count == (profile == .modern ? 1 : 3))
    #expect(world.results(actor.id).count == 4)
  }

  @Test(arguments: profiles)
  func `an IRQ that dies on its way to another core is not delivered`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile), cores: 2)
    let actor = world.makeThread()
    let irq = world.irq(actor, label: 0x80)
    world.append([.wait(timeouts: .receive(milliseconds: 2))], to: actor.id)
    world.start(actor, priority: 10, core: 1)
    world.sleep(milliseconds: 1)
    world.raise(irq)
    world.drop(irq)
    _ = world.irq(nil)
    world.sleep(milliseconds: 5)
    #expect(world.outcome(actor) == "err3,p0,w0,i0")
  }

  @Test func `a semaphore wakes a thread of another core`() {
    var world = KernelWorld(.modern, cores: 2)
    let slot = world.newSlot()
    world.create(KernelProtocol.semaphore, into: slot, [0])
    let down = SystemCall(
      tag: MessageTag(label: KernelProtocol.semaphore, words: 1),
      target: ObjectReference(slot: slot, operation: .call), words: [0])
    let actor = world.thread(priority: 10, core: 1, [.call(down), .mark("down")])
    world.sleep(milliseconds: 1)
    #expect(world.order.isEmpty)
    world.raise(slot)
    world.sleep(milliseconds: 1)
    #expect(world.order == "down")
    #expect(world.outcome(actor) == "p0,w0,i0")
  }

  // MARK: The rest

  @Test(arguments: profiles)
  func `switching to a thread of another core does nothing`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile), cores: 2)
    let other = world.thread(priority: 10, core: 1, [.spin])
    world.sleep(milliseconds: 1)
    let before = world.node.now
    let answer2 = world.invoke(other.slot, KernelProtocol.thread, [Opcode.Thread.switchTo])
    #expect(answer2 == 0)
    #expect(world.node.now == before)
  }

  @Test(arguments: profiles)
  func `the labels of senders are changed on the receiver's own core`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile), cores: 2)
    let other = world.thread(priority: 10, core: 1, [.spin])
    world.sleep(milliseconds: 1)
    let label = world.invoke(other.slot, KernelProtocol.thread, [Opcode.Thread.modifySenders, 0, 0, 0, 0])
    #expect(label == (profile == .modern ? InvocationError.invalidArgument.rawValue : 0))
  }

  @Test(arguments: profiles)
  func `the time a thread of another core has used is asked for there`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile), cores: 2)
    let other = world.thread(priority: 10, core: 1, [.spin])
    world.sleep(milliseconds: 5)
    let answer3 = world.invoke(other.slot, KernelProtocol.thread, [Opcode.Thread.statistics])
    #expect(answer3 == 0)
    #expect(world.kernel.messageWord(world.root, 0) == 5000)
  }
}
