import RISCV
import Testing

@Suite struct AtomicTests {
  private func machine(_ build: (inout Assembler) -> Void) throws -> TestMachine {
    var machine = TestMachine(pages: 5)
    machine.load(try assembled(build))
    machine.registers[.s0] = 0x3000
    machine.registers[.t0] = 5
    return machine
  }

  @Test func `a store-conditional succeeds once after its load-reserved`() throws {
    var machine = try machine { code in
      code.emit(.lr, .double, .a0, .zero, .s0)
      code.emit(.sc, .double, .a1, .t0, .s0)
      code.emit(.sc, .double, .a2, .t0, .s0)
      code.ebreak()
    }
    #expect(machine.run().reason == .breakpoint)
    #expect(machine.registers.a1 == 0)
    #expect(machine.registers.a2 == 1)
    #expect(machine.double(0x3000) == 5)
  }

  @Test func `a reservation survives misses and slices but not a switch of threads`() throws {
    for switches in [false, true] {
      var machine = try machine { code in
        code.emit(.lr, .word, .a0, .zero, .s0)
        code.nop()
        code.emit(.sc, .word, .a1, .t0, .s0)
        code.ebreak()
      }
      #expect(machine.run(budget: 1).reason == .budget)
      #expect(machine.hart.reservation == 0x3000)
      machine.cache.flush()
      if switches { machine.hart.clearReservation() }
      #expect(machine.run().reason == .breakpoint)
      #expect(machine.registers.a1 == (switches ? 1 : 0))
      #expect(machine.double(0x3000) == (switches ? 0 : 5))
    }
  }

  @Test func `a store-conditional to another address fails and ends the reservation`() throws {
    var machine = try machine { code in
      code.addi(.s1, .s0, 8)
      code.emit(.lr, .word, .a0, .zero, .s0)
      code.emit(.sc, .word, .a1, .t0, .s1)
      code.emit(.sc, .word, .a2, .t0, .s0)
      code.ebreak()
    }
    #expect(machine.run().reason == .breakpoint)
    #expect(machine.registers.a1 == 1)
    #expect(machine.registers.a2 == 1)
  }
}
