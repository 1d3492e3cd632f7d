import Determinism
import RISCV
import Testing

/// Instruction fetch sees every store at once, however it is made, and whatever is cached.
@Suite struct CoherenceTests {
  /// `li a0, 1; ret` and `li a0, 2; ret`, in both lengths.
  private static let one: UInt64 = 0x0000_8067_0010_0513
  private static let two: UInt64 = 0x0000_8067_0020_0513

  @Test func `a function that is overwritten and called again returns the new value`() throws {
    let program = try assembled { code in
      code.la(.s1, "function")
      code.call("function")
      code.mv(.s2, .a0)
      code.li(.t0, Int64(bitPattern: Self.two))
      code.sd(.t0, 0, .s1)
      code.fenceI()
      code.call("function")
      code.ebreak()
      code.align(8)
      code.label("function")
      code.double(Self.one)
    }
    var machine = TestMachine(pages: 4)
    machine.load(program)
    #expect(machine.run().reason == .breakpoint)
    #expect(machine.registers[.s2] == 1)
    #expect(machine.registers.a0 == 2)
  }

  @Test func `an instruction may overwrite the next one and itself, in every width`() throws {
    for (store, value) in [(StoreOperation.sw, 0x0020_0513), (.sd, 0x0010_0073_0020_0513), (.sh, 0x0513), (.sb, 0x13)] {
      let program = try assembled { code in
        code.la(.s1, "next")
        code.li(.t0, Int64(value))
        code.emit(store, .t0, 0, .s1)
        code.label("next")
        code.li(.a0, 2)
        code.ebreak()
      }
      var machine = TestMachine(pages: 4)
      machine.load(program)
      // What stands there before the store: an instruction of which the store replaces just the part it writes.
      let next = try #require(program.address(of: "next"))
      let wrong: [StoreOperation: UInt32] = [.sw: 0, .sd: 0, .sh: 0x0020_0000, .sb: 0x0020_0573]
      machine.memory.store(try #require(wrong[store]), frame: 1, offset: Int(next) % 4096)
      machine.registers.pc = program.base
      #expect(machine.run().reason == .breakpoint, "\(store)")
      #expect(machine.registers.a0 == 2, "\(store)")
    }
  }

  @Test(arguments: [
    (StoreOperation.sh, 2, 0x0020), (.sb, 3, 0x00), (.sb, 2, 0x20), (.sb, 1, 0x05), (.sd, -2, 0x0020_0513_0001),
  ])
  func `a store to any part of a decoded instruction counts`(store: StoreOperation, offset: Int64, value: Int64) throws
  {
    let program = try assembled { code in
      code.la(.s1, "function")
      code.sb(.zero, 256, .s1)  // the first store to a page makes it writable and forgets everything
      code.li(.t0, value)
      code.call("function")
      code.emit(store, .t0, offset, .s1)
      code.call("function")
      code.ebreak()
      code.half(0)
      code.label("function")
      // `li a0, 2` with one part spoiled, so that the store repairs it.
      let wrong: UInt32 = [2: 0x0770_0513, 3: 0x7720_0513, 1: 0x0020_0113, -2: 0x0330_0513][offset] ?? 0
      code.word(store == .sb && offset == 2 ? 0x0070_0513 : wrong)
      code.ret()
    }
    var machine = TestMachine(pages: 4)
    machine.load(program)
    machine.registers.sp = 0x3000
    #expect(machine.run().reason == (store == .sd ? .illegal(bits: 0) : .breakpoint))
    #expect(machine.registers.a0 == 2)
  }

  @Test func `a store across two pages of code changes both`() throws {
    let program = try assembled(at: 0x1f80) { code in
      code.li(.s1, 0x1ffc)
      code.sb(.zero, -512, .s1)
      code.sb(.zero, 256, .s1)
      code.li(.t0, 0x0020_0593_0020_0513)  // li a0, 2; li a1, 2
      code.call("function")
      code.sd(.t0, 0, .s1)
      code.jal(.ra, "function")
      code.ebreak()
      code.align(4)
      code.space(Int(0x1ffc - code.address))
      code.label("function")
      code.li(.a0, 1)
      code.li(.a1, 1)
      code.ret()
    }
    var machine = TestMachine(pages: 4)
    machine.load(program)
    #expect(machine.run().reason == .breakpoint)
    #expect(machine.registers.a0 == 2)
    #expect(machine.registers.a1 == 2)
  }

  @Test func `stores into data beside code keep the decoded code`() throws {
    let program = try assembled { code in
      code.la(.s1, "data")
      code.li(.t0, 1000)
      code.label("loop")
      code.ld(.t1, 0, .s1)
      code.addi(.t1, .t1, 3)
      code.sd(.t1, 0, .s1)
      code.addi(.t0, .t0, -1)
      code.bnez(.t0, "loop")
      code.ebreak()
      code.align(8)
      code.label("data")
      code.double(0)
    }
    var machine = TestMachine(pages: 4)
    machine.load(program)
    #expect(machine.run().reason == .breakpoint)
    #expect(machine.double(try #require(program.address(of: "data"))) == 3000)
    #expect(machine.fills < 10)
  }

  @Test func `atomic and bulk stores are seen too`() throws {
    let program = try assembled { code in
      code.la(.s1, "next")
      code.li(.t0, 0x0020_0513)
      code.emit(.amoswap, .word, .zero, .t0, .s1)
      code.align(4)
      code.label("next")
      code.word(0)
      code.la(.s1, "filled")
      code.li(.t0, 8)
      code.li(.t1, 0x01)
      code.bulkStore(address: .s1, length: .t0, value: .t1)
      code.label("filled")
      code.ecall()
      code.ecall()
      code.ebreak()
    }
    var machine = TestMachine(pages: 4)
    machine.load(program)
    #expect(machine.run().reason == .bulk(bytes: 8, access: .write))
    // 0x0101 is `c.addi sp, 0`: four of them.
    #expect(machine.run() == HartExit(reason: .breakpoint, retired: 5))
    #expect(machine.registers.a0 == 2)
  }

  @Test func `a write of the kernel to a decoded page is seen`() throws {
    let program = try assembled { code in
      code.li(.a0, 1)
      code.ebreak()
    }
    var machine = TestMachine(pages: 4)
    machine.load(program)
    #expect(machine.run().reason == .breakpoint)
    machine.memory.store(UInt32(0x0030_0513), frame: 1, offset: 0)
    machine.registers.pc = 0x1000
    #expect(machine.run().reason == .breakpoint)
    #expect(machine.registers.a0 == 3)
  }

  @Test func `a store through one mapping is seen through another and by another cache`() throws {
    let program = try assembled { code in
      code.li(.a0, 1)
      code.ebreak()
    }
    var machine = TestMachine(pages: 4)
    machine.load(program)
    #expect(machine.run().reason == .breakpoint)

    // A second address space maps the same frame at page 9, and this program at page 8.
    let writer = try assembled(at: 0x8000) { code in
      code.li(.t0, 0x9000)
      code.li(.t1, 0x0040_0513)
      code.sw(.t1, 0, .t0)
      code.ebreak()
    }
    for (index, byte) in writer.bytes.enumerated() { machine.memory.store(byte, frame: 2, offset: index) }
    for round in 0..<3 as Range<UInt64> {
      var cache = TranslationCache()
      var registers = Registers(pc: 0x8000)
      var exit = HartExit(reason: .budget, retired: 0)
      for _ in 0..<4 {
        exit = machine.hart.run(&registers, memory: &machine.memory, cache: &cache, budget: 100)
        guard case .translationMiss(let address, let access) = exit.reason else { break }
        let frame = address / 4096 == 8 ? 2 : 1
        cache.fill(virtualPage: address / 4096, frame: frame, access: access, memory: &machine.memory)
      }
      #expect(exit.reason == .breakpoint)
      machine.registers.pc = 0x1000
      #expect(machine.run().reason == .breakpoint)
      #expect(machine.registers.a0 == 4, "round \(round)")
      machine.memory.store(UInt32(0x0010_0513), frame: 1, offset: 0)
    }
  }

  @Test func `forks overwrite their code without disturbing each other`() throws {
    let program = try assembled { code in
      code.la(.s1, "next")
      code.sw(.t0, 0, .s1)
      code.label("next")
      code.li(.a0, 1)
      code.ebreak()
    }
    var machine = TestMachine(pages: 4)
    machine.load(program)
    machine.registers[.t0] = 0x0070_0513
    let start = machine.registers
    var fork = machine.memory.fork()
    #expect(machine.run().reason == .breakpoint)
    #expect(machine.registers.a0 == 7)
    var registers = start
    registers[.t0] = 0x0080_0513
    for _ in 0..<8 {
      let exit = machine.hart.run(&registers, memory: &fork, cache: &machine.cache, budget: 100)
      guard case .translationMiss(let address, let access) = exit.reason else { break }
      machine.cache.fill(virtualPage: address / 4096, frame: Int(address / 4096), access: access, memory: &fork)
    }
    #expect(registers.a0 == 8)
    machine.registers = start
    machine.registers.pc = 0x100c
    #expect(machine.run().reason == .breakpoint)
    #expect(machine.registers.a0 == 7)
  }

  @Test func `an instruction across two pages takes its second half from the next page each time`() throws {
    let program = try assembled(at: 0x1ffa) { code in
      code.addi(.a0, .zero, 1)
      code.lui(.a1, 0x12345)  // straddles
      code.jalr(.zero, -6, .s1)
    }
    var machine = TestMachine(pages: 4)
    machine.load(program)
    machine.registers[.s1] = 0x2000
    #expect(machine.run(budget: 3).reason == .budget)
    #expect(machine.registers.a1 == 0x1234_5000)
    #expect(machine.registers.pc == 0x1ffa)
    machine.memory.store(UInt16(0x7654), frame: 2, offset: 0)
    #expect(machine.run(budget: 2).reason == .budget)
    #expect(machine.registers.a1 == 0x7654_5000)
    #expect(machine.registers.pc == 0x2002)

    machine.rights[2] = .read
    machine.cache.flush()
    machine.registers.pc = 0x1ffa
    let miss = HartExit(reason: .translationMiss(address: 0x2000, access: .execute), retired: 1)
    #expect(machine.run() == miss)
    #expect(machine.registers.pc == 0x1ffe)
  }

  @Test func `straddling jumps, branches, links and faults`() throws {
    for taken in [true, false] {
      let program = try assembled(at: 0x1ffe) { code in
        code.emit(taken ? .beq : .bne, .zero, .zero, "target")
        code.ebreak()
        code.label("target")
        code.ecall()
      }
      var machine = TestMachine(pages: 4)
      machine.load(program)
      #expect(machine.run() == HartExit(reason: taken ? .systemCall : .breakpoint, retired: 1))
      #expect(machine.registers.pc == (taken ? 0x2006 : 0x2002))
    }
    for through in [false, true] {
      let program = try assembled(at: 0x1ffe) { code in
        if through { code.jalr(.ra, 8, .s1) } else { code.jal(.ra, "target") }
        code.ebreak()
        code.label("target")
        code.ecall()
      }
      var machine = TestMachine(pages: 4)
      machine.load(program)
      machine.registers[.s1] = 0x1ffe
      #expect(machine.run().reason == .systemCall)
      #expect(machine.registers.ra == 0x2002)
    }
    let program = try assembled(at: 0x1ffe) { $0.ld(.a0, 0, .s1) }
    var machine = TestMachine(pages: 4)
    machine.load(program)
    machine.registers[.s1] = 0x9000
    #expect(machine.run().reason == .translationMiss(address: 0x9000, access: .read))
    #expect(machine.registers.pc == 0x1ffe)
  }
}
