/// Mnemonics as methods. Operands stand as in assembly text: destination first, `offset` before `base`.
extension Assembler {
  public mutating func add(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.add, rd, rs1, rs2) }
  public mutating func sub(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.sub, rd, rs1, rs2) }
  public mutating func sll(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.sll, rd, rs1, rs2) }
  public mutating func slt(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.slt, rd, rs1, rs2) }
  public mutating func sltu(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.sltu, rd, rs1, rs2) }
  public mutating func xor(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.xor, rd, rs1, rs2) }
  public mutating func srl(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.srl, rd, rs1, rs2) }
  public mutating func sra(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.sra, rd, rs1, rs2) }
  public mutating func or(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.or, rd, rs1, rs2) }
  public mutating func and(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.and, rd, rs1, rs2) }
  public mutating func addw(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.addw, rd, rs1, rs2) }
  public mutating func subw(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.subw, rd, rs1, rs2) }
  public mutating func sllw(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.sllw, rd, rs1, rs2) }
  public mutating func srlw(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.srlw, rd, rs1, rs2) }
  public mutating func sraw(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.sraw, rd, rs1, rs2) }
  public mutating func mul(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.mul, rd, rs1, rs2) }
  public mutating func mulh(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.mulh, rd, rs1, rs2) }
  public mutating func mulhsu(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.mulhsu, rd, rs1, rs2) }
  public mutating func mulhu(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.mulhu, rd, rs1, rs2) }
  public mutating func div(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.div, rd, rs1, rs2) }
  public mutating func divu(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.divu, rd, rs1, rs2) }
  public mutating func rem(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.rem, rd, rs1, rs2) }
  public mutating func remu(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.remu, rd, rs1, rs2) }
  public mutating func mulw(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.mulw, rd, rs1, rs2) }
  public mutating func divw(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.divw, rd, rs1, rs2) }
  public mutating func divuw(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.divuw, rd, rs1, rs2) }
  public mutating func remw(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.remw, rd, rs1, rs2) }
  public mutating func remuw(_ rd: Register, _ rs1: Register, _ rs2: Register) { emit(.remuw, rd, rs1, rs2) }

  public mutating func addi(_ rd: Register, _ rs1: Register, _ immediate: Int64) { emit(.addi, rd, rs1, immediate) }
  public mutating func slti(_ rd: Register, _ rs1: Register, _ immediate: Int64) { emit(.slti, rd, rs1, immediate) }
  public mutating func sltiu(_ rd: Register, _ rs1: Register, _ immediate: Int64) { emit(.sltiu, rd, rs1, immediate) }
  public mutating func xori(_ rd: Register, _ rs1: Register, _ immediate: Int64) { emit(.xori, rd, rs1, immediate) }
  public mutating func ori(_ rd: Register, _ rs1: Register, _ immediate: Int64) { emit(.ori, rd, rs1, immediate) }
  public mutating func andi(_ rd: Register, _ rs1: Register, _ immediate: Int64) { emit(.andi, rd, rs1, immediate) }
  public mutating func addiw(_ rd: Register, _ rs1: Register, _ immediate: Int64) { emit(.addiw, rd, rs1, immediate) }
  public mutating func slli(_ rd: Register, _ rs1: Register, _ amount: Int64) { emit(.slli, rd, rs1, amount) }
  public mutating func srli(_ rd: Register, _ rs1: Register, _ amount: Int64) { emit(.srli, rd, rs1, amount) }
  public mutating func srai(_ rd: Register, _ rs1: Register, _ amount: Int64) { emit(.srai, rd, rs1, amount) }
  public mutating func slliw(_ rd: Register, _ rs1: Register, _ amount: Int64) { emit(.slliw, rd, rs1, amount) }
  public mutating func srliw(_ rd: Register, _ rs1: Register, _ amount: Int64) { emit(.srliw, rd, rs1, amount) }
  public mutating func sraiw(_ rd: Register, _ rs1: Register, _ amount: Int64) { emit(.sraiw, rd, rs1, amount) }

  public mutating func lb(_ rd: Register, _ offset: Int64, _ base: Register) { emit(.lb, rd, offset, base) }
  public mutating func lh(_ rd: Register, _ offset: Int64, _ base: Register) { emit(.lh, rd, offset, base) }
  public mutating func lw(_ rd: Register, _ offset: Int64, _ base: Register) { emit(.lw, rd, offset, base) }
  public mutating func ld(_ rd: Register, _ offset: Int64, _ base: Register) { emit(.ld, rd, offset, base) }
  public mutating func lbu(_ rd: Register, _ offset: Int64, _ base: Register) { emit(.lbu, rd, offset, base) }
  public mutating func lhu(_ rd: Register, _ offset: Int64, _ base: Register) { emit(.lhu, rd, offset, base) }
  public mutating func lwu(_ rd: Register, _ offset: Int64, _ base: Register) { emit(.lwu, rd, offset, base) }
  public mutating func sb(_ source: Register, _ offset: Int64, _ base: Register) { emit(.sb, source, offset, base) }
  public mutating func sh(_ source: Register, _ offset: Int64, _ base: Register) { emit(.sh, source, offset, base) }
  public mutating func sw(_ source: Register, _ offset: Int64, _ base: Register) { emit(.sw, source, offset, base) }
  public mutating func sd(_ source: Register, _ offset: Int64, _ base: Register) { emit(.sd, source, offset, base) }

  public mutating func beq(_ rs1: Register, _ rs2: Register, _ label: String) { emit(.beq, rs1, rs2, label) }
  public mutating func bne(_ rs1: Register, _ rs2: Register, _ label: String) { emit(.bne, rs1, rs2, label) }
  public mutating func blt(_ rs1: Register, _ rs2: Register, _ label: String) { emit(.blt, rs1, rs2, label) }
  public mutating func bge(_ rs1: Register, _ rs2: Register, _ label: String) { emit(.bge, rs1, rs2, label) }
  public mutating func bltu(_ rs1: Register, _ rs2: Register, _ label: String) { emit(.bltu, rs1, rs2, label) }
  public mutating func bgeu(_ rs1: Register, _ rs2: Register, _ label: String) { emit(.bgeu, rs1, rs2, label) }
}
