import Determinism
import RISCV
import Testing

/// Random instructions that store into themselves: the interpreter with everything cached against the same interpreter
/// that decodes each instruction anew.
@Suite struct SelfModificationTests {
  private static let pages = 4
  private static let region: Range<UInt64> = 0x1000..<0x5000

  /// Instructions of all kinds with random registers, many of them stores.
  private func contents(_ random: inout SeededGenerator) -> [UInt8] {
    let opcodes: [UInt32] = [0x03, 0x23, 0x23, 0x13, 0x33, 0x63, 0x63, 0x6f, 0x67, 0x17, 0x2f, 0x0b]
    var code = Assembler(base: Self.region.lowerBound)
    while code.bytes.count < Self.region.count {
      let bits = UInt32(truncatingIfNeeded: random.next())
      if random.next(below: 3) == 0 {
        code.half(UInt16(truncatingIfNeeded: bits))
      } else {
        // The sign bit and most of the upper immediate bits clear, so that targets stay near.
        code.word(bits & 0x07ff_ff80 | opcodes[random.next(below: opcodes.count)])
      }
    }
    return Array(code.bytes.prefix(Self.region.count))
  }

  private func machine(_ seed: UInt64) -> (TestMachine) {
    var random = SeededGenerator(seed: seed)
    var machine = TestMachine(pages: Self.pages + 1)
    machine.rights[0] = []
    machine.load(contents(&random), at: Self.region.lowerBound)
    machine.registers.pc = Self.region.lowerBound
    for number in 1..<32 { machine.registers[number] = place(&random) }
    return machine
  }

  private func place(_ random: inout SeededGenerator) -> UInt64 {
    Self.region.lowerBound + random.next(below: UInt64(Self.region.count)) & ~(random.next() & 7)
  }

  /// Steps over whatever stopped the machine, and gives it new addresses now and then.
  private func goOn(_ machine: inout TestMachine, _ random: inout SeededGenerator) {
    machine.registers.pc &+= 2
    if !Self.region.contains(machine.registers.pc) || random.next(below: 4) == 0 {
      machine.registers.pc = place(&random) & ~1
    }
    machine.registers[1 + random.next(below: 31)] = place(&random)
  }

  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func `what is cached does not show`(seed: UInt64) {
    var cached = machine(seed)
    var fresh = machine(seed)
    var cachedChoices = SeededGenerator(seed: seed)
    var freshChoices = SeededGenerator(seed: seed)
    var retired: UInt64 = 0
    for _ in 0..<400 {
      let exit = cached.run(budget: 40)
      var steps: UInt64 = 0
      var last = HartExit(reason: .budget, retired: 0)
      while steps < 40 {
        fresh.cache.flush()
        for frame in 0...Self.pages { fresh.memory.dropDecoration(frame) }
        last = fresh.run(budget: 1)
        steps += last.retired
        if last.reason != .budget { break }
      }
      #expect(last.reason == exit.reason)
      #expect(steps == exit.retired)
      #expect(cached.registers == fresh.registers)
      retired += steps
      if exit.reason != .budget {
        goOn(&cached, &cachedChoices)
        goOn(&fresh, &freshChoices)
      }
    }
    #expect(cached.bytes(Self.region) == fresh.bytes(Self.region))
    #expect(retired > 500)
  }
}
