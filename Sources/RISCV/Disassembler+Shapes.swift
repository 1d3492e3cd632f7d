/// One function for each shape of instruction; nil is no instruction of this machine.
extension Disassembler {
  static func load(_ fields: Fields) -> String? {
    guard let operation = LoadOperation.allCases.first(where: { $0.funct3 == fields.funct3 }) else { return nil }
    return "\(operation.rawValue) \(fields.rd.name),\(fields.immediateI)(\(fields.rs1.name))"
  }

  static func store(_ fields: Fields) -> String? {
    guard let operation = StoreOperation.allCases.first(where: { $0.funct3 == fields.funct3 }) else { return nil }
    return "\(operation.rawValue) \(fields.rs2.name),\(Encoding.immediateS(fields.bits))(\(fields.rs1.name))"
  }

  static func shift(_ fields: Fields) -> String? {
    let isWord = fields.opcode == 0x1b
    let upper = fields.bits >> 20 & (isWord ? 0xfe0 : 0xfc0)
    let operation = ShiftOperation.allCases.first { $0.code == (fields.opcode, fields.funct3, upper) }
    guard let operation else { return nil }
    let amount = fields.bits >> 20 & (isWord ? 31 : 63)
    return "\(operation.rawValue) \(fields.rd.name),\(fields.rs1.name),\(amount)"
  }

  static func immediate(_ fields: Fields) -> String? {
    guard let operation = ImmediateOperation.allCases.first(where: { $0.code == (fields.opcode, fields.funct3) }) else {
      return nil
    }
    let (rd, rs1, value) = (fields.rd.name, fields.rs1.name, fields.immediateI)
    switch (operation, value) {
    case (.addi, 0) where fields.rd == .zero && fields.rs1 == .zero: return "nop"
    case (.addi, _) where fields.rs1 == .zero: return "li \(rd),\(value)"
    case (.addi, 0): return "mv \(rd),\(rs1)"
    case (.xori, -1): return "not \(rd),\(rs1)"
    case (.sltiu, 1): return "seqz \(rd),\(rs1)"
    case (.addiw, 0): return "sext.w \(rd),\(rs1)"
    case (.andi, 255): return "zext.b \(rd),\(rs1)"
    default: return "\(operation.rawValue) \(rd),\(rs1),\(value)"
    }
  }

  static func register(_ fields: Fields) -> String? {
    let code = (fields.opcode, fields.funct3, fields.funct7)
    guard let operation = RegisterOperation.allCases.first(where: { $0.code == code }) else { return nil }
    let (rd, rs1, rs2) = (fields.rd.name, fields.rs1.name, fields.rs2.name)
    switch operation {
    case .sub where fields.rs1 == .zero: return "neg \(rd),\(rs2)"
    case .subw where fields.rs1 == .zero: return "negw \(rd),\(rs2)"
    case .sltu where fields.rs1 == .zero: return "snez \(rd),\(rs2)"
    case .slt where fields.rs2 == .zero: return "sltz \(rd),\(rs1)"
    case .slt where fields.rs1 == .zero: return "sgtz \(rd),\(rs2)"
    default: return "\(operation.rawValue) \(rd),\(rs1),\(rs2)"
    }
  }

  static func branch(_ fields: Fields, _ pc: UInt64) -> String? {
    guard let operation = BranchOperation.allCases.first(where: { $0.funct3 == fields.funct3 }) else { return nil }
    let (rs1, rs2) = (fields.rs1.name, fields.rs2.name)
    let target = target(pc, Encoding.immediateB(fields.bits))
    if operation == .bge && fields.rs1 == .zero { return "blez \(rs2),\(target)" }
    let isSigned = operation != .bltu && operation != .bgeu
    if fields.rs2 == .zero && isSigned { return "\(operation.rawValue)z \(rs1),\(target)" }
    if operation == .blt && fields.rs1 == .zero { return "bgtz \(rs2),\(target)" }
    return "\(operation.rawValue) \(rs1),\(rs2),\(target)"
  }

  static func jump(_ fields: Fields, _ pc: UInt64) -> String {
    let target = target(pc, Encoding.immediateJ(fields.bits))
    switch fields.rd {
    case .zero: return "j \(target)"
    case .ra: return "jal \(target)"
    default: return "jal \(fields.rd.name),\(target)"
    }
  }

  static func jumpRegister(_ fields: Fields) -> String {
    let (rs1, offset) = (fields.rs1.name, fields.immediateI)
    let place = offset == 0 ? rs1 : "\(offset)(\(rs1))"
    switch fields.rd {
    case .zero: return fields.rs1 == .ra && offset == 0 ? "ret" : "jr \(place)"
    case .ra: return "jalr \(place)"
    default: return "jalr \(fields.rd.name),\(place)"
    }
  }

  static func atomic(_ fields: Fields) -> String? {
    guard let operation = AtomicOperation.allCases.first(where: { $0.funct5 == fields.bits >> 27 }) else { return nil }
    guard let width = AtomicWidth.allCases.first(where: { $0.funct3 == fields.funct3 }) else { return nil }
    guard let ordering = AtomicOrdering.allCases.first(where: { $0.bits == fields.funct7 & 3 }) else { return nil }
    let name = "\(operation.rawValue).\(width.rawValue)\(ordering.rawValue)"
    let (rd, rs2, address) = (fields.rd.name, fields.rs2.name, fields.rs1.name)
    if operation != .lr { return "\(name) \(rd),\(rs2),(\(address))" }
    return fields.rs2 == .zero ? "\(name) \(rd),(\(address))" : nil
  }

  static func fence(_ fields: Fields) -> String? {
    switch fields.bits {
    case 0x0000_100f: return "fence.i"
    case 0x0100_000f: return "pause"
    case 0x8330_000f: return "fence.tso"
    case 0x0ff0_000f: return "fence"
    default: break
    }
    if fields.funct3 > 1 { return nil }
    if fields.funct3 == 1 { return "fence.i" }
    let (before, after) = (fields.bits >> 24 & 15, fields.bits >> 20 & 15)
    return "fence \(fenceSet(before)),\(fenceSet(after))"
  }

  private static func fenceSet(_ bits: UInt32) -> String {
    if bits == 0 { return "0" }
    return zip("iorw", [8, 4, 2, 1]).filter { bits & $0.1 != 0 }.map { String($0.0) }.joined()
  }

  static func system(_ fields: Fields) -> String? {
    switch fields.bits {
    case 0x0000_0073: return "ecall"
    case 0x0010_0073: return "ebreak"
    case 0xc000_1073: return "unimp"
    default: break
    }
    if let text = floatStatus(fields) { return text }
    guard fields.funct3 & 2 != 0, fields.rs1 == .zero else { return nil }
    guard let counter = Counter(rawValue: UInt16(fields.bits >> 20)) else { return nil }
    switch fields.funct3 {
    case 2: return "rd\(counter) \(fields.rd.name)"
    case 3: return "csrrc \(fields.rd.name),\(counter),zero"
    case 6: return "csrrsi \(fields.rd.name),\(counter),0"
    default: return "csrrci \(fields.rd.name),\(counter),0"
    }
  }

  static func custom(_ fields: Fields) -> String? {
    guard let instruction = CustomInstruction(bits: fields.bits) else { return nil }
    let (rd, rs1, rs2) = (fields.rd.name, fields.rs1.name, fields.rs2.name)
    switch instruction {
    case .work: return "work \(rd)"
    case .bulkStore: return "bulk.store \(rd),\(rs1),\(rs2)"
    case .bulkLoad: return "bulk.load \(rd),\(rs1)"
    case .hint: return "hint \(rs1),\(rs2)"
    }
  }
}
