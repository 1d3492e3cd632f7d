import Determinism
import RISCV
import Testing

@Suite struct CustomInstructionTests {
  @Test func `work hands over what is left and retires at zero`() throws {
    let program = try assembled { code in
      code.li(.t0, 1500)
      code.work(.t0)
      code.ebreak()
    }
    var machine = TestMachine(pages: 3)
    machine.load(program)
    #expect(machine.run() == HartExit(reason: .work(register: .t0, nanoseconds: 1500), retired: 1))
    #expect(machine.registers.pc == 0x1004)
    machine.registers[.t0] = 400
    #expect(machine.run() == HartExit(reason: .work(register: .t0, nanoseconds: 400), retired: 0))
    machine.registers[.t0] = 0
    #expect(machine.run() == HartExit(reason: .breakpoint, retired: 1))
  }

  @Test func `a bulk store works page by page, restarts anywhere and faults at the first byte not done`() throws {
    let program = try assembled { $0.bulkStore(address: .a0, length: .a1, value: .a2) }
    var machine = TestMachine(pages: 8)
    machine.rights[5] = .read
    machine.load(program)
    machine.registers.a0 = 0x3f80
    machine.registers.a1 = 0x2000
    machine.registers.a2 = 0x1ab
    #expect(machine.run() == HartExit(reason: .bulk(bytes: 0x80, access: .write), retired: 0))
    #expect(machine.registers.a0 == 0x4000)
    #expect(machine.registers.a1 == 0x1f80)
    #expect(machine.run().reason == .bulk(bytes: 0x1000, access: .write))
    #expect(machine.run().reason == .translationMiss(address: 0x5000, access: .write))
    #expect(machine.registers.a0 == 0x5000)
    #expect(machine.registers.a1 == 0xf80)
    machine.rights[5] = .write
    #expect(machine.run().reason == .bulk(bytes: 0xf80, access: .write))
    #expect(machine.run(budget: 1) == HartExit(reason: .budget, retired: 1))
    #expect(machine.registers.pc == 0x1004)
    #expect(machine.bytes(0x3f7f..<0x5f81) == [0] + [UInt8](repeating: 0xab, count: 0x2000) + [0])
  }

  @Test func `a bulk load needs the right to read and changes nothing`() throws {
    let program = try assembled { $0.bulkLoad(address: .a0, length: .a1) }
    var machine = TestMachine(pages: 8)
    machine.rights[4] = .write
    machine.load(program)
    machine.registers.a0 = 0x3ffe
    machine.registers.a1 = 4
    #expect(machine.run().reason == .bulk(bytes: 2, access: .read))
    #expect(machine.run().reason == .translationMiss(address: 0x4000, access: .read))
    machine.rights[4] = .read
    #expect(machine.run().reason == .bulk(bytes: 2, access: .read))
    #expect(machine.run(budget: 1).reason == .budget)
    #expect(machine.bytes(0x3000..<0x5000).allSatisfy { $0 == 0 })
  }

  @Test func `a bulk range beyond the last address faults there`() throws {
    let program = try assembled { $0.bulkLoad(address: .a0, length: .a1) }
    var machine = TestMachine(pages: 3)
    machine.load(program)
    machine.registers.a0 = .max - 10
    machine.registers.a1 = .max
    #expect(machine.run().reason == .translationMiss(address: .max - 10, access: .read))
  }

  @Test func `encodings that could not restart are refused by the assembler`() {
    #expect(throws: AssemblyError.self) { try assembled { $0.bulkStore(address: .a0, length: .a0, value: .a1) } }
    #expect(throws: AssemblyError.self) { try assembled { $0.bulkStore(address: .a0, length: .a1, value: .a1) } }
    #expect(throws: AssemblyError.self) { try assembled { $0.bulkLoad(address: .zero, length: .a1) } }
  }

  @Test func `every encoding in custom-0 is one of ours or illegal`() {
    for bits in stride(from: UInt32(0x0b), through: .max - 0x7f, by: 0x80 * 0x3fd) {
      let instruction = CustomInstruction(bits: bits)
      let text = Disassembler.text(for: bits, at: 0).text
      #expect(text.hasPrefix(instruction?.mnemonic ?? ".word"))
    }
  }
}
