import Determinism
import FiascoABI
import Testing

@testable import FiascoKernel

/// Threads that are sent to another core, in every state.
struct MigrationTests {
  static let profiles = KernelProfile.Name.allCases

  enum State: String, CaseIterable {
    case running, ready, waiting, sleeping, queued, calling, atGate, atSemaphore, notStarted, inException
  }

  /// What the thread would do if nobody moved it, it does after it was moved.
  @Test(arguments: profiles, State.allCases)
  func `a thread that moves keeps what it was doing`(_ profile: KernelProfile.Name, _ state: State) {
    if state == .atSemaphore, profile == .r67 { return }
    let expected = Self.run(.named(profile), state, moves: [])
    #expect(expected.contains("done"), "\(state)")
    for moves in [[1], [1, 0], [2, 1]] {
      #expect(Self.run(.named(profile), state, moves: moves) == expected, "\(state) to \(moves)")
    }
  }

  private static func run(_ profile: KernelProfile, _ state: State, moves: [Int]) -> String {
    var world = KernelWorld(profile, cores: 3)
    let server = world.thread(priority: 30, core: 0, [.sleep(milliseconds: 10), .wait(), .reply(.replyOnly), .wait()])
    let actor = world.makeThread(handler: server.slot)
    let gate = world.gate(nil)
    let slot = world.newSlot()
    if profile.name == .modern { world.create(KernelProtocol.semaphore, into: slot, [0]) }
    let down = SystemCall(
      tag: MessageTag(label: KernelProtocol.semaphore, words: 1), target: ObjectReference(slot: slot, operation: .call),
      words: [0])
    let step: Step =
      switch state {
      case .running, .ready, .notStarted: .compute(.milliseconds(8))
      case .waiting: .wait()
      case .sleeping: .sleep(milliseconds: 7)
      case .queued: .send(server.slot, timeouts: .send(milliseconds: 20))
      case .calling: .call(server.slot, timeouts: .receive(milliseconds: 20))
      case .atGate: .call(gate)
      case .atSemaphore: .call(down)
      case .inException: .trap(cause: 3, value: 0)
      }
    world.append([step, .mark("done")], to: actor.id)
    if state == .ready { _ = world.thread(priority: 20, core: 0, [.compute(.milliseconds(5))]) }
    if state == .notStarted { world.runThread(actor, priority: 10) } else { world.start(actor, priority: 10) }
    world.sleep(milliseconds: 2)
    for core in moves {
      let answer1 = world.runThread(actor, priority: 10, core: core)
      #expect(answer1 == 0)
      if core != moves.last { world.sleep(milliseconds: 1) }
    }
    world.sleep(milliseconds: 1)
    if let core = moves.last { #expect(Int(world.kernel.threads[actor.id.slot].core) == core) }
    switch state {
    case .waiting: world.invoke(actor.slot, 7, [1], operation: .send)
    case .atGate: world.bind(gate, to: server, label: 0x40)
    case .atSemaphore: world.raise(slot)
    case .notStarted: world.exchangeRegisters(actor, ip: 0x7000_1000)
    case .running, .ready, .sleeping, .queued, .calling, .inException: break
    }
    world.sleep(milliseconds: 30)
    return world.order + " " + world.results(actor.id).map { describe($0) }.joined(separator: " ")
  }

  @Test(arguments: profiles, [1, 2, 7, 8, 9])
  func `a timeout fires on the new core at the tick it would have fired on the old one`(
    _ profile: KernelProfile.Name, _ milliseconds: UInt64
  ) {
    var world = KernelWorld(.named(profile), cores: 2)
    let actor = world.thread(priority: 10, core: 0, [.sleep(milliseconds: milliseconds), .mark("awake"), .spin])
    world.sleep(milliseconds: 0)
    world.node.enterKernel { _ in }
    world.runThread(actor, priority: 10, core: 1)
    world.sleep(milliseconds: 1)
    for _ in 0..<12 where world.order.isEmpty { world.sleep(milliseconds: 1) }
    #expect(world.order == "awake")
    #expect(world.kernel.threads[actor.id.slot].core == 1)
  }

  @Test(arguments: profiles)
  func `a thread may send itself to another core`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile), cores: 2)
    let actor = world.makeThread()
    let move = SystemCall(
      tag: MessageTag(label: KernelProtocol.scheduler, words: 5, items: 1),
      target: ObjectReference(slot: .scheduler, operation: .call),
      words: [Opcode.Scheduler.runThread, 0, 2, 10, 0, SendItem.map().raw, FlexPage.objects(actor.slot).raw])
    world.append([.mark("here"), .call(move), .mark("there"), .spin], to: actor.id)
    world.start(actor, priority: 10)
    world.sleep(milliseconds: 1)
    #expect(world.order == "here there")
    #expect(world.outcome(actor) == "p0,w0,i0")
    #expect(world.kernel.threads[actor.id.slot].core == 1)
  }

  @Test(arguments: profiles)
  func `a receiver that moves takes its senders with it`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile), cores: 2)
    let receiver = world.thread(priority: 10, core: 0, [.compute(.milliseconds(4)), .wait(), .wait(), .mark("both")])
    let low = world.thread(priority: 12, core: 0, [.send(receiver.slot)])
    let high = world.thread(priority: 11, core: 1, [.send(receiver.slot)])
    world.sleep(milliseconds: 1)
    world.runThread(receiver, priority: 10, core: 1)
    world.sleep(milliseconds: 8)
    #expect(world.order == "both")
    #expect([low, high].allSatisfy { world.outcome($0) == "p7,w2,i0" || world.outcome($0) == "p7,w2,i0,m11:12" })
  }

  @Test(arguments: profiles)
  func `a set of cores without one of this machine leaves the thread where it is`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile), cores: 2)
    let actor = world.thread(priority: 10, core: 1, [.spin])
    let answer2 = world.runThread(actor, priority: 10, core: 40)
    #expect(answer2 == 0)
    world.sleep(milliseconds: 1)
    #expect(world.kernel.threads[actor.id.slot].core == 1)
  }

  @Test func `the scheduler names the cores there are`() {
    var world = KernelWorld(.modern, cores: 3)
    let answer3 = world.invoke(.scheduler, KernelProtocol.scheduler, [Opcode.Scheduler.info, 0])
    #expect(answer3 == 0)
    #expect(world.kernel.messageWord(world.root, 0) == 0b111)
    #expect(world.kernel.messageWord(world.root, 1) == 3)
    // From core 2 on; in groups of two.
    world.invoke(.scheduler, KernelProtocol.scheduler, [Opcode.Scheduler.info, 2])
    #expect(world.kernel.messageWord(world.root, 0) == 1)
    world.invoke(.scheduler, KernelProtocol.scheduler, [Opcode.Scheduler.info, 1 << 24])
    #expect(world.kernel.messageWord(world.root, 0) == 0b11)
    let answer4 = world.invoke(.scheduler, KernelProtocol.scheduler, [Opcode.Scheduler.info, 3])
    #expect(answer4 == -34)
  }

  @Test func `the idle time of every core can be asked for`() {
    var world = KernelWorld(.modern, cores: 2)
    _ = world.thread(priority: 10, core: 1, [.compute(.milliseconds(4))])
    world.sleep(milliseconds: 9)
    var idle: [UInt64] = []
    for core: UInt64 in 0..<2 {
      world.invoke(.scheduler, KernelProtocol.scheduler, [Opcode.Scheduler.idleTime, 0, 1 << core])
      idle.append(world.kernel.messageWord(world.root, 0) / 1000)
    }
    #expect(idle == [9, 5])
  }
}
