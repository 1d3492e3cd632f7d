import Determinism
import Foundation
import RISCV
import Testing

@Suite struct AssemblerTests {
  /// Every mnemonic with random operands.
  private func everything(_ code: inout Assembler, seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    func register() -> Register { Register(field: UInt32(random.next(below: 32))) }
    func immediate() -> Int64 { Int64(random.next(below: 4096)) - 2048 }
    for operation in RegisterOperation.allCases { code.emit(operation, register(), register(), register()) }
    for operation in ImmediateOperation.allCases { code.emit(operation, register(), register(), immediate()) }
    for operation in ShiftOperation.allCases {
      code.emit(operation, register(), register(), Int64(random.next(below: Int(operation.largestAmount) + 1)))
    }
    for operation in LoadOperation.allCases { code.emit(operation, register(), immediate(), register()) }
    for operation in StoreOperation.allCases { code.emit(operation, register(), immediate(), register()) }
    for operation in AtomicOperation.allCases {
      for width in AtomicWidth.allCases {
        for ordering in AtomicOrdering.allCases {
          code.emit(operation, width, register(), register(), register(), ordering)
        }
      }
    }
    everyFloat(&code, &random)
    code.lui(register(), Int64(random.next(below: 0x10_0000)))
    code.auipc(register(), Int64(random.next(below: 0x10_0000)))
    code.jalr(register(), immediate(), register())
    code.ecall()
    code.ebreak()
    code.fence()
    code.fenceI()
    for counter in Counter.allCases { code.read(counter, register()) }
    code.nop()
    code.mv(register(), register())
    code.not(register(), register())
    code.neg(register(), register())
    code.sextW(register(), register())
    code.seqz(register(), register())
    code.snez(register(), register())
    code.sltz(register(), register())
    code.sgtz(register(), register())
    code.jr(register())
    code.ret()
  }

  private func texts(_ program: AssembledProgram) -> [String] {
    stride(from: 0, to: program.bytes.count, by: 4).map { offset in
      let word = program.bytes[offset..<(offset + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
      return Disassembler.text(for: word, at: program.base + UInt64(offset)).text
    }
  }

  @Test(.enabled(if: ExternalTools.clang != nil, "clang is not in the toolchain"), arguments: [1, 2, 3] as [UInt64])
  func `clang assembles the disassembly to the same bytes`(seed: UInt64) throws {
    let clang = try #require(ExternalTools.clang)
    let objcopy = try #require(ExternalTools.objcopy)
    let program = try assembled { everything(&$0, seed: seed) }
    let source = ".option norvc\n" + texts(program).joined(separator: "\n") + "\n"
    let theirs = try ExternalTools.withTemporaryFolder { folder in
      let (text, object) = (folder.appendingPathComponent("a.s"), folder.appendingPathComponent("a.o").path)
      let raw = folder.appendingPathComponent("a.bin")
      try source.write(to: text, atomically: true, encoding: .utf8)
      let target = ["--target=riscv64-unknown-elf", "-march=rv64gc", "-c", text.path, "-o", object]
      #expect(try ExternalTools.run(clang, target).status == 0)
      _ = try ExternalTools.run(objcopy, ["-O", "binary", "-j", ".text", object, raw.path])
      return [UInt8](try Data(contentsOf: raw))
    }
    #expect(theirs == program.bytes)
  }

  @Test func `the disassembly of what was assembled`() throws {
    let program = try assembled { code in
      code.label("start")
      code.li(.a0, -7)
      code.beqz(.a0, "start")
      code.bgtu(.a1, .a2, "end")
      code.blez(.a3, "end")
      code.jal(.t0, "end")
      code.j("start")
      code.call("end")
      code.tail("end")
      code.la(.s0, "start", plus: 4)
      code.label("end")
      code.ret()
    }
    let expected = [
      "li a0,-7", "beqz a0,0x1000", "bltu a2,a1,0x1030", "blez a3,0x1030", "jal t0,0x1030", "j 0x1000",
      "auipc ra,0x0", "jalr 24(ra)", "auipc t1,0x0", "jr 16(t1)", "auipc s0,0x0", "addi s0,s0,-36", "ret",
    ]
    #expect(texts(program) == expected)
    #expect(program.address(of: "end") == 0x1030)
  }

  @Test func `li gives every constant in at most eight instructions`() throws {
    var random = SeededGenerator(seed: 11)
    var constants: [Int64] = [0, 1, -1, 2047, 2048, -2048, -2049, 0x7fff_f7ff, 0x7fff_f800, 0x7fff_ffff, 0x8000_0000]
    constants += [-0x8000_0000, -0x8000_0001, 0xffff_ffff, .max, .min, .min + 1, 0x7fff_ffff_ffff_f800, 0x800, 0x1000]
    for bit in 0..<64 as Range<UInt64> { constants += [1 << bit, (1 << bit) &- 1, Int64(bitPattern: 0 &- (1 << bit))] }
    for _ in 0..<500 { constants.append(Int64(bitPattern: random.next() >> (random.next() & 63))) }
    for constant in constants {
      let program = try assembled { code in
        code.li(.a5, constant)
        code.ebreak()
      }
      var machine = TestMachine(pages: 2)
      machine.load(program)
      let exit = machine.run()
      #expect(exit.reason == .breakpoint)
      #expect(exit.retired <= 8)
      #expect(machine.registers[.a5] == UInt64(bitPattern: constant))
    }
  }

  @Test func `addresses, relative and absolute`() throws {
    let program = try assembled(at: 0x1234) { code in
      code.la(.a0, "data", plus: 2)
      code.laAbsolute(.a1, "data")
      code.ebreak()
      code.align(8)
      code.label("data")
      code.double(addressOf: "data", plus: 16)
      code.string("ab")
    }
    var machine = TestMachine(pages: 3)
    machine.load(program)
    #expect(machine.run().reason == .breakpoint)
    let data = try #require(program.address(of: "data"))
    #expect(data % 8 == 0)
    #expect(machine.registers.a0 == data + 2)
    #expect(machine.registers.a1 == data)
    #expect(machine.double(data) == data + 16)
    #expect(machine.bytes((data + 8)..<(data + 11)) == [97, 98, 0])
  }

  @Test func `branches and jumps reach exactly as far as the instruction can`() throws {
    func distance(_ bytes: Int, backwards: Bool, _ jump: (inout Assembler) -> Void) throws {
      _ = try assembled(at: 0x100_0000) { code in
        if backwards { code.label("target") } else { jump(&code) }
        code.space(backwards ? bytes : bytes - 4)
        if backwards { jump(&code) } else { code.label("target") }
      }
    }
    let branch = { (code: inout Assembler) in code.beq(.a0, .a1, "target") }
    try distance(4094, backwards: false, branch)
    try distance(4096, backwards: true, branch)
    #expect(throws: AssemblyError.self) { try distance(4096, backwards: false, branch) }
    #expect(throws: AssemblyError.self) { try distance(4098, backwards: true, branch) }
    let jump = { (code: inout Assembler) in code.j("target") }
    try distance(0xf_fffe, backwards: false, jump)
    try distance(0x10_0000, backwards: true, jump)
    #expect(throws: AssemblyError.self) { try distance(0x10_0000, backwards: false, jump) }
    #expect(throws: AssemblyError.self) { try distance(0x10_0002, backwards: true, jump) }
  }

  @Test func `the first mistake is thrown with its place`() {
    func error(_ build: (inout Assembler) -> Void) -> AssemblyError? {
      do throws(AssemblyError) {
        var code = Assembler(base: 0x1000)
        code.nop()
        build(&code)
        code.addi(.a0, .a0, 5000)
        _ = try code.assemble()
        return nil
      } catch { return error }
    }
    let immediate = AssemblyError.outOfRange(
      mnemonic: "addi", value: 5000, lowest: -2048, highest: 2047, address: 0x1004)
    #expect(error { _ in } == immediate)
    let shift = AssemblyError.outOfRange(mnemonic: "slliw", value: 32, lowest: 0, highest: 31, address: 0x1004)
    #expect(error { $0.slliw(.a0, .a0, 32) } == shift)
    #expect(throws: AssemblyError.undefinedLabel(name: "nowhere", address: 0x1000)) {
      try assembled { $0.j("nowhere") }
    }
    #expect(throws: AssemblyError.duplicateLabel(name: "here", address: 0x1004)) {
      try assembled { code in
        code.label("here")
        code.nop()
        code.label("here")
      }
    }
    #expect(throws: AssemblyError.misaligned(mnemonic: "instruction", value: 0x1001, address: 0x1001)) {
      try assembled { code in
        code.byte(0)
        code.nop()
      }
    }
  }
}
