/// The instructions of the F and D extensions, one method each.
extension Assembler {
  private mutating func float(
    _ funct5: UInt32, _ width: FloatWidth, _ funct3: UInt32, rd: UInt32, rs1: UInt32, rs2: UInt32
  ) {
    instruction(Encoding.r(0x53, funct3, funct5 << 2 | width.code, rd: rd, rs1: rs1, rs2: rs2))
  }

  /// `rs2` is not used by `fsqrt`.
  public mutating func emit(
    _ operation: FloatArithmetic, _ width: FloatWidth, _ rd: FloatRegister, _ rs1: FloatRegister,
    _ rs2: FloatRegister = .ft0, _ rounding: FloatRounding = .dyn
  ) {
    let second = operation == .fsqrt ? 0 : rs2.field
    float(operation.funct5, width, rounding.code, rd: rd.field, rs1: rs1.field, rs2: second)
  }

  public mutating func emit(
    _ operation: FloatSelection, _ width: FloatWidth, _ rd: FloatRegister, _ rs1: FloatRegister, _ rs2: FloatRegister
  ) {
    let code = operation.code
    float(code.funct5, width, code.funct3, rd: rd.field, rs1: rs1.field, rs2: rs2.field)
  }

  public mutating func emit(
    _ operation: FloatComparison, _ width: FloatWidth, _ rd: Register, _ rs1: FloatRegister, _ rs2: FloatRegister
  ) {
    float(0x14, width, operation.funct3, rd: rd.field, rs1: rs1.field, rs2: rs2.field)
  }

  public mutating func emit(
    _ operation: FloatFused, _ width: FloatWidth, _ rd: FloatRegister, _ rs1: FloatRegister, _ rs2: FloatRegister,
    _ rs3: FloatRegister, _ rounding: FloatRounding = .dyn
  ) {
    let upper = rs3.field << 2 | width.code
    instruction(
      Encoding.r(operation.opcode, rounding.code, upper, rd: rd.field, rs1: rs1.field, rs2: rs2.field))
  }

  /// `flw` or `fld`.
  public mutating func load(_ width: FloatWidth, _ rd: FloatRegister, _ offset: Int64, _ base: Register) {
    check(offset, -2048, 2047, "fl" + width.memory)
    instruction(Encoding.i(0x07, width.funct3, rd: rd.field, rs1: base.field, UInt32(truncatingIfNeeded: offset)))
  }

  /// `fsw` or `fsd`.
  public mutating func store(_ width: FloatWidth, _ source: FloatRegister, _ offset: Int64, _ base: Register) {
    check(offset, -2048, 2047, "fs" + width.memory)
    let immediate = UInt32(truncatingIfNeeded: offset)
    instruction(Encoding.s(0x27, width.funct3, rs1: base.field, rs2: source.field, immediate))
  }

  /// `fcvt.<to>.<from>`, from one width to the other. Without a rounding mode it is the one that assemblers choose.
  public mutating func convert(
    to width: FloatWidth, _ rd: FloatRegister, _ source: FloatRegister, _ rounding: FloatRounding? = nil
  ) {
    let rounding = rounding ?? (width == .double ? .rne : .dyn)
    float(0x08, width, rounding.code, rd: rd.field, rs1: source.field, rs2: 1 - width.code)
  }

  /// `fcvt.w.s` and its relatives.
  public mutating func convert(
    to target: FloatInteger, _ rd: Register, _ width: FloatWidth, _ source: FloatRegister,
    _ rounding: FloatRounding = .dyn
  ) {
    float(0x18, width, rounding.code, rd: rd.field, rs1: source.field, rs2: target.code)
  }

  /// `fcvt.s.w` and its relatives.
  public mutating func convert(
    from origin: FloatInteger, _ width: FloatWidth, _ rd: FloatRegister, _ source: Register,
    _ rounding: FloatRounding? = nil
  ) {
    let rounding = rounding ?? (origin.isExact(in: width) ? .rne : .dyn)
    float(0x1a, width, rounding.code, rd: rd.field, rs1: source.field, rs2: origin.code)
  }

  /// `fmv.x.w` or `fmv.x.d`: the bits as they are.
  public mutating func move(_ width: FloatWidth, _ rd: Register, from source: FloatRegister) {
    float(0x1c, width, 0, rd: rd.field, rs1: source.field, rs2: 0)
  }

  /// `fmv.w.x` or `fmv.d.x`.
  public mutating func move(_ width: FloatWidth, _ rd: FloatRegister, from source: Register) {
    float(0x1e, width, 0, rd: rd.field, rs1: source.field, rs2: 0)
  }

  public mutating func fclass(_ width: FloatWidth, _ rd: Register, _ source: FloatRegister) {
    float(0x1c, width, 1, rd: rd.field, rs1: source.field, rs2: 0)
  }

  /// `operand` is a register's number, or the value itself in the immediate forms.
  public mutating func emit(
    _ access: FloatStatusAccess, _ rd: Register, _ status: FloatStatus, _ operand: UInt32
  ) {
    check(Int64(operand), 0, 31, access.rawValue)
    instruction(Encoding.i(0x73, access.funct3, rd: rd.field, rs1: operand & 31, UInt32(status.rawValue)))
  }
}
