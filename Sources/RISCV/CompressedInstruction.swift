/// The C extension: each 16-bit instruction stands for one 32-bit instruction.
enum CompressedInstruction {
  /// The 32-bit instruction that `half` abbreviates, or nil for what RV64GC does not have.
  ///
  /// Hints (for example `c.li zero, 3`) expand to instructions without effect, as the specification wants.
  static func expanded(_ half: UInt32) -> UInt32? {
    switch (half & 3, half >> 13 & 7) {
    case (0, let funct3): quadrant0(half, funct3)
    case (1, let funct3): quadrant1(half, funct3)
    case (2, let funct3): quadrant2(half, funct3)
    default: nil
    }
  }

  private static func quadrant0(_ half: UInt32, _ funct3: UInt32) -> UInt32? {
    let low = half >> 2 & 7 | 8
    let base = half >> 7 & 7 | 8
    let wordOffset = half.field(12, 10, to: 3) | half.field(6, 6, to: 2) | half.field(5, 5, to: 6)
    let doubleOffset = half.field(12, 10, to: 3) | half.field(6, 5, to: 6)
    switch funct3 {
    case 0:
      let immediate =
        half.field(12, 11, to: 4) | half.field(10, 7, to: 6) | half.field(6, 6, to: 2) | half.field(5, 5, to: 3)
      return immediate == 0 ? nil : Encoding.i(0x13, 0, rd: low, rs1: 2, immediate)
    case 1: return Encoding.i(0x07, 3, rd: low, rs1: base, doubleOffset)
    case 2: return Encoding.i(0x03, 2, rd: low, rs1: base, wordOffset)
    case 3: return Encoding.i(0x03, 3, rd: low, rs1: base, doubleOffset)
    case 5: return Encoding.s(0x27, 3, rs1: base, rs2: low, doubleOffset)
    case 6: return Encoding.s(0x23, 2, rs1: base, rs2: low, wordOffset)
    case 7: return Encoding.s(0x23, 3, rs1: base, rs2: low, doubleOffset)
    default: return nil
    }
  }

  private static func quadrant1(_ half: UInt32, _ funct3: UInt32) -> UInt32? {
    let rd = half >> 7 & 31
    let small = half >> 7 & 7 | 8
    let immediate = (half.field(12, 12, to: 5) | half.field(6, 2, to: 0)).signExtended(from: 5)
    switch funct3 {
    case 0: return Encoding.i(0x13, 0, rd: rd, rs1: rd, immediate)
    case 1: return rd == 0 ? nil : Encoding.i(0x1b, 0, rd: rd, rs1: rd, immediate)
    case 2: return Encoding.i(0x13, 0, rd: rd, rs1: 0, immediate)
    case 3 where immediate == 0: return nil
    case 3 where rd == 2:
      let stack =
        half.field(12, 12, to: 9) | half.field(6, 6, to: 4) | half.field(5, 5, to: 6) | half.field(4, 3, to: 7)
        | half.field(2, 2, to: 5)
      return Encoding.i(0x13, 0, rd: 2, rs1: 2, stack.signExtended(from: 9))
    case 3: return 0x37 | rd << 7 | immediate << 12
    case 4: return arithmetic(half, small, immediate)
    case 5: return Encoding.j(0x6f, rd: 0, jumpOffset(half))
    default: return Encoding.b(0x63, funct3 & 1, rs1: small, rs2: 0, branchOffset(half))
    }
  }

  private static func arithmetic(_ half: UInt32, _ rd: UInt32, _ immediate: UInt32) -> UInt32? {
    let rs2 = half >> 2 & 7 | 8
    switch half >> 10 & 3 {
    case 0: return Encoding.i(0x13, 5, rd: rd, rs1: rd, immediate & 63)
    case 1: return Encoding.i(0x13, 5, rd: rd, rs1: rd, immediate & 63 | 0x400)
    case 2: return Encoding.i(0x13, 7, rd: rd, rs1: rd, immediate)
    default: break
    }
    switch half.field(12, 12, to: 2) | half.field(6, 5, to: 0) {
    case 0: return Encoding.r(0x33, 0, 0x20, rd: rd, rs1: rd, rs2: rs2)
    case 1: return Encoding.r(0x33, 4, 0, rd: rd, rs1: rd, rs2: rs2)
    case 2: return Encoding.r(0x33, 6, 0, rd: rd, rs1: rd, rs2: rs2)
    case 3: return Encoding.r(0x33, 7, 0, rd: rd, rs1: rd, rs2: rs2)
    case 4: return Encoding.r(0x3b, 0, 0x20, rd: rd, rs1: rd, rs2: rs2)
    case 5: return Encoding.r(0x3b, 0, 0, rd: rd, rs1: rd, rs2: rs2)
    default: return nil
    }
  }

  private static func quadrant2(_ half: UInt32, _ funct3: UInt32) -> UInt32? {
    let rd = half >> 7 & 31
    let rs2 = half >> 2 & 31
    switch funct3 {
    case 0: return Encoding.i(0x13, 1, rd: rd, rs1: rd, half.field(12, 12, to: 5) | half.field(6, 2, to: 0))
    case 1:
      let offset = half.field(12, 12, to: 5) | half.field(6, 5, to: 3) | half.field(4, 2, to: 6)
      return Encoding.i(0x07, 3, rd: rd, rs1: 2, offset)
    case 2 where rd != 0:
      let offset = half.field(12, 12, to: 5) | half.field(6, 4, to: 2) | half.field(3, 2, to: 6)
      return Encoding.i(0x03, 2, rd: rd, rs1: 2, offset)
    case 3 where rd != 0:
      let offset = half.field(12, 12, to: 5) | half.field(6, 5, to: 3) | half.field(4, 2, to: 6)
      return Encoding.i(0x03, 3, rd: rd, rs1: 2, offset)
    case 4: return registerJumpOrMove(half, rd, rs2)
    case 5: return Encoding.s(0x27, 3, rs1: 2, rs2: rs2, half.field(12, 10, to: 3) | half.field(9, 7, to: 6))
    case 6: return Encoding.s(0x23, 2, rs1: 2, rs2: rs2, half.field(12, 9, to: 2) | half.field(8, 7, to: 6))
    case 7: return Encoding.s(0x23, 3, rs1: 2, rs2: rs2, half.field(12, 10, to: 3) | half.field(9, 7, to: 6))
    default: return nil
    }
  }

  private static func registerJumpOrMove(_ half: UInt32, _ rd: UInt32, _ rs2: UInt32) -> UInt32? {
    let linking = half >> 12 & 1
    switch (linking, rd, rs2) {
    case (0, 0, 0): return nil
    case (1, 0, 0): return 0x0010_0073
    case (_, _, 0): return Encoding.i(0x67, 0, rd: linking, rs1: rd, 0)
    case (0, _, _): return Encoding.r(0x33, 0, 0, rd: rd, rs1: 0, rs2: rs2)
    default: return Encoding.r(0x33, 0, 0, rd: rd, rs1: rd, rs2: rs2)
    }
  }

  private static func jumpOffset(_ half: UInt32) -> UInt32 {
    let low = half.field(12, 12, to: 11) | half.field(11, 11, to: 4) | half.field(10, 9, to: 8)
    let high = half.field(8, 8, to: 10) | half.field(7, 7, to: 6) | half.field(6, 6, to: 7)
    return (low | high | half.field(5, 3, to: 1) | half.field(2, 2, to: 5)).signExtended(from: 11)
  }

  private static func branchOffset(_ half: UInt32) -> UInt32 {
    let high = half.field(12, 12, to: 8) | half.field(11, 10, to: 3) | half.field(6, 5, to: 6)
    return (high | half.field(4, 3, to: 1) | half.field(2, 2, to: 5)).signExtended(from: 8)
  }
}
