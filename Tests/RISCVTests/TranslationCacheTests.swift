import Determinism
import RISCV
import Testing

@Suite struct TranslationCacheTests {
  /// Stores to three pages in a loop.
  private func storing() throws -> TestMachine {
    var machine = TestMachine(pages: 8)
    machine.load(
      try assembled { code in
        code.li(.s0, 0x3000)
        code.lui(.s1, 1)
        code.label("loop")
        for _ in 0..<3 {
          code.sd(.t0, 0, .s0)
          code.add(.s0, .s0, .s1)
        }
        code.li(.s0, 0x3000)
        code.j("loop")
      })
    return machine
  }

  @Test func `a cached page is not asked for again, until the cache or its write entries are emptied`() throws {
    var machine = try storing()
    _ = machine.run(budget: 1000)
    #expect(machine.fills == 4)
    _ = machine.run(budget: 1000)
    #expect(machine.fills == 4)
    machine.cache.flushWrites()
    _ = machine.run(budget: 1000)
    #expect(machine.fills == 7)
    machine.cache.flush()
    _ = machine.run(budget: 1000)
    #expect(machine.fills == 11)
    machine.cache.invalidate(page: 4)
    machine.cache.invalidate(page: 4 + 64)
    _ = machine.run(budget: 1000)
    #expect(machine.fills == 12)
  }

  @Test func `a fork of the memory makes every store a miss once`() throws {
    var machine = try storing()
    _ = machine.run(budget: 1000)
    let fork = machine.memory.fork()
    let before = machine.fills
    machine.registers[.t0] = 9
    _ = machine.run(budget: 1000)
    #expect(machine.fills == before + 4)
    #expect(machine.double(0x3000) == 9)
    #expect(fork.load(frame: 3, offset: 0, as: UInt64.self) == 0)
  }

  @Test(arguments: [false, true])
  func `a page that is read before its first write shows the write`(afterFork: Bool) throws {
    var machine = TestMachine(pages: 8)
    machine.load(
      try assembled { code in
        code.ld(.a0, 0, .s0)
        code.sd(.t0, 0, .s0)
        code.ld(.a1, 0, .s0)
        code.ebreak()
      })
    machine.registers[.s0] = 0x3000
    machine.registers[.t0] = 9
    if afterFork { machine.memory.store(UInt64(5), frame: 3, offset: 0) }
    let fork = machine.memory.fork()
    #expect(machine.run().reason == .breakpoint)
    #expect(machine.registers.a0 == (afterFork ? 5 : 0))
    #expect(machine.registers.a1 == 9)
    #expect(fork.load(frame: 3, offset: 0, as: UInt64.self) == machine.registers.a0)
  }

  @Test func `pages that share an entry replace each other`() throws {
    var machine = TestMachine(pages: 256)
    machine.load(
      try assembled { code in
        code.li(.s0, 0x2000)
        code.li(.s1, 0x42000)
        code.li(.t2, 10)
        code.label("loop")
        code.ld(.t0, 0, .s0)
        code.ld(.t1, 0, .s1)
        code.addi(.t2, .t2, -1)
        code.bnez(.t2, "loop")
        code.ebreak()
      })
    machine.memory.store(UInt64(11), frame: 2, offset: 0)
    machine.memory.store(UInt64(22), frame: 0x42, offset: 0)
    #expect(machine.run().reason == .breakpoint)
    #expect(machine.registers[.t0] == 11)
    #expect(machine.registers[.t1] == 22)
    #expect(machine.fills == 21)
  }

  @Test func `results do not depend on when the cache is emptied`() {
    var random = SeededGenerator(seed: 3)
    let seed: UInt64 = 40
    let code = ProgramGenerator.program(seed: seed, instructions: 300)
    var expected: [UInt8] = []
    for emptying in [false, true] {
      var machine = TestMachine(pages: ProgramGenerator.memoryPages)
      machine.load(code, at: ProgramGenerator.base)
      machine.load(ProgramGenerator.windowContents(seed: seed), at: ProgramGenerator.window)
      machine.registers.pc = ProgramGenerator.base
      while machine.run(budget: emptying ? 1 + random.next(below: 20 as UInt64) : 100_000).reason == .budget {
        if emptying { machine.cache.flush() }
      }
      let window = machine.bytes(ProgramGenerator.window..<(ProgramGenerator.window + 3 * 4096))
      if emptying { #expect(window == expected) } else { expected = window }
    }
  }
}
