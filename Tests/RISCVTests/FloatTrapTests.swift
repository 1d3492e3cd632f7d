import Determinism
import RISCV
import Testing

/// What floating-point instructions do besides computing: traps, memory, status registers.
@Suite struct FloatTrapTests {
  private func machine(_ build: (inout Assembler) -> Void) throws -> TestMachine {
    var machine = TestMachine(pages: 8)
    machine.load(try assembled(build))
    return machine
  }

  /// fadd.s, fld, fsd, fmadd.d, frcsr, fsrmi and the four compressed ones.
  @Test(
    arguments: [
      0x00b5_0553, 0x0005_3507, 0x00a5_3427, 0x6ab5_7543, 0x0030_2573, 0x0020_d073, 0x2108, 0xa108, 0x2502, 0xa02a,
    ] as [UInt32])
  func `with the unit off every instruction is illegal, exactly there`(bits: UInt32) throws {
    var machine = try machine { code in
      code.li(.a1, 7)
      code.word(bits)
    }
    let before = machine.registers
    let exit = machine.run()
    #expect(exit == HartExit(reason: .illegal(bits: UInt64(bits)), retired: 1))
    #expect(machine.registers.pc == 0x1004)
    #expect(machine.registers[.a0] == before[.a0])
  }

  @Test func `an illegal instruction across two pages shows all its bits`() throws {
    var machine = TestMachine(pages: 8)
    machine.load(try assembled(at: 0x1ffe) { $0.emit(.fadd, .single, .fa0, .fa0, .fa1) })
    #expect(machine.run() == HartExit(reason: .illegal(bits: 0x00b5_7553), retired: 0))
    var float = FloatRegisters()
    #expect(machine.run(float: &float, budget: 1).reason == .budget)
    #expect(float.isDirty)
  }

  @Test(arguments: UInt64(0)..<8)
  func `three dynamic rounding modes are illegal, for what rounds`(mode: UInt64) throws {
    var machine = try machine { code in
      code.emit(.fsgnj, .double, .fa0, .fa1, .fa2)
      code.emit(.fadd, .double, .fa0, .fa1, .fa2, .rtz)
      code.emit(.fadd, .double, .fa0, .fa1, .fa2)
      code.ecall()
    }
    var float = FloatRegisters()
    float.fcsr = mode << 5
    let exit = machine.run(float: &float)
    #expect(exit.retired == (mode < 5 ? 3 : 2))
    #expect(exit.reason == (mode < 5 ? .systemCall : .illegal(bits: 0x02c5_f553)))
  }

  @Test func `static rounding modes 5 and 6 are illegal`() throws {
    for mode in [5, 6] as [UInt32] {
      var machine = try machine { $0.word(0x00b5_0553 | mode << 12) }
      var float = FloatRegisters()
      #expect(machine.run(float: &float).reason == .illegal(bits: UInt64(0x00b5_0553 | mode << 12)))
    }
  }

  @Test func `loads and stores of both widths, aligned and across pages, long and short`() throws {
    var machine = try machine { code in
      code.load(.double, .fa0, 0, .a0)
      code.load(.single, .fa1, 0, .a0)
      code.store(.double, .fa0, 16, .a0)
      code.store(.single, .fa1, 24, .a0)
      code.half(0x2104)  // c.fld fs1, 0(a0)
      code.half(0xb504)  // c.fsd fs1, 40(a0)
      code.ecall()
    }
    let bytes = (1...8).map { UInt8($0) }
    for address in [0x3008, 0x3ffd] as [UInt64] {
      machine.load(bytes, at: address)
      machine.registers.pc = 0x1000
      machine.registers.a0 = address
      var float = FloatRegisters()
      #expect(machine.run(float: &float).reason == .systemCall)
      #expect(float[10] == 0x0807_0605_0403_0201)
      #expect(float[11] == 0xffff_ffff_0403_0201)
      #expect(machine.double(address + 16) == float[10])
      #expect(machine.double(address + 24) == 0x0403_0201)
      #expect(machine.double(address + 40) == float[10])
    }
  }

  @Test func `a store over instructions takes effect at once`() throws {
    var machine = try machine { code in
      code.la(.a0, "patched")
      code.store(.single, .fa0, 0, .a0)
      code.label("patched")
      code.nop()
      code.ecall()
    }
    var float = FloatRegisters()
    float[10] = 0x0010_0073  // ebreak
    #expect(machine.run(float: &float).reason == .breakpoint)
  }

  @Test func `a load misses for reading and a store for writing`() throws {
    var machine = try machine { code in
      code.load(.double, .fa0, 4, .a0)
      code.store(.double, .fa0, 4, .a0)
    }
    machine.rights[4] = []
    machine.registers.a0 = 0x3ff8
    var float = FloatRegisters()
    #expect(machine.run(float: &float).reason == .translationMiss(address: 0x4000, access: .read))
    #expect(!float.isDirty)
    machine.rights[4] = .read
    #expect(machine.run(float: &float).reason == .translationMiss(address: 0x4000, access: .write))
  }

  @Test func `the parts of fcsr are one register, and reading writes nothing`() throws {
    var machine = try machine { code in
      code.emit(.csrrs, .a0, .fcsr, 0)
      code.emit(.csrrsi, .a1, .frm, 0)
      code.ecall()
      code.emit(.csrrwi, .a2, .frm, 3)
      code.emit(.csrrsi, .zero, .fflags, 17)
      code.emit(.csrrci, .a3, .fcsr, 1)
      code.li(.t0, -1)
      code.emit(.csrrw, .a4, .fcsr, UInt32(Register.t0.rawValue))
      code.emit(.csrrc, .t0, .frm, UInt32(Register.t0.rawValue))
      code.emit(.csrrs, .a5, .fcsr, 0)
      code.ecall()
    }
    var float = FloatRegisters()
    float.fcsr = 0x22
    #expect(machine.run(float: &float).reason == .systemCall)
    #expect(machine.registers[.a0] == 0x22)
    #expect(machine.registers[.a1] == 1)
    #expect(!float.isDirty)
    machine.registers.pc += 4
    #expect(machine.run(float: &float).reason == .systemCall)
    #expect(float.isDirty)
    let results = [Register.a2, .a3, .a4, .t0, .a5].map { machine.registers[$0] }
    #expect(results == [1, 0x73, 0x72, 7, 0x1f])
  }
}
