/// The F and D extensions.
extension Decoder {
  var floatLoad: DecodedInstruction {
    guard funct3 == 2 || funct3 == 3 else { return illegal }
    return rare(funct3 == 2 ? .flw : .fld, Encoding.immediateI(bits), rd: rd)
  }

  var floatStore: DecodedInstruction {
    guard funct3 == 2 || funct3 == 3 else { return illegal }
    return rare(funct3 == 2 ? .fsw : .fsd, Encoding.immediateS(bits))
  }

  private var format: FloatFormat? { FloatFormat(rawValue: UInt8(bits >> 25 & 3)) }

  private func float(_ operation: FloatOperation, _ format: FloatFormat, rounding: UInt32 = 0) -> DecodedInstruction {
    let selector = FloatSelector(operation, format, rounding: rounding, rs3: bits >> 27)
    return rare(.float, selector.rawValue, rd: operation.hasIntegerResult ? rdOrDiscarded : rd)
  }

  /// An operation that rounds; two of the encoded modes are reserved.
  private func rounding(_ operation: FloatOperation, _ format: FloatFormat) -> DecodedInstruction {
    funct3 == 5 || funct3 == 6 ? illegal : float(operation, format, rounding: funct3)
  }

  var floatFused: DecodedInstruction {
    guard let format else { return illegal }
    let operations: [FloatOperation] = [
      .multiplyAdd, .multiplySubtract, .negatedMultiplyAdd, .negatedMultiplySubtract,
    ]
    return rounding(operations[Int(bits >> 2 & 3)], format)
  }

  var floatArithmetic: DecodedInstruction {
    guard let format else { return illegal }
    switch (funct7 >> 2, rs2) {
    case (0x00, _): return rounding(.add, format)
    case (0x01, _): return rounding(.subtract, format)
    case (0x02, _): return rounding(.multiply, format)
    case (0x03, _): return rounding(.divide, format)
    case (0x0b, 0): return rounding(.squareRoot, format)
    case (0x04, _): return selected([.copySign, .copyNegatedSign, .xorSign], format)
    case (0x05, _): return selected([.minimum, .maximum], format)
    case (0x08, 1) where format == .single, (0x08, 0) where format == .double: return rounding(.convert, format)
    case (0x14, _): return selected([.lessOrEqual, .less, .equal], format)
    case (0x18, 0...3): return rounding(.toInteger, format)
    case (0x1a, 0...3): return rounding(.fromInteger, format)
    case (0x1c, 0): return selected([.moveToInteger, .classify], format)
    case (0x1e, 0): return selected([.moveFromInteger], format)
    default: return illegal
    }
  }

  private func selected(_ operations: [FloatOperation], _ format: FloatFormat) -> DecodedInstruction {
    funct3 < operations.count ? float(operations[Int(funct3)], format) : illegal
  }

  /// An access to fflags, frm or fcsr (1, 2, 3): number in the low bits of `immediate`, then the function, then whether
  /// it writes. The field rs1 is a register or the value itself.
  var floatStatus: DecodedInstruction? {
    let number = bits >> 20
    guard (1...3).contains(number), funct3 & 3 != 0 else { return nil }
    let writes: UInt32 = funct3 & 3 == 1 || rs1 != 0 ? 1 : 0
    let selector = Int32(number | funct3 << 2 | writes << 5)
    return rare(.floatStatus, selector, rd: rdOrDiscarded)
  }
}
