/// The F and D extensions, out of line: none of it burdens the loop.
extension Core {
  /// fcsr, and the place that says whether anything was written.
  private static let status = 32
  private static let dirt = 33

  /// f0 ... f31, fcsr, and whether any of them was written; nil while the unit is off. Kept where the loop's variables
  /// do not suffer from it.
  private var f: UnsafeMutablePointer<UInt64>? {
    UnsafeMutablePointer(bitPattern: UInt(translation.storage[TranslationCache.Layout.float]))
  }

  /// Illegal while the unit is off, and with a rounding mode that is none.
  @inline(never) func executeFloat(_ record: UnsafePointer<DecodedInstruction>, _ page: UInt64) -> SlowOutcome {
    guard let f else { return .stopped(.illegal(bits: bits(of: record, page: page))) }
    let selector = RareSelector(rawValue: record.pointee.immediate)
    let address = x[Int(record.pointee.rs1)] &+ UInt64(bitPattern: Int64(selector.details))
    switch selector.kind {
    case .flw: return loadFloat(address, .single, f, Int(record.pointee.rd))
    case .fld: return loadFloat(address, .double, f, Int(record.pointee.rd))
    case .fsw: return storeFloat(address, size: 4, f[Int(record.pointee.rs2)])
    case .fsd: return storeFloat(address, size: 8, f[Int(record.pointee.rs2)])
    case .floatStatus: accessStatus(record, selector.details, f)
    case .float, .atomic:
      guard compute(record, FloatSelector(rawValue: selector.details), f) else {
        return .stopped(.illegal(bits: bits(of: record, page: page)))
      }
    }
    return .done
  }

  private func storeFloat(_ address: UInt64, size: UInt64, _ value: UInt64) -> SlowOutcome {
    guard translation.hits(TranslationCache.Layout.writeSet, address, size: size) else {
      return translation.store(address, size: size, value)
    }
    let host = translation.host(TranslationCache.Layout.writeSet, address)
    if size == 8 {
      host.storeBytes(of: value, as: UInt64.self)
    } else {
      host.storeBytes(of: UInt32(truncatingIfNeeded: value), as: UInt32.self)
    }
    return .done
  }

  private func loadFloat(
    _ address: UInt64, _ format: FloatFormat, _ f: UnsafeMutablePointer<UInt64>, _ rd: Int
  ) -> SlowOutcome {
    let size: UInt64 = format == .double ? 8 : 4
    if translation.hits(TranslationCache.Layout.readSet, address, size: size) {
      let host = translation.host(TranslationCache.Layout.readSet, address)
      f[rd] = format == .double ? host.load(as: UInt64.self) : format.boxed(UInt64(host.load(as: UInt32.self)))
    } else {
      switch translation.load(address, size: size) {
      case .miss(let missing): return .miss(address: missing, access: .read)
      case .value(let value): f[rd] = format.boxed(value)
      }
    }
    f[Self.dirt] = 1
    return .done
  }

  /// csrrw and its relatives on fflags, frm and fcsr.
  private func accessStatus(
    _ record: UnsafePointer<DecodedInstruction>, _ selector: Int32, _ f: UnsafeMutablePointer<UInt64>
  ) {
    let (shift, mask): (UInt64, UInt64) =
      switch selector & 3 {
      case 1: (0, 0x1f)
      case 2: (5, 0x07)
      default: (0, 0xff)
      }
    let old = f[Self.status] >> shift & mask
    let field = UInt64(record.pointee.rs1)
    let operand = selector & 0x10 != 0 ? field : x[Int(field)]
    if selector & 0x20 != 0 {
      let new =
        switch selector >> 2 & 3 {
        case 1: operand
        case 2: old | operand
        default: old & ~operand
        }
      f[Self.status] = f[Self.status] & ~(mask << shift) | (new & mask) << shift
      f[Self.dirt] = 1
    }
    x[Int(record.pointee.rd)] = old
  }

  /// Everything that computes; false if the rounding mode is none.
  @inline(never) private func compute(
    _ record: UnsafePointer<DecodedInstruction>, _ selector: FloatSelector, _ f: UnsafeMutablePointer<UInt64>
  ) -> Bool {
    let encoded = selector.rounding == 7 ? UInt8(truncatingIfNeeded: f[Self.status] >> 5 & 7) : selector.rounding
    guard let rounding = RoundingMode(rawValue: encoded) else { return false }
    let (operation, format) = (selector.operation, selector.format)
    var unit = SoftFloat(format, rounding)
    let (rd, rs1, rs2) = (Int(record.pointee.rd), Int(record.pointee.rs1), Int(record.pointee.rs2))
    if operation.hasIntegerResult {
      x[rd] = integerResult(operation, &unit, f[rs1], f[rs2], IntegerFormat(rawValue: record.pointee.rs2))
    } else {
      let c = format.value(inRegister: f[selector.rs3])
      let a = operand(operation, format, f, rs1)
      let result = floatResult(operation, &unit, a, f[rs2], c, IntegerFormat(rawValue: record.pointee.rs2))
      f[rd] = format.boxed(result)
      f[Self.dirt] = 1
    }
    f[Self.status] |= UInt64(unit.flags.rawValue)
    return true
  }

  /// The first operand: an integer register, a value of the other format, or one of this.
  private func operand(
    _ operation: FloatOperation, _ format: FloatFormat, _ f: UnsafeMutablePointer<UInt64>, _ number: Int
  ) -> UInt64 {
    switch operation {
    case .fromInteger, .moveFromInteger: x[number]
    case .convert: format == .single ? f[number] : FloatFormat.single.value(inRegister: f[number])
    default: format.value(inRegister: f[number])
    }
  }

  private func integerResult(
    _ operation: FloatOperation, _ unit: inout SoftFloat, _ left: UInt64, _ right: UInt64, _ target: IntegerFormat?
  ) -> UInt64 {
    let (a, b) = (unit.format.value(inRegister: left), unit.format.value(inRegister: right))
    switch operation {
    case .lessOrEqual: return unit.compare(a, b, .lessOrEqual)
    case .less: return unit.compare(a, b, .less)
    case .equal: return unit.compare(a, b, .equal)
    case .classify: return unit.classified(a)
    case .toInteger: return unit.integer(a, target ?? .word)
    // A move takes the bits as they are.
    default: return unit.format == .single ? Arithmetic.signExtendWord(left) : left
    }
  }

  private func floatResult(
    _ operation: FloatOperation, _ unit: inout SoftFloat, _ a: UInt64, _ right: UInt64, _ c: UInt64,
    _ source: IntegerFormat?
  ) -> UInt64 {
    let b = unit.format.value(inRegister: right)
    let sign = unit.format.signBit
    switch operation {
    case .add: return unit.sum(a, b)
    case .subtract: return unit.difference(a, b)
    case .multiply: return unit.product(a, b)
    case .divide: return unit.quotient(a, b)
    case .squareRoot: return unit.squareRoot(a)
    case .copySign: return a & ~sign | b & sign
    case .copyNegatedSign: return a & ~sign | ~b & sign
    case .xorSign: return a ^ b & sign
    case .minimum: return unit.extreme(a, b, isMaximum: false)
    case .maximum: return unit.extreme(a, b, isMaximum: true)
    case .fromInteger: return unit.value(of: a, source ?? .word)
    case .convert: return unit.value(of: a, unit.format == .single ? .double : .single)
    case .moveFromInteger: return unit.format == .single ? a & 0xffff_ffff : a
    case .multiplyAdd: return unit.fused(a, b, plus: c)
    case .multiplySubtract: return unit.fused(a, b, plus: c ^ sign)
    case .negatedMultiplyAdd: return unit.fused(a ^ sign, b, plus: c)
    case .negatedMultiplySubtract: return unit.fused(a ^ sign, b, plus: c ^ sign)
    case .lessOrEqual, .less, .equal, .classify, .toInteger, .moveToInteger:
      preconditionFailure("an integer result is computed elsewhere")
    }
  }
}
