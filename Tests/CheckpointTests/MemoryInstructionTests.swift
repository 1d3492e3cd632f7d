import Testing

@testable import CheckpointRestore

/// What the checkpointer knows of the instruction set, against encodings as an assembler makes them.
@Suite struct MemoryInstructionTests {
  struct Row: CustomTestStringConvertible, Sendable {
    var text: String
    var bits: UInt32
    var kind: MemoryInstruction.Kind
    var base: Int
    /// Stored or, if there is one, loaded register.
    var register: Int
    var offset: Int64
    var bytes: Int
    var length: UInt64
    var testDescription: String { text }

    init(
      _ text: String, _ bits: UInt32, _ kind: MemoryInstruction.Kind, base: Int, register: Int, offset: Int64 = 0,
      bytes: Int, length: UInt64 = 4
    ) {
      (self.text, self.bits, self.kind, self.base) = (text, bits, kind, base)
      (self.register, self.offset, self.bytes, self.length) = (register, offset, bytes, length)
    }
  }

  static let rows = [
    Row("ld a0, 8(a1)", 0x0085_b503, .load(isSigned: true), base: 11, register: 10, offset: 8, bytes: 8),
    Row("sd a0, -16(sp)", 0xfea1_3823, .store, base: 2, register: 10, offset: -16, bytes: 8),
    Row("lbu t0, 0(a2)", 0x0006_4283, .load(isSigned: false), base: 12, register: 5, bytes: 1),
    Row("c.lw a4, 4(a5)", 0x43d8, .load(isSigned: true), base: 15, register: 14, offset: 4, bytes: 4, length: 2),
    Row("c.sd a0, 8(a1)", 0xe588, .store, base: 11, register: 10, offset: 8, bytes: 8, length: 2),
    Row("c.ldsp ra, 8(sp)", 0x60a2, .load(isSigned: true), base: 2, register: 1, offset: 8, bytes: 8, length: 2),
    Row("c.sdsp ra, 8(sp)", 0xe406, .store, base: 2, register: 1, offset: 8, bytes: 8, length: 2),
    Row("c.lwsp a0, 12(sp)", 0x4532, .load(isSigned: true), base: 2, register: 10, offset: 12, bytes: 4, length: 2),
    Row("c.swsp a0, 12(sp)", 0xc62a, .store, base: 2, register: 10, offset: 12, bytes: 4, length: 2),
    Row("amoadd.w a0, a1, (a2)", 0x00b6_252f, .atomic(.add), base: 12, register: 10, bytes: 4),
    Row("lr.d a0, (a1)", 0x1005_b52f, .loadReserved, base: 11, register: 10, bytes: 8),
    Row("sc.d a2, a3, (a1)", 0x18d5_b62f, .storeConditional, base: 11, register: 12, bytes: 8),
  ]

  @Test(arguments: rows) func `a load or store is taken apart`(_ row: Row) throws {
    let instruction = try #require(MemoryInstruction(row.bits))
    #expect(instruction.kind == row.kind)
    #expect(instruction.base == row.base)
    #expect((instruction.kind == .store ? instruction.source : instruction.destination) == row.register)
    #expect(instruction.offset == row.offset)
    #expect(instruction.bytes == row.bytes)
    #expect(instruction.length == row.length)
  }

  @Test(arguments: [0x0005_b507, 0x0015_0513, 0x2188, 0x0000_0073, 0x0000_8067] as [UInt32])
  func `everything else is left alone`(_ bits: UInt32) { #expect(MemoryInstruction(bits) == nil) }

  @Test func `a loaded value is extended as the instruction says`() throws {
    let signed = try #require(MemoryInstruction(0x43d8))
    let unsigned = try #require(MemoryInstruction(0x0006_4283))
    #expect(signed.extended(0xffff_ffff_8000_0000) == 0xffff_ffff_8000_0000)
    #expect(signed.extended(0x1_7fff_ffff) == 0x7fff_ffff)
    #expect(unsigned.extended(0x1ff) == 0xff)
  }

  @Test func `atomic operations compare with and without sign`() {
    let (minus, one) = (UInt64.max, UInt64(1))
    #expect(MemoryInstruction.AtomicOperation.minimum(minus, one) == minus)
    #expect(MemoryInstruction.AtomicOperation.minimumUnsigned(minus, one) == one)
    #expect(MemoryInstruction.AtomicOperation.maximum(minus, one) == one)
    #expect(MemoryInstruction.AtomicOperation.swap(one, minus) == minus)
    #expect(MemoryInstruction.AtomicOperation.add(minus, one) == 0)
  }
}
