import Determinism
import RISCV
import Testing

/// Every trap stands at its instruction, is not counted and leaves all registers as they were.
@Suite struct TrapTests {
  /// Runs three instructions, then what `bits` encode, with t0 = `t0`; checks that the trap is exact.
  private func reason(of bits: UInt32, t0: UInt64 = 0, t1: UInt64 = 0, rights: MemoryAccess? = nil) throws -> ExitReason
  {
    let program = try assembled { code in
      code.li(.a0, 7)
      code.add(.a1, .a0, .a0)
      code.nop()
      code.word(bits)
    }
    var machine = TestMachine(pages: 8)
    if let rights { machine.rights[4] = rights }
    machine.load(program)
    machine.registers[.t0] = t0
    machine.registers[.t1] = t1
    var expected = machine.registers
    expected.a0 = 7
    expected.a1 = 14
    expected.pc = 0x100c
    let exit = machine.run()
    #expect(exit.retired == 3)
    #expect(machine.registers == expected)
    return exit.reason
  }

  @Test func `system instructions`() throws {
    #expect(try reason(of: 0x0000_0073) == .systemCall)
    #expect(try reason(of: 0x0010_0073) == .breakpoint)
    #expect(try reason(of: 0x0000_9002) == .breakpoint)
  }

  @Test func `reads of the three counters are handed over, in every form that only reads`() throws {
    for counter in Counter.allCases {
      for funct3 in [2, 3, 6, 7] as [UInt32] {
        let bits = UInt32(counter.rawValue) << 20 | funct3 << 12 | UInt32(Register.a5.rawValue) << 7 | 0x73
        #expect(try reason(of: bits) == .readCounter(destination: .a5, counter: counter))
      }
    }
  }

  @Test(
    arguments: [
      0x1050_0073,  // wfi
      0x3020_0073,  // mret
      0x1020_0073,  // sret
      0x1200_0073,  // sfence.vma
      0xc010_1073,  // csrw time, zero
      0xc012_a073,  // csrs time, t0
      0x1000_2573,  // csrr a0, sstatus
      0x0000_0053,  // fadd.s
      0x0005_3507,  // fld
      0x0005_3527,  // fsd
      0x0400_0033,  // funct7 that nothing has
      0x0200_101b,  // slliw by 32
      0x0005_7503,  // load of width 7
      0x0005_4523,  // store of width 4
      0x0005_2063,  // branch with condition 2
      0x0005_1067,  // jalr with funct3 1
      0x1010_22af,  // lr.w with a second source
      0x0800_12af,  // amo of width 1
      0x0000_300b, 0x0000_100b, 0x0200_050b,  // custom-0 without meaning
      0x0000_0077, 0x0000_001f, 0xffff_ffff,
    ] as [UInt32])
  func `what user mode of RV64IMAC does not have is illegal`(bits: UInt32) throws {
    #expect(try reason(of: bits) == .illegal(bits: UInt64(bits)))
  }

  @Test(
    arguments: [0x0000, 0x2000, 0xa000, 0x8000, 0x2002, 0xa002, 0x4002, 0x6002, 0x8002, 0x6101, 0x2001, 0x9c41]
      as [UInt16])
  func `16-bit encodings without meaning are illegal with 16 bits`(half: UInt16) throws {
    #expect(try reason(of: 0xffff_0000 | UInt32(half)) == .illegal(bits: UInt64(half)))
  }

  @Test func `loads and stores fault on pages without the right, and beyond all pages`() throws {
    let loads: [UInt32] = [0x0002_8503, 0x0002_9503, 0x0002_a503, 0x0002_b503, 0x0002_c503, 0x0002_d503, 0x0002_e503]
    let stores: [UInt32] = [0x00a2_8023, 0x00a2_9023, 0x00a2_a023, 0x00a2_b023]
    for address in [0x4000, 0x4ff8, 0x4fff, 0x10_0000, 1 << 38, 0xffff_ffff_ffff_f000, .max] as [UInt64] {
      for bits in loads {
        let miss = ExitReason.translationMiss(address: address, access: .read)
        #expect(try reason(of: bits, t0: address, rights: .write) == miss)
      }
      for bits in stores {
        let miss = ExitReason.translationMiss(address: address, access: .write)
        #expect(try reason(of: bits, t0: address, rights: .read) == miss)
      }
    }
  }

  @Test func `an access across two pages faults at the second and changes nothing`() throws {
    let store: UInt32 = 0x0062_b023  // sd t1, 0(t0)
    let miss = ExitReason.translationMiss(address: 0x4000, access: .write)
    #expect(try reason(of: store, t0: 0x3ffd, t1: .max, rights: .read) == miss)
    #expect(try reason(of: 0x0002_b503, t0: 0x3ffd, rights: []) == .translationMiss(address: 0x4000, access: .read))

    let program = try assembled { $0.sd(.t1, 0, .t0) }
    var machine = TestMachine(pages: 8)
    machine.rights[4] = .read
    machine.load(program)
    machine.registers[.t0] = 0x3ffd
    machine.registers[.t1] = .max
    #expect(machine.run().reason == miss)
    #expect(machine.bytes(0x3ff8..<0x4008) == [UInt8](repeating: 0, count: 16))
    machine.rights[4] = [.read, .write]
    #expect(machine.run(budget: 1).reason == .budget)
    #expect(machine.bytes(0x3ffc..<0x4006) == [0] + [UInt8](repeating: 255, count: 8) + [0])
  }

  @Test func `atomic instructions demand alignment and the right to store`() throws {
    let lr: UInt32 = 0x1002_b52f  // lr.d a0, (t0)
    let sc: UInt32 = 0x1862_b52f  // sc.d a0, t1, (t0)
    let amo: UInt32 = 0x0062_b52f  // amoadd.d a0, t1, (t0)
    for address in [0x3001, 0x3004, 0x3fff] as [UInt64] {
      #expect(try reason(of: lr, t0: address) == .misaligned(address: address, access: .read))
      #expect(try reason(of: sc, t0: address) == .misaligned(address: address, access: .write))
      #expect(try reason(of: amo, t0: address) == .misaligned(address: address, access: .write))
    }
    #expect(try reason(of: lr, t0: 0x4000, rights: []) == .translationMiss(address: 0x4000, access: .read))
    #expect(try reason(of: amo, t0: 0x4000, rights: .read) == .translationMiss(address: 0x4000, access: .write))
  }

  @Test func `a jump to an unmapped page has retired when the fetch fails`() throws {
    let program = try assembled { code in
      code.lui(.t0, 0x100)
      code.jalr(.ra, 0, .t0)
    }
    var machine = TestMachine(pages: 3)
    machine.load(program)
    let exit = machine.run()
    #expect(exit == HartExit(reason: .translationMiss(address: 0x10_0000, access: .execute), retired: 2))
    #expect(machine.registers.pc == 0x10_0000)
    #expect(machine.registers.ra == 0x1008)
  }
}
