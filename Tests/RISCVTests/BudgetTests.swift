import Determinism
import RISCV
import Testing

@Suite struct BudgetTests {
  private func machine(seed: UInt64) -> TestMachine {
    var machine = TestMachine(pages: ProgramGenerator.memoryPages)
    machine.load(ProgramGenerator.program(seed: seed, instructions: 400), at: ProgramGenerator.base)
    machine.load(ProgramGenerator.windowContents(seed: seed), at: ProgramGenerator.window)
    machine.registers.pc = ProgramGenerator.base
    return machine
  }

  @Test func `running n then m instructions equals running n + m`() {
    var random = SeededGenerator(seed: 7)
    for seed in 20..<30 as Range<UInt64> {
      var whole = machine(seed: seed)
      var parts = machine(seed: seed)
      while true {
        let (n, m) = (random.next(below: 40 as UInt64), random.next(below: 40 as UInt64))
        let exit = whole.run(budget: n + m)
        let first = parts.run(budget: n)
        if first.reason != .budget {
          #expect(exit == first)
          break
        }
        #expect(first.retired == n)
        let second = parts.run(budget: m)
        #expect(first.retired + second.retired == exit.retired)
        #expect(second.reason == exit.reason)
        #expect(whole.registers == parts.registers)
        if exit.reason != .budget { break }
        #expect(exit.retired == n + m)
      }
      let window = ProgramGenerator.window..<(ProgramGenerator.window + UInt64(ProgramGenerator.windowBytes))
      #expect(whole.bytes(window) == parts.bytes(window))
    }
  }

  @Test func `single steps count every instruction of a straight run, both lengths, across pages`() throws {
    let program = try assembled(at: 0x1ffa) { code in
      code.addi(.a0, .zero, 1)
      code.half(0x0505)  // c.addi a0, 1
      code.addi(.a0, .a0, 1)
      code.half(0x0505)
      code.addi(.a0, .a0, 1)
    }
    var machine = TestMachine(pages: 4)
    machine.load(program)
    let places: [UInt64] = [0x1ffe, 0x2000, 0x2004, 0x2006, 0x200a]
    for (index, place) in places.enumerated() {
      #expect(machine.run(budget: 1) == HartExit(reason: .budget, retired: 1))
      #expect(machine.registers.pc == place)
      #expect(machine.registers.a0 == UInt64(index + 1))
    }
  }

  @Test func `a budget of zero does nothing, wherever pc is`() {
    var machine = TestMachine(pages: 2)
    for pc in [0x1000, 0x1ffe, 0x9999_9998] as [UInt64] {
      machine.registers.pc = pc
      #expect(machine.run(budget: 0) == HartExit(reason: .budget, retired: 0))
      #expect(machine.registers.pc == pc)
    }
  }

  @Test func `a budget met by a jump to an unmapped page comes before the miss`() throws {
    let program = try assembled { code in
      code.lui(.t0, 0x100)
      code.jr(.t0)
    }
    var machine = TestMachine(pages: 3)
    machine.load(program)
    #expect(machine.run(budget: 2) == HartExit(reason: .budget, retired: 2))
    #expect(machine.registers.pc == 0x10_0000)
    let miss = HartExit(reason: .translationMiss(address: 0x10_0000, access: .execute), retired: 0)
    #expect(machine.run(budget: 1) == miss)
  }

  @Test func `the largest budget is no danger`() throws {
    let program = try assembled { code in
      code.nop()
      code.ecall()
    }
    var machine = TestMachine(pages: 3)
    machine.load(program)
    #expect(machine.run(budget: .max) == HartExit(reason: .systemCall, retired: 1))
  }
}
