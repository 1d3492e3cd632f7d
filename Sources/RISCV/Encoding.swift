/// The six shapes of a 32-bit instruction: packs and unpacks their fields.
///
/// Immediates are two's complement in 32 bits; bits a shape cannot hold are dropped.
enum Encoding {
  static func r(_ opcode: UInt32, _ funct3: UInt32, _ funct7: UInt32, rd: UInt32, rs1: UInt32, rs2: UInt32) -> UInt32 {
    opcode | rd << 7 | funct3 << 12 | rs1 << 15 | rs2 << 20 | funct7 << 25
  }

  static func i(_ opcode: UInt32, _ funct3: UInt32, rd: UInt32, rs1: UInt32, _ immediate: UInt32) -> UInt32 {
    opcode | rd << 7 | funct3 << 12 | rs1 << 15 | immediate << 20
  }

  static func s(_ opcode: UInt32, _ funct3: UInt32, rs1: UInt32, rs2: UInt32, _ immediate: UInt32) -> UInt32 {
    opcode | funct3 << 12 | rs1 << 15 | rs2 << 20 | immediate.field(4, 0, to: 7) | immediate.field(11, 5, to: 25)
  }

  static func b(_ opcode: UInt32, _ funct3: UInt32, rs1: UInt32, rs2: UInt32, _ offset: UInt32) -> UInt32 {
    let low = offset.field(4, 1, to: 8) | offset.field(11, 11, to: 7)
    let high = offset.field(10, 5, to: 25) | offset.field(12, 12, to: 31)
    return opcode | funct3 << 12 | rs1 << 15 | rs2 << 20 | low | high
  }

  static func j(_ opcode: UInt32, rd: UInt32, _ offset: UInt32) -> UInt32 {
    let low = offset.field(19, 12, to: 12) | offset.field(11, 11, to: 20)
    return opcode | rd << 7 | low | offset.field(10, 1, to: 21) | offset.field(20, 20, to: 31)
  }

  static func immediateI(_ bits: UInt32) -> Int32 { Int32(bitPattern: bits) >> 20 }

  static func immediateS(_ bits: UInt32) -> Int32 {
    (Int32(bitPattern: bits) >> 25) << 5 | Int32(bits >> 7 & 31)
  }

  static func immediateB(_ bits: UInt32) -> Int32 {
    let low = bits.field(11, 8, to: 1) | bits.field(30, 25, to: 5) | bits.field(7, 7, to: 11)
    return (Int32(bitPattern: bits) >> 31) << 12 | Int32(low)
  }

  static func immediateJ(_ bits: UInt32) -> Int32 {
    let low = bits.field(30, 21, to: 1) | bits.field(20, 20, to: 11) | bits.field(19, 12, to: 12)
    return (Int32(bitPattern: bits) >> 31) << 20 | Int32(low)
  }
}

extension UInt32 {
  /// Bits `high` ... `low` of the value, moved so that the lowest is bit `position`.
  @inline(__always) func field(_ high: UInt32, _ low: UInt32, to position: UInt32) -> UInt32 {
    (self >> low & ((1 << (high - low + 1)) - 1)) << position
  }

  /// The value with everything above bit `sign` a copy of that bit.
  @inline(__always) func signExtended(from sign: UInt32) -> UInt32 {
    UInt32(bitPattern: Int32(bitPattern: self << (31 - sign)) >> Int32(31 - sign))
  }
}
