import Determinism
import FiascoABI
import FiascoMachine
import RISCV
import Testing

@testable import FiascoKernel

/// Cores really run side by side, in a reproducible order.
struct ParallelTests {
  static let profiles = KernelProfile.Name.allCases

  @Test(arguments: profiles, [1, 2, 4])
  func `two threads on two cores finish in half the time`(_ profile: KernelProfile.Name, _ cores: Int) {
    var world = KernelWorld(.named(profile), cores: cores)
    for number in 0..<4 {
      _ = world.thread(priority: 10, core: number % cores, [.compute(.milliseconds(12)), .mark("done")])
    }
    world.sleep(milliseconds: UInt64(48 / cores - 1))
    let before = world.log.count
    world.sleep(milliseconds: 2)
    #expect(world.log.count == 4)
    #expect(before < 4)
  }

  @Test(arguments: profiles)
  func `every core has its own ready list and its own slices`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile), cores: 2)
    func worker(_ name: String) -> [Step] { (0..<3).flatMap { _ in [Step.mark(name), .compute(.milliseconds(10))] } }
    for name in ["a", "b"] { _ = world.thread(priority: 10, core: 0, worker(name)) }
    // A high priority there is nothing to those here.
    _ = world.thread(priority: 90, core: 1, worker("X"))
    world.sleep(milliseconds: 70)
    #expect(world.log.filter { $0 != "X" }.joined() == "bababa")
    #expect(world.log.prefix(5).contains("X"))
  }

  // MARK: Machine code on shared memory

  /// Two threads that hand a turn to each other through memory, with atomic instructions, and count.
  private static func pingPong() throws(AssemblyError) -> AssembledProgram {
    var code = Assembler(base: KernelWorld.window)
    for (name, mine) in [("ping", Int64(0)), ("pong", Int64(1))] {
      code.label(name)
      code.li(.s0, Int64(KernelWorld.window + 0x1000))
      code.li(.s1, 1)
      code.label(name + ".wait")
      code.ld(.t0, 0, .s0)
      code.andi(.t0, .t0, 1)
      code.li(.t1, mine)
      code.bne(.t0, .t1, name + ".wait")
      code.emit(.amoadd, .double, .t2, .s1, .s0)
      code.j(name + ".wait")
    }
    return try code.assemble()
  }

  private static func machine(_ profile: KernelProfile.Name) throws -> Node {
    var world = KernelWorld(.named(profile), cores: 2)
    let actors = [world.makeThread(), world.makeThread()]
    let code = try pingPong()
    code.bytes.withUnsafeBytes { bytes in
      guard let source = bytes.baseAddress else { return }
      world.kernel.memory.writable(KernelWorld.kernelFrames).copyMemory(from: source, byteCount: bytes.count)
    }
    for (core, name) in ["ping", "pong"].enumerated() {
      let entry = try #require(code.address(of: name))
      world.exchangeRegisters(actors[core], ip: entry)
      world.runThread(actors[core], priority: 10, core: core)
    }
    world.kernel.registers[0].a0 = 0
    world.kernel.registers[0].a1 = ObjectReference.special(.receive).raw
    world.kernel.registers[0].a2 = 0
    world.node.enterKernel { $0.systemCall() }
    world.kernel.recordsEvents = true
    return world.node
  }

  private static func digest(_ node: borrowing Node) -> UInt64 {
    var digest = StateDigest()
    node.digest(into: &digest)
    digest.combine(node.traceDigest.value)
    return digest.value
  }

  private static func turns(_ node: borrowing Node) -> UInt64 {
    node.kernel.memory.load(frame: KernelWorld.kernelFrames + 1, offset: 0, as: UInt64.self)
  }

  @Test(arguments: profiles)
  func `a game of turns in shared memory goes the same way every time`(_ profile: KernelProfile.Name) throws {
    var first = try Self.machine(profile)
    var second = try Self.machine(profile)
    let end = first.now + .milliseconds(20)
    #expect(first.run(until: end) == .reached)
    // The second one is stopped and continued often.
    while second.now < end { _ = second.run(until: min(end, second.now + .microseconds(1234))) }
    #expect(Self.turns(first) == Self.turns(second))
    #expect(Self.turns(first) > 100)
    _ = first.run(until: end + .milliseconds(5))
    _ = second.run(until: end + .milliseconds(5))
    #expect(first.kernel.checkInvariants() == [])
  }

  @Test(arguments: profiles)
  func `two runs and a fork of several cores have equal digests`(_ profile: KernelProfile.Name) throws {
    var first = try Self.machine(profile)
    var second = try Self.machine(profile)
    for step in 1...8 {
      let until = first.now + .microseconds(Int64(step) * 777)
      _ = first.run(until: until)
      _ = second.run(until: until)
      #expect(Self.digest(first) == Self.digest(second))
    }
    var fork = first.fork()
    #expect(Self.digest(fork) == Self.digest(first))
    let until = first.now + .milliseconds(7)
    _ = fork.run(until: until)
    #expect(Self.digest(second) != Self.digest(fork))
    _ = first.run(until: until)
    #expect(Self.digest(fork) == Self.digest(first))
  }

  // MARK: Random life on several cores

  /// Threads on three cores do random things to each other; every table is checked after every entry.
  @Test(arguments: profiles, 0..<6 as Range<UInt64>)
  func `nothing is lost in random histories of several cores`(_ profile: KernelProfile.Name, _ seed: UInt64) {
    var world = KernelWorld(.named(profile), cores: 3)
    world.checksSpaces = false
    var random = SeededGenerator(seed: seed)
    let actors = (0..<5).map { _ in world.makeThread() }
    let irqs = [world.irq(actors[0], label: 0x80), world.irq(actors[1], label: 0x84)]
    let gates = [world.gate(actors[2], label: 0x40), world.gate(actors[3], label: 0x44)]
    for actor in actors {
      let steps = (0..<60).map { _ in Self.randomStep(actors, irqs, gates, &random) }
      world.append(steps, to: actor.id)
      world.start(actor, priority: 10 + UInt64(random.next(below: 3)), core: random.next(below: 3))
    }
    for _ in 0..<40 {
      world.sleep(milliseconds: 1 + UInt64(random.next(below: 2)))
      let actor = actors[random.next(below: actors.count)]
      switch random.next(below: 4) {
      case 0: world.cancel(actor)
      case 1: world.runThread(actor, priority: 10 + UInt64(random.next(below: 3)), core: random.next(below: 3))
      case 2: world.raise(irqs[random.next(below: 2)])
      default: world.invoke(actor.slot, 7, [1], operation: .send, timeouts: .zero)
      }
    }
    #expect(actors.reduce(0) { $0 + world.results($1.id).count } > 60)
    for actor in actors where random.next(below: 2) == 0 { world.drop(actor.slot) }
    world.sleep(milliseconds: 20)
    #expect(world.kernel.allRequests.isEmpty)
  }

  private static func randomStep(
    _ actors: [Actor], _ irqs: [CapabilitySlot], _ gates: [CapabilitySlot], _ random: inout SeededGenerator
  ) -> Step {
    let other = actors[random.next(below: actors.count)]
    let brief = IPCTimeouts(send: .relative(microseconds: 1000), receive: .relative(microseconds: 2000))
    switch random.next(below: 9) {
    case 0: return .compute(.microseconds(Int64(random.next(below: 1500))))
    case 1: return .send(other.slot, timeouts: brief)
    case 2: return .call(other.slot, timeouts: brief)
    case 3: return .call(gates[random.next(below: 2)], timeouts: brief)
    case 4: return .wait(timeouts: brief)
    case 5: return .reply(timeouts: brief)
    case 6: return .receive(other.slot, timeouts: brief)
    case 7: return .request(irqs[random.next(below: 2)], .send, words: [Opcode.IRQ.trigger])
    default: return .request(gates[random.next(below: 2)], .sendAndWait, timeouts: brief)
    }
  }
}
