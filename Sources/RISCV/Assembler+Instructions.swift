/// The instructions of RV64IMA and our own, one method each.
extension Assembler {
  public mutating func emit(_ operation: RegisterOperation, _ rd: Register, _ rs1: Register, _ rs2: Register) {
    let code = operation.code
    instruction(Encoding.r(code.opcode, code.funct3, code.funct7, rd: rd.field, rs1: rs1.field, rs2: rs2.field))
  }

  public mutating func emit(_ operation: ImmediateOperation, _ rd: Register, _ rs1: Register, _ immediate: Int64) {
    check(immediate, -2048, 2047, operation.rawValue)
    let (opcode, funct3) = operation.code
    instruction(Encoding.i(opcode, funct3, rd: rd.field, rs1: rs1.field, UInt32(truncatingIfNeeded: immediate)))
  }

  public mutating func emit(_ operation: ShiftOperation, _ rd: Register, _ rs1: Register, _ amount: Int64) {
    check(amount, 0, operation.largestAmount, operation.rawValue)
    let code = operation.code
    let immediate = UInt32(truncatingIfNeeded: amount) & 63 | code.upper
    instruction(Encoding.i(code.opcode, code.funct3, rd: rd.field, rs1: rs1.field, immediate))
  }

  /// Loads from `offset(base)`.
  public mutating func emit(_ operation: LoadOperation, _ rd: Register, _ offset: Int64, _ base: Register) {
    check(offset, -2048, 2047, operation.rawValue)
    let immediate = UInt32(truncatingIfNeeded: offset)
    instruction(Encoding.i(0x03, operation.funct3, rd: rd.field, rs1: base.field, immediate))
  }

  /// Stores `source` to `offset(base)`.
  public mutating func emit(_ operation: StoreOperation, _ source: Register, _ offset: Int64, _ base: Register) {
    check(offset, -2048, 2047, operation.rawValue)
    let immediate = UInt32(truncatingIfNeeded: offset)
    instruction(Encoding.s(0x23, operation.funct3, rs1: base.field, rs2: source.field, immediate))
  }

  public mutating func emit(_ operation: BranchOperation, _ rs1: Register, _ rs2: Register, _ label: String) {
    refer(.branch, label)
    instruction(Encoding.b(0x63, operation.funct3, rs1: rs1.field, rs2: rs2.field, 0))
  }

  /// `source` is not used by `lr`.
  public mutating func emit(
    _ operation: AtomicOperation, _ width: AtomicWidth, _ rd: Register, _ source: Register, _ address: Register,
    _ ordering: AtomicOrdering = .relaxed
  ) {
    let funct7 = operation.funct5 << 2 | ordering.bits
    let rs2 = operation == .lr ? 0 : source.field
    instruction(Encoding.r(0x2f, width.funct3, funct7, rd: rd.field, rs1: address.field, rs2: rs2))
  }

  /// `upper` are the upper 20 bits, as assemblers write them: 0 ... 0xfffff.
  public mutating func lui(_ rd: Register, _ upper: Int64) {
    check(upper, 0, 0xf_ffff, "lui")
    instruction(0x37 | rd.field << 7 | UInt32(truncatingIfNeeded: upper) << 12)
  }

  public mutating func auipc(_ rd: Register, _ upper: Int64) {
    check(upper, 0, 0xf_ffff, "auipc")
    instruction(0x17 | rd.field << 7 | UInt32(truncatingIfNeeded: upper) << 12)
  }

  public mutating func jal(_ rd: Register, _ label: String) {
    refer(.jump, label)
    instruction(Encoding.j(0x6f, rd: rd.field, 0))
  }

  public mutating func jalr(_ rd: Register, _ offset: Int64, _ base: Register) {
    check(offset, -2048, 2047, "jalr")
    instruction(Encoding.i(0x67, 0, rd: rd.field, rs1: base.field, UInt32(truncatingIfNeeded: offset)))
  }

  public mutating func ecall() { instruction(0x0000_0073) }
  public mutating func ebreak() { instruction(0x0010_0073) }
  public mutating func fence() { instruction(0x0ff0_000f) }
  public mutating func fenceI() { instruction(0x0000_100f) }

  /// `rdcycle`, `rdtime` or `rdinstret`.
  public mutating func read(_ counter: Counter, _ rd: Register) {
    instruction(Encoding.i(0x73, 2, rd: rd.field, rs1: 0, UInt32(counter.rawValue)))
  }

  /// Lets as many nanoseconds of CPU time pass as the register says, and leaves 0 in it.
  public mutating func work(_ nanoseconds: Register) { emit(.work, nanoseconds, .zero, .zero) }

  /// Fills memory with the low byte of `value`. Uses up `address` and `length`.
  public mutating func bulkStore(address: Register, length: Register, value: Register) {
    emit(.bulkStore, address, length, value)
  }

  /// Touches memory for reading. Uses up `address` and `length`.
  public mutating func bulkLoad(address: Register, length: Register) { emit(.bulkLoad, address, length, .zero) }

  private mutating func emit(_ custom: CustomInstruction, _ rd: Register, _ rs1: Register, _ rs2: Register) {
    let bits = custom.encoded(rd: rd, rs1: rs1, rs2: rs2)
    if CustomInstruction(bits: bits) == nil {
      fail(.invalidRegisters(mnemonic: custom.mnemonic, address: address))
    }
    instruction(bits)
  }
}

extension Register {
  @inlinable var field: UInt32 { UInt32(rawValue) }
}
