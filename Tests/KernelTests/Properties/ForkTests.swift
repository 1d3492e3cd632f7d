import Determinism
import FiascoABI
import FiascoMachine
import RISCV
import Testing

@testable import FiascoKernel

/// A forked machine and its original: neither sees what happens to the other.
struct ForkTests {
  /// Three threads of machine code in the root task's window.
  private static func machine(_ profile: KernelProfile.Name) throws -> Node {
    var world = KernelWorld(.named(profile))
    let server = world.makeThread()
    let client = world.makeThread()
    let counter = world.makeThread()
    let code = try program(gate: world.gate(server, label: 0x40))
    code.bytes.withUnsafeBytes { bytes in
      guard let source = bytes.baseAddress else { return }
      world.kernel.memory.writable(KernelWorld.kernelFrames).copyMemory(from: source, byteCount: bytes.count)
    }
    for (actor, name) in [(server, "server"), (client, "client"), (counter, "counter")] {
      let entry = try #require(code.address(of: name))
      world.exchangeRegisters(actor, ip: entry, sp: KernelWorld.window + 0x2000)
      world.runThread(actor, priority: name == "counter" ? 9 : 10)
    }
    // The root sleeps for ever: from here on only machine code runs.
    world.kernel.registers[0].a0 = 0
    world.kernel.registers[0].a1 = ObjectReference.special(.receive).raw
    world.kernel.registers[0].a2 = 0
    world.node.enterKernel { $0.systemCall() }
    world.kernel.recordsEvents = true
    return world.node
  }

  /// A server that answers for ever, a client that calls it every millisecond, and somebody who counts.
  private static func program(gate: CapabilitySlot) throws(AssemblyError) -> AssembledProgram {
    var code = Assembler(base: KernelWorld.window)
    func call(_ tag: MessageTag, _ target: ObjectReference, _ timeouts: IPCTimeouts = .never) {
      code.li(.a0, Int64(bitPattern: tag.raw))
      code.li(.a1, Int64(bitPattern: target.raw))
      code.li(.a2, Int64(bitPattern: timeouts.raw))
      code.ecall()
    }
    code.label("server")
    call(MessageTag(), .special(.wait))
    code.label("serve")
    call(MessageTag(label: 1, words: 2), .special(.replyAndWait))
    code.j("serve")
    code.label("client")
    call(MessageTag(label: 2, words: 3), ObjectReference(slot: gate, operation: .call))
    code.addi(.s0, .s0, 1)
    code.sd(.s0, 0, .sp)
    call(MessageTag(), .special(.receive), .receive(milliseconds: 1))
    code.j("client")
    code.label("counter")
    code.addi(.s1, .s1, 1)
    code.sd(.s1, 64, .sp)
    code.j("counter")
    return try code.assemble()
  }

  private func digest(_ node: borrowing Node) -> StateDigest {
    var digest = StateDigest()
    node.digest(into: &digest)
    digest.combine(node.traceDigest.value)
    return digest
  }

  /// Something that changes a machine: time, a cancelled thread, a word of memory, a new object.
  private func disturb(_ node: inout Node, _ random: inout SeededGenerator) {
    switch random.next(below: 5) {
    case 0, 1: _ = node.run(until: node.now + .microseconds(Int64(random.next(below: 3000))))
    case 2:
      let frame = KernelWorld.kernelFrames + 1 + random.next(below: 20)
      node.kernel.memory.store(random.next(), frame: frame, offset: 8 * random.next(below: 512))
    case 3:
      let t = node.kernel.threads.indices.map { ThreadID($0) }[random.next(below: node.kernel.threads.count)]
      node.enterKernel { kernel in
        kernel.threads[t.slot].flags.insert(.cancel)
        kernel.makeReady(t)
      }
    default:
      let task = random.next(below: 2)
      node.enterKernel { kernel in
        if task == 0 {
          _ = kernel.makeTask(payer: ObjectID(0))
        } else {
          _ = kernel.makeGate(payer: ObjectID(0), thread: .none, label: 0)
        }
      }
    }
  }

  @Test(arguments: KernelProfile.Name.allCases, 0..<8 as Range<UInt64>)
  func `what happens to one side leaves the other as it was`(_ profile: KernelProfile.Name, _ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var original = try Self.machine(profile)
    for _ in 0..<10 {
      _ = original.run(until: original.now + .microseconds(Int64(1 + random.next(below: 4000))))
      var copy = original.fork()
      let before = digest(original)
      #expect(digest(copy) == before)
      for _ in 0..<5 { disturb(&copy, &random) }
      #expect(digest(original) == before)
      let changed = digest(copy)
      for _ in 0..<5 { disturb(&original, &random) }
      #expect(digest(copy) == changed)
      #expect(original.kernel.checkInvariants() == [])
      #expect(copy.kernel.checkInvariants() == [])
      if random.next(below: 2) == 0 { swap(&original, &copy) }
    }
  }

  @Test(arguments: KernelProfile.Name.allCases, 0..<8 as Range<UInt64>)
  func `a machine that is forked on its way ends like one that runs straight`(
    _ profile: KernelProfile.Name, _ seed: UInt64
  ) throws {
    var random = SeededGenerator(seed: seed)
    var straight = try Self.machine(profile)
    let end = straight.now + .milliseconds(40)
    _ = straight.run(until: end)
    var node = try Self.machine(profile)
    while node.now < end {
      _ = node.run(until: min(end, node.now + .nanoseconds(Int64(1 + random.next(below: 4_000_000)))))
      var next = node.fork()
      // The one left behind goes somewhere else.
      disturb(&node, &random)
      swap(&node, &next)
    }
    #expect(node.now == straight.now)
    #expect(node.traceDigest == straight.traceDigest)
    #expect(digest(node) == digest(straight))
    // And it was no standstill.
    #expect(straight.kernel.registers[2][.s0] > 5)
  }
}
