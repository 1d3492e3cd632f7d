import RISCV
import Testing

@Suite struct RegistersTests {
  @Test func `x0 reads as zero whatever is written`() {
    var registers = Registers(pc: 0x1000, sp: 0x8000)
    registers[0] = 5
    registers[Register.zero] = 6
    #expect(registers[0] == 0)
    #expect(registers == Registers(pc: 0x1000, sp: 0x8000))
  }

  @Test func `numbers, names and accessors mean the same register`() {
    var registers = Registers()
    for register in Register.allCases where register != .zero { registers[register] = UInt64(register.number) * 3 }
    for number in 1..<32 { #expect(registers[number] == UInt64(number) * 3) }
    #expect(registers.ra == 3 && registers.sp == 6 && registers.tp == 12)
    #expect([registers.a0, registers.a1, registers.a2, registers.a3, registers.a4] == [30, 33, 36, 39, 42])
    #expect(
      Register.allCases.map(\.name).joined(separator: " ") == """
        zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6
        """)
  }

  @Test func `registers with any difference are unequal`() {
    for number in 1..<32 {
      var registers = Registers()
      registers[number] = 1
      #expect(registers != Registers())
    }
    #expect(Registers(pc: 2) != Registers())
  }
}
