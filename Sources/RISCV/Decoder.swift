/// Bits to `DecodedInstruction`. The result depends on the bits and their place in a page, never on the page's address,
/// so that a frame mapped several times is decoded once.
///
/// The target of a near jump is left as a number of halfwords from the start of the page.
struct Decoder {
  /// 32 bits, or 16 expanded.
  let bits: UInt32
  /// Bytes from the start of the page.
  let offset: Int32
  /// 2 or 4 bytes.
  let length: Int32
  /// Whether jumps within the page may refer to its records.
  let allowsNear: Bool

  var funct3: UInt32 { bits >> 12 & 7 }
  var funct7: UInt32 { bits >> 25 }
  var rd: UInt8 { UInt8(truncatingIfNeeded: bits >> 7 & 31) }
  var rs1: UInt8 { UInt8(truncatingIfNeeded: bits >> 15 & 31) }
  var rs2: UInt8 { UInt8(truncatingIfNeeded: bits >> 20 & 31) }
  /// For instructions that act even if nobody wants the result.
  var rdOrDiscarded: UInt8 { rd == 0 ? DecodedInstruction.discarded : rd }
  var illegal: DecodedInstruction { .illegal(bits) }
  private var nop: DecodedInstruction { DecodedInstruction(operation: .nop) }

  /// A 16-bit instruction.
  static func decode(compressed half: UInt32, offset: Int32) -> DecodedInstruction {
    guard let bits = CompressedInstruction.expanded(half) else { return .illegal(half) }
    return Decoder(bits: bits, offset: offset, length: 2, allowsNear: true).decoded
  }

  /// A 32-bit instruction.
  static func decode(full bits: UInt32, offset: Int32, allowsNear: Bool = true) -> DecodedInstruction {
    Decoder(bits: bits, offset: offset, length: 4, allowsNear: allowsNear).decoded
  }

  private var decoded: DecodedInstruction {
    switch bits & 0x7f {
    case 0x03: load
    case 0x07: floatLoad
    case 0x0b: custom
    case 0x0f: funct3 <= 1 ? nop : illegal
    case 0x13: immediateArithmetic
    case 0x17: upper(.addUpperImmediateToPC)
    case 0x1b: immediateArithmeticWord
    case 0x23: store
    case 0x27: floatStore
    case 0x2f: atomic
    case 0x33: registerArithmetic
    case 0x37: upper(.loadImmediate)
    case 0x3b: registerArithmeticWord
    case 0x43, 0x47, 0x4b, 0x4f: floatFused
    case 0x53: floatArithmetic
    case 0x63: branch
    case 0x67: jumpRegister
    case 0x6f: jump
    case 0x73: system
    default: illegal
    }
  }

  private func withImmediate(_ operation: Operation, _ rd: UInt8) -> DecodedInstruction {
    DecodedInstruction(
      operation: operation, rd: rd, rs1: rs1, immediate: Encoding.immediateI(bits))
  }

  private func upper(_ operation: Operation) -> DecodedInstruction {
    if rd == 0 { return nop }
    let upper = Int32(bitPattern: bits & 0xffff_f000)
    let immediate = operation == .loadImmediate ? upper : upper &+ offset
    return DecodedInstruction(operation: operation, rd: rd, immediate: immediate)
  }

  private var load: DecodedInstruction {
    let operations: [Operation] = [.lb, .lh, .lw, .ld, .lbu, .lhu, .lwu]
    return funct3 == 7 ? illegal : withImmediate(operations[Int(funct3)], rdOrDiscarded)
  }

  private var store: DecodedInstruction {
    let operations: [Operation] = [.sb, .sh, .sw, .sd]
    guard funct3 < 4 else { return illegal }
    return DecodedInstruction(
      operation: operations[Int(funct3)], rs1: rs1, rs2: rs2, immediate: Encoding.immediateS(bits))
  }

  /// The target of a jump over `distance` bytes from the start of the page, and whether it lies in the page.
  private func target(_ distance: Int32) -> (offset: Int32, isNear: Bool) {
    let target = offset + distance
    return (target, allowsNear && target >= 0 && target < 4096)
  }

  private var branch: DecodedInstruction {
    let near: [Operation] = [.beqNear, .bneNear, .illegal, .illegal, .bltNear, .bgeNear, .bltuNear, .bgeuNear]
    guard funct3 < 2 || funct3 > 3 else { return illegal }
    let (target, isNear) = target(Encoding.immediateB(bits))
    return DecodedInstruction(
      operation: isNear ? near[Int(funct3)] : .branchFar, rd: UInt8(funct3), rs1: rs1, rs2: rs2,
      immediate: isNear ? target / 2 : target)
  }

  private var jump: DecodedInstruction {
    let (target, isNear) = target(Encoding.immediateJ(bits))
    let operation: Operation = rd == 0 ? (isNear ? .jumpNear : .jumpFar) : (isNear ? .linkNear : .linkFar)
    let next = UInt32(offset + length)
    return DecodedInstruction(
      operation: operation, rd: rd, rs1: UInt8(next & 255), rs2: UInt8(next >> 8),
      immediate: isNear ? target / 2 : target)
  }

  private var jumpRegister: DecodedInstruction {
    guard funct3 == 0 else { return illegal }
    let immediate = Encoding.immediateI(bits) << 16 | (offset + length)
    return DecodedInstruction(operation: .jumpRegister, rd: rdOrDiscarded, rs1: rs1, immediate: immediate)
  }

  private var immediateArithmetic: DecodedInstruction {
    let operation: Operation
    switch (funct3, bits >> 26) {
    case (1, 0): operation = .slli
    case (5, 0): operation = .srli
    case (5, 0x10): operation = .srai
    case (1, _), (5, _): return illegal
    default: operation = [.addi, .addi, .slti, .sltiu, .xori, .addi, .ori, .andi][Int(funct3)]
    }
    if rd == 0 { return nop }
    let isLoadImmediate = operation == .addi && rs1 == 0
    var decoded = withImmediate(isLoadImmediate ? .loadImmediate : operation, rd)
    if funct3 & 3 == 1 { decoded.immediate &= 63 }
    return decoded
  }

  private var immediateArithmeticWord: DecodedInstruction {
    let operation: Operation
    switch (funct3, funct7) {
    case (0, _): operation = .addiw
    case (1, 0): operation = .slliw
    case (5, 0): operation = .srliw
    case (5, 0x20): operation = .sraiw
    default: return illegal
    }
    if rd == 0 { return nop }
    var decoded = withImmediate(operation, rd)
    if funct3 != 0 { decoded.immediate &= 31 }
    return decoded
  }

  private func withTwoSources(_ operation: Operation) -> DecodedInstruction {
    if rd == 0 { return nop }
    return DecodedInstruction(operation: operation, rd: rd, rs1: rs1, rs2: rs2)
  }

  private var registerArithmetic: DecodedInstruction {
    let plain: [Operation] = [.add, .sll, .slt, .sltu, .xor, .srl, .or, .and]
    let multiplying: [Operation] = [.mul, .mulh, .mulhsu, .mulhu, .div, .divu, .rem, .remu]
    switch (funct7, funct3) {
    case (0, 0) where rs1 == 0 && rd != 0:
      // The move of a register: the immediate form has one operand less to read.
      return DecodedInstruction(operation: .addi, rd: rd, rs1: rs2)
    case (0, _): return withTwoSources(plain[Int(funct3)])
    case (1, _): return withTwoSources(multiplying[Int(funct3)])
    case (0x20, 0): return withTwoSources(.sub)
    case (0x20, 5): return withTwoSources(.sra)
    default: return illegal
    }
  }

  private var registerArithmeticWord: DecodedInstruction {
    switch (funct7, funct3) {
    case (0, 0): withTwoSources(.addw)
    case (0, 1): withTwoSources(.sllw)
    case (0, 5): withTwoSources(.srlw)
    case (0x20, 0): withTwoSources(.subw)
    case (0x20, 5): withTwoSources(.sraw)
    case (1, 0): withTwoSources(.mulw)
    case (1, 4): withTwoSources(.divw)
    case (1, 5): withTwoSources(.divuw)
    case (1, 6): withTwoSources(.remw)
    case (1, 7): withTwoSources(.remuw)
    default: illegal
    }
  }

  /// Function and size of an atomic instruction are left to `AtomicFunction`: they are rare.
  private var atomic: DecodedInstruction {
    guard funct3 == 2 || funct3 == 3, let function = AtomicFunction(rawValue: UInt8(bits >> 27)) else { return illegal }
    if function == .loadReserved && rs2 != 0 { return illegal }
    let selector = Int32(function.rawValue) << 1 | Int32(funct3 & 1)
    return rare(.atomic, selector, rd: rdOrDiscarded)
  }

  func rare(_ kind: RareSelector.Kind, _ details: Int32, rd: UInt8 = 0) -> DecodedInstruction {
    let immediate = RareSelector(kind, details).rawValue
    return DecodedInstruction(operation: .rare, rd: rd, rs1: rs1, rs2: rs2, immediate: immediate)
  }

  private var system: DecodedInstruction {
    switch bits {
    case 0x0000_0073: return DecodedInstruction(operation: .environmentCall)
    case 0x0010_0073: return DecodedInstruction(operation: .breakpoint)
    default: break
    }
    if let status = floatStatus { return status }
    // csrrs, csrrc and their immediate forms with a zero source only read. All else is refused to user mode.
    let isRead = funct3 & 2 != 0 && rs1 == 0
    guard isRead, Counter(rawValue: UInt16(bits >> 20)) != nil else { return illegal }
    return DecodedInstruction(operation: .readCounter, rd: rd, immediate: Int32(bits >> 20))
  }

  private var custom: DecodedInstruction {
    switch CustomInstruction(bits: bits) {
    case .work: DecodedInstruction(operation: .work, rd: rd)
    case .bulkStore: DecodedInstruction(operation: .bulk, rd: rd, rs1: rs1, rs2: rs2, immediate: 1)
    case .bulkLoad: DecodedInstruction(operation: .bulk, rd: rd, rs1: rs1, immediate: 0)
    case .hint: DecodedInstruction(operation: .hint, rs1: rs1, rs2: rs2)
    case nil: illegal
    }
  }
}
