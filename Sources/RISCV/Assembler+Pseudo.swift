/// The usual pseudo-instructions. Each states how many instructions it becomes, if not one.
extension Assembler {
  public mutating func nop() { addi(.zero, .zero, 0) }
  public mutating func mv(_ rd: Register, _ source: Register) { addi(rd, source, 0) }
  public mutating func not(_ rd: Register, _ source: Register) { xori(rd, source, -1) }
  public mutating func neg(_ rd: Register, _ source: Register) { sub(rd, .zero, source) }
  public mutating func sextW(_ rd: Register, _ source: Register) { addiw(rd, source, 0) }
  public mutating func seqz(_ rd: Register, _ source: Register) { sltiu(rd, source, 1) }
  public mutating func snez(_ rd: Register, _ source: Register) { sltu(rd, .zero, source) }
  public mutating func sltz(_ rd: Register, _ source: Register) { slt(rd, source, .zero) }
  public mutating func sgtz(_ rd: Register, _ source: Register) { slt(rd, .zero, source) }

  public mutating func beqz(_ source: Register, _ label: String) { beq(source, .zero, label) }
  public mutating func bnez(_ source: Register, _ label: String) { bne(source, .zero, label) }
  public mutating func bltz(_ source: Register, _ label: String) { blt(source, .zero, label) }
  public mutating func bgez(_ source: Register, _ label: String) { bge(source, .zero, label) }
  public mutating func blez(_ source: Register, _ label: String) { bge(.zero, source, label) }
  public mutating func bgtz(_ source: Register, _ label: String) { blt(.zero, source, label) }
  public mutating func bgt(_ rs1: Register, _ rs2: Register, _ label: String) { blt(rs2, rs1, label) }
  public mutating func ble(_ rs1: Register, _ rs2: Register, _ label: String) { bge(rs2, rs1, label) }
  public mutating func bgtu(_ rs1: Register, _ rs2: Register, _ label: String) { bltu(rs2, rs1, label) }
  public mutating func bleu(_ rs1: Register, _ rs2: Register, _ label: String) { bgeu(rs2, rs1, label) }

  public mutating func j(_ label: String) { jal(.zero, label) }
  public mutating func jr(_ target: Register) { jalr(.zero, 0, target) }
  public mutating func ret() { jr(.ra) }

  /// Two instructions: reaches 2 GiB either way.
  public mutating func call(_ label: String) { pair(.ra, through: .ra, label) }

  /// A jump to a label up to 2 GiB away, in two instructions; `through` is overwritten.
  public mutating func tail(_ label: String, through: Register = .t1) { pair(.zero, through: through, label) }

  private mutating func pair(_ link: Register, through: Register, _ label: String) {
    refer(.relativePair, label)
    auipc(through, 0)
    jalr(link, 0, through)
  }

  /// The address of a label, relative to pc. Two instructions.
  public mutating func la(_ rd: Register, _ label: String, plus addend: Int64 = 0) {
    refer(.relativePair, label, addend: addend)
    auipc(rd, 0)
    addi(rd, rd, 0)
  }

  /// The address of a label as a constant, for code that is copied elsewhere. Two instructions; the address must be
  /// below 2 GiB.
  public mutating func laAbsolute(_ rd: Register, _ label: String, plus addend: Int64 = 0) {
    refer(.absolutePair, label, addend: addend)
    lui(rd, 0)
    addi(rd, rd, 0)
  }

  /// Any 64-bit constant, in one to eight instructions.
  public mutating func li(_ rd: Register, _ value: Int64) {
    let low = (value << 52) >> 52
    if value == low { return addi(rd, .zero, value) }
    if let small = Int32(exactly: value) {
      lui(rd, Int64((UInt32(bitPattern: small) &+ 0x800) >> 12))
      if low != 0 { addiw(rd, rd, low) }
      return
    }
    // The upper bits first, without the zeros they end in; then move them up and add the rest.
    let upper = (value &- low) >> 12
    let zeros = upper.trailingZeroBitCount
    li(rd, upper >> Int64(zeros))
    slli(rd, rd, Int64(12 + zeros))
    if low != 0 { addi(rd, rd, low) }
  }
}
