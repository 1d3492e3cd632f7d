/// The F and D extensions; nil is no instruction of this machine.
extension Disassembler {
  static func floatAccess(_ fields: Fields) -> String? {
    guard let width = FloatWidth.allCases.first(where: { $0.funct3 == fields.funct3 }) else { return nil }
    if fields.opcode == 0x07 {
      return "fl\(width.memory) \(fields.float(at: 7)),\(fields.immediateI)(\(fields.rs1.name))"
    }
    return "fs\(width.memory) \(fields.float(at: 20)),\(Encoding.immediateS(fields.bits))(\(fields.rs1.name))"
  }

  static func floatFused(_ fields: Fields) -> String? {
    guard let operation = FloatFused.allCases.first(where: { $0.opcode == fields.opcode }) else { return nil }
    guard let width = fields.floatWidth, let rounding = fields.rounding() else { return nil }
    let operands = [7, 15, 20, 27].map { fields.float(at: $0) }.joined(separator: ",")
    return "\(operation.rawValue).\(width.rawValue) \(operands)\(rounding)"
  }

  static func floatComputation(_ fields: Fields) -> String? {
    guard let width = fields.floatWidth else { return nil }
    let funct5 = fields.funct7 >> 2
    if let operation = FloatArithmetic.allCases.first(where: { $0.funct5 == funct5 }) {
      return arithmetic(operation, width, fields)
    }
    if let operation = FloatSelection.allCases.first(where: { $0.code == (funct5, fields.funct3) }) {
      return selection(operation, width, fields)
    }
    switch funct5 {
    case 0x08: return conversion(to: width, fields)
    case 0x14:
      guard let operation = FloatComparison.allCases.first(where: { $0.funct3 == fields.funct3 }) else { return nil }
      let operands = "\(fields.float(at: 15)),\(fields.float(at: 20))"
      return "\(operation.rawValue).\(width.rawValue) \(fields.rd.name),\(operands)"
    case 0x18, 0x1a: return integerConversion(width, fields, isFromInteger: funct5 == 0x1a)
    case 0x1c, 0x1e: return move(width, fields, isFromInteger: funct5 == 0x1e)
    default: return nil
    }
  }

  private static func arithmetic(_ operation: FloatArithmetic, _ width: FloatWidth, _ fields: Fields) -> String? {
    guard let rounding = fields.rounding() else { return nil }
    let name = "\(operation.rawValue).\(width.rawValue)"
    let (rd, rs1, rs2) = (fields.float(at: 7), fields.float(at: 15), fields.float(at: 20))
    if operation != .fsqrt { return "\(name) \(rd),\(rs1),\(rs2)\(rounding)" }
    return fields.rs2 == .zero ? "\(name) \(rd),\(rs1)\(rounding)" : nil
  }

  private static func selection(_ operation: FloatSelection, _ width: FloatWidth, _ fields: Fields) -> String? {
    let (rd, rs1, rs2) = (fields.float(at: 7), fields.float(at: 15), fields.float(at: 20))
    if rs1 == rs2 {
      switch operation {
      case .fsgnj: return "fmv.\(width.rawValue) \(rd),\(rs1)"
      case .fsgnjn: return "fneg.\(width.rawValue) \(rd),\(rs1)"
      case .fsgnjx: return "fabs.\(width.rawValue) \(rd),\(rs1)"
      case .fmin, .fmax: break
      }
    }
    return "\(operation.rawValue).\(width.rawValue) \(rd),\(rs1),\(rs2)"
  }

  private static func conversion(to width: FloatWidth, _ fields: Fields) -> String? {
    let isExact = width == .double
    guard UInt32(fields.rs2.rawValue) == 1 - width.code, let rounding = fields.rounding(unless: isExact) else {
      return nil
    }
    let origin: FloatWidth = width == .single ? .double : .single
    return "fcvt.\(width.rawValue).\(origin.rawValue) \(fields.float(at: 7)),\(fields.float(at: 15))\(rounding)"
  }

  private static func integerConversion(_ width: FloatWidth, _ fields: Fields, isFromInteger: Bool) -> String? {
    let code = UInt32(fields.rs2.rawValue)
    guard let integer = FloatInteger.allCases.first(where: { $0.code == code }) else { return nil }
    guard let rounding = fields.rounding(unless: isFromInteger && integer.isExact(in: width)) else { return nil }
    if isFromInteger {
      return "fcvt.\(width.rawValue).\(integer.rawValue) \(fields.float(at: 7)),\(fields.rs1.name)\(rounding)"
    }
    return "fcvt.\(integer.rawValue).\(width.rawValue) \(fields.rd.name),\(fields.float(at: 15))\(rounding)"
  }

  private static func move(_ width: FloatWidth, _ fields: Fields, isFromInteger: Bool) -> String? {
    guard fields.rs2 == .zero else { return nil }
    switch (fields.funct3, isFromInteger) {
    case (0, true): return "fmv.\(width.memory).x \(fields.float(at: 7)),\(fields.rs1.name)"
    case (0, false): return "fmv.x.\(width.memory) \(fields.rd.name),\(fields.float(at: 15))"
    case (1, false): return "fclass.\(width.rawValue) \(fields.rd.name),\(fields.float(at: 15))"
    default: return nil
    }
  }

  /// An access to fflags, frm or fcsr.
  static func floatStatus(_ fields: Fields) -> String? {
    guard let status = FloatStatus(rawValue: UInt16(fields.bits >> 20)),
      let access = FloatStatusAccess.allCases.first(where: { $0.funct3 == fields.funct3 })
    else { return nil }
    let short = status == .fcsr ? "csr" : String("\(status)".dropFirst())
    let (rd, value) = (fields.rd.name, fields.rs1.rawValue)
    let destination = fields.rd == .zero ? "" : rd + ","
    // Without a destination the name says so: csrs for csrrs.
    let name = fields.rd == .zero ? "csr" + access.rawValue.dropFirst(4) : access.rawValue
    switch access {
    case .csrrw: return "fs\(short) \(destination)\(fields.rs1.name)"
    case .csrrs where fields.rs1 == .zero: return "fr\(short) \(rd)"
    case .csrrs, .csrrc: return "\(name) \(destination)\(status),\(fields.rs1.name)"
    case .csrrwi where status != .fcsr: return "fs\(short)i \(destination)\(value)"
    case .csrrwi, .csrrsi, .csrrci: return "\(name) \(destination)\(status),\(value)"
    }
  }
}

extension Fields {
  /// The name of the floating-point register in the field at this bit.
  func float(at bit: UInt32) -> String { FloatRegister(field: bits >> bit).name }

  var floatWidth: FloatWidth? { FloatWidth.allCases.first { $0.code == bits >> 25 & 3 } }

  /// The rounding mode as the last operand. Left out if it is the usual one: the dynamic one, or 0 of an exact
  /// instruction.
  func rounding(unless isExact: Bool = false) -> String? {
    guard let rounding = FloatRounding.allCases.first(where: { $0.code == funct3 }) else { return nil }
    return rounding == (isExact ? .rne : .dyn) ? "" : "," + rounding.rawValue
  }
}
