import Determinism
import FiascoABI
import FiascoMachine
import Testing

@testable import FiascoKernel

/// Labels of queued senders are rewritten, fifty at a time: between two parts interrupts are let in.
struct ModifySendersTests {
  static let profiles = KernelProfile.Name.allCases

  @Test(arguments: profiles)
  func `the first rule that fits rewrites a queued label, also that of an IRQ`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 10, [.sleep(milliseconds: 3)] + (0..<4).map { _ in .wait() })
    let doors = [0x200, 0x400, 0x600].map { world.gate(server, label: $0) }
    for door in doors { _ = world.thread(priority: 20, [.send(door)]) }
    let irq = world.irq(server, label: 0x1000)
    world.raise(irq)
    world.sleep(milliseconds: 1)
    let rules: [UInt64] = [
      ~3, 0x200, ~0, 0x500, ~0xff, 0x400, 0x400, 0x8, ~0, 0x1000, ~0, 0x70, 0, 1, ~0, 0x999,
    ]
    #expect(
      world.invoke(server.slot, KernelProtocol.thread, [Opcode.Thread.modifySenders] + rules) == 0)
    world.sleep(milliseconds: 5)
    #expect(world.results(server.id).dropFirst().map(\.label).sorted() == [0xb, 0x70, 0x500, 0x603])
  }

  @Test(arguments: profiles, 0...4)
  func `less than one rule changes nothing`(_ profile: KernelProfile.Name, _ words: Int) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 10, [.sleep(milliseconds: 3), .wait()])
    _ = world.thread(priority: 20, [.send(world.gate(server, label: 0x200))])
    world.sleep(milliseconds: 1)
    let rule = Array([Opcode.Thread.modifySenders, 0, 0, ~0, 0x500].prefix(max(1, words)))
    #expect(world.invoke(server.slot, KernelProtocol.thread, rule) == 0)
    world.sleep(milliseconds: 5)
    #expect(world.results(server.id).last?.label == 0x203)
  }

  // MARK: Preemption points

  private static let mark: UInt64 = 0x8_0000
  /// Marks whatever is not marked.
  private static let rule: [UInt64] = [Opcode.Thread.modifySenders, mark, 0, 0, mark]

  private static func modify(_ server: Actor) -> Step {
    .call(
      SystemCall(
        tag: MessageTag(label: KernelProtocol.thread, words: rule.count),
        target: ObjectReference(slot: server.slot, operation: .call), words: rule))
  }

  /// Thirty IRQs and some threads are queued at a server, and a driver above everybody waits for a device. Only
  /// rewriting labels takes time: a part of fifty takes five microseconds.
  private struct World: ~Copyable {
    var world: KernelWorld
    let server: Actor
    let driver: Actor
    var senders: [Actor] = []
    /// An IRQ that has not been triggered yet.
    let fresh: CapabilitySlot

    init(_ profile: KernelProfile.Name, threads: Int = 40, cores: Int = 1) {
      let costs = CostModel { work in
        CostModel.Entry(base: 0, perUnit: work == .copyWords ? 1 : 0, status: .assumed, source: "test of behaviour")
      }
      world = KernelWorld(.named(profile), cores: cores, costs: costs)
      world.checksSpaces = false
      let waits = (0..<75).map { _ in Step.wait(timeouts: .receive(milliseconds: 1)) }
      server = world.thread(priority: 10, [.sleep(milliseconds: 20)] + waits)
      driver = world.makeThread()
      let device = world.irq(driver, label: 0x40)
      // The first end of interrupt lets the device's requests in.
      let acknowledgeAndWait = SystemCall(
        tag: MessageTag(label: KernelProtocol.irq, words: 1), target: ObjectReference(slot: device, operation: .call),
        words: [Opcode.IRQ.endOfInterrupt])
      world.append([.call(acknowledgeAndWait)], to: driver.id)
      _ = world.bindPin(device, 3)
      world.start(driver, priority: 252)
      fresh = world.irq(server, label: 0x4000)
      world.sleep(milliseconds: 1)
      for number in 0..<30 { world.raise(world.irq(server, label: 0x1000 + 4 * UInt64(number))) }
      for number in 0..<threads {
        let label = 0x2000 + 4 * UInt64(number)
        senders.append(world.thread(priority: 20, [.send(server.slot, label: label), .mark("sent")]))
      }
      world.sleep(milliseconds: 1)
    }

    /// The root thread rewrites; the device signals while the first part is under way.
    mutating func modify() -> Int64 {
      world.node.scheduleInterrupt(3, at: world.node.now + .microseconds(2))
      return world.invoke(server.slot, KernelProtocol.thread, ModifySendersTests.rule)
    }

    var queue: [SenderID] { world.kernel.senders(in: .thread(server.id)) }

    /// Labels the server receives.
    mutating func labels() -> [UInt64] {
      world.sleep(milliseconds: 40)
      return world.results(server.id).dropFirst().filter { $0.ipcError == nil }.map(\.label)
    }
  }

  @Test(arguments: profiles, [0, 20, 21, 40])
  func `a driver runs between two parts and finds the queue busy`(_ profile: KernelProfile.Name, _ threads: Int) {
    var world = World(profile, threads: threads)
    world.world.append([ModifySendersTests.modify(world.server), .mark("driver")], to: world.driver.id)
    let answer = world.modify()
    #expect(answer == 0)
    #expect(world.world.order == (threads > 20 ? "driver" : ""), "up to fifty senders are one part")
    let labels = world.labels()
    #expect(labels.count == 30 + threads)
    #expect(labels.allSatisfy { $0 & Self.mark != 0 })
    #expect(world.world.log.contains("driver"))
    #expect(world.world.results(world.driver.id).last?.tag.label == (threads > 20 ? -16 : 0))
  }

  @Test(arguments: profiles)
  func `who leaves meanwhile is passed over, who comes in front of the walk keeps its label`(
    _ profile: KernelProfile.Name
  ) {
    var world = World(profile)
    // The first of the second part, and two behind it.
    for place in [50, 51, 60] {
      guard let sender = world.senders.first(where: { $0.id == world.queue[place].thread }) else { continue }
      world.world.append([.cancel(sender.slot)], to: world.driver.id)
    }
    let trigger = SystemCall(
      tag: MessageTag(label: KernelProtocol.irq, words: 1),
      target: ObjectReference(slot: world.fresh, operation: .send), words: [Opcode.IRQ.trigger])
    // They leave when they run: they are above the root thread, and the driver gives way.
    for sender in world.senders { world.world.runThread(sender, priority: 251) }
    world.world.append([.call(trigger), .sleep(milliseconds: 1)], to: world.driver.id)
    let answer = world.modify()
    #expect(answer == 0)
    #expect(world.queue.count == 68)
    let labels = world.labels()
    #expect(labels.count == 68)
    #expect(labels.filter { $0 & Self.mark == 0 } == [0x4000])
  }

  @Test(arguments: profiles)
  func `the receiver may be deleted meanwhile`(_ profile: KernelProfile.Name) {
    var world = World(profile)
    let words: [UInt64] = [
      Opcode.Task.unmap, UnmapMask.own | UnmapMask.deleteObjects, FlexPage.objects(world.server.slot).raw,
    ]
    let delete = SystemCall(
      tag: MessageTag(label: KernelProtocol.task, words: 3), target: ObjectReference(slot: .task, operation: .call),
      words: words)
    // It dies in its own context: the driver lets it run.
    world.world.append([.call(delete), .sleep(milliseconds: 1)], to: world.driver.id)
    world.world.runThread(world.server, priority: 251)
    let answer = world.modify()
    #expect(answer == 0)
    #expect(world.world.kernel.threads[world.server.id.slot].isDead)
    world.world.sleep(milliseconds: 2)
    #expect(world.world.log.count == (profile == .modern ? 40 : 0))
  }

  /// A thread that is killed at a preemption point still finishes, and then dies.
  @Test(arguments: profiles)
  func `whoever rewrites may be killed meanwhile`(_ profile: KernelProfile.Name) {
    var world = World(profile)
    let actor = world.world.thread(
      priority: 100, [.compute(.microseconds(10)), Self.modify(world.server), .mark("survived")])
    let words: [UInt64] = [
      Opcode.Task.unmap, UnmapMask.own | UnmapMask.deleteObjects, FlexPage.objects(actor.slot).raw,
    ]
    let delete = SystemCall(
      tag: MessageTag(label: KernelProtocol.task, words: 3), target: ObjectReference(slot: .task, operation: .call),
      words: words)
    world.world.append([.call(delete)], to: world.driver.id)
    world.world.node.scheduleInterrupt(3, at: world.world.node.now + .microseconds(12))
    world.world.sleep(milliseconds: 2)
    #expect(world.world.isPresent(actor.id) == false)
    #expect(world.world.log.isEmpty)
    let labels = world.labels()
    #expect(labels.filter { $0 & Self.mark != 0 }.count == 70)
  }

  @Test(arguments: profiles)
  func `a receiver that has moved to another core is out of reach today`(_ profile: KernelProfile.Name) {
    var world = World(profile, cores: 2)
    let move = SystemCall(
      tag: MessageTag(label: KernelProtocol.scheduler, words: 5, items: 1),
      target: ObjectReference(slot: .scheduler, operation: .call),
      words: [
        Opcode.Scheduler.runThread, 0, 2, 10, 0, SendItem.map().raw, FlexPage.objects(world.server.slot).raw,
      ])
    world.world.append([.call(move)], to: world.driver.id)
    let answer = world.modify()
    #expect(world.world.outcome(world.driver, 1) == "p0,w0,i0")
    #expect(answer == (profile == .modern ? -22 : 0))
    if profile == .modern { #expect(world.world.kernel.threads[world.server.id.slot].nextModified.isNone) }
    let marked = world.labels().filter { $0 & Self.mark != 0 }.count
    #expect(marked == (profile == .modern ? 50 : 70))
    #expect(world.world.kernel.threads[world.server.id.slot].nextModified.isNone)
  }

  @Test(arguments: profiles)
  func `a receiver at home on another core is out of reach today before anything is changed`(
    _ profile: KernelProfile.Name
  ) {
    var world = World(profile, cores: 2)
    world.world.runThread(world.server, priority: 10, core: 1)
    world.world.sleep(milliseconds: 1)
    let answer = world.world.invoke(world.server.slot, KernelProtocol.thread, Self.rule)
    #expect(answer == (profile == .modern ? -22 : 0))
    #expect(world.labels().filter { $0 & Self.mark != 0 }.count == (profile == .modern ? 0 : 70))
  }

  @Test(arguments: profiles)
  func `nobody hears the end of a walk that was only sent, however many parts it had`(_ profile: KernelProfile.Name) {
    let outcomes = [0, 40].map { threads -> String in
      var world = World(profile, threads: threads)
      let order = SystemCall(
        tag: MessageTag(label: KernelProtocol.thread, words: Self.rule.count),
        target: ObjectReference(slot: world.server.slot, operation: .send), words: Self.rule)
      let actor = world.world.thread(priority: 100, [.call(order), .mark("on")])
      world.world.sleep(milliseconds: 1)
      #expect(world.world.log.contains("on"))
      return world.world.outcome(actor)
    }
    #expect(outcomes[0] == outcomes[1])
  }

  @Test(arguments: profiles)
  func `a long walk leaves the queue busy in profile r67, until the senders of its last part have gone`(
    _ profile: KernelProfile.Name
  ) {
    var world = World(profile)
    let rule = Self.rule
    let answers = (0..<2).map { _ in world.world.invoke(world.server.slot, KernelProtocol.thread, rule) }
    #expect(answers == [0, profile == .modern ? 0 : -16])
    #expect(world.labels().count == 70)
    let later = world.world.invoke(world.server.slot, KernelProtocol.thread, rule)
    #expect(later == 0)
  }
}
