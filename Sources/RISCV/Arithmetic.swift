/// The operations of RV64IM that Swift's operators do not state directly. Division never traps: by zero it gives all
/// ones or the dividend, and the one overflow gives the dividend or 0.
enum Arithmetic {
  @inline(__always) static func signExtendWord(_ value: UInt64) -> UInt64 {
    UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value)))
  }

  @inline(__always) static func highSigned(_ left: UInt64, _ right: UInt64) -> UInt64 {
    UInt64(bitPattern: Int64(bitPattern: left).multipliedFullWidth(by: Int64(bitPattern: right)).high)
  }

  @inline(__always) static func highUnsigned(_ left: UInt64, _ right: UInt64) -> UInt64 {
    left.multipliedFullWidth(by: right).high
  }

  /// Signed times unsigned.
  @inline(__always) static func highMixed(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let correction = Int64(bitPattern: left) < 0 ? right : 0
    return left.multipliedFullWidth(by: right).high &- correction
  }

  @inline(__always) static func quotient<Number: FixedWidthInteger & SignedInteger>(
    _ left: Number, _ right: Number
  ) -> Number {
    if right == 0 { return -1 }
    return left.dividedReportingOverflow(by: right).partialValue
  }

  @inline(__always) static func remainder<Number: FixedWidthInteger & SignedInteger>(
    _ left: Number, _ right: Number
  ) -> Number {
    if right == 0 { return left }
    if right == -1 { return 0 }
    return left.remainderReportingOverflow(dividingBy: right).partialValue
  }

  @inline(__always) static func quotient<Number: FixedWidthInteger & UnsignedInteger>(
    _ left: Number, _ right: Number
  ) -> Number {
    right == 0 ? .max : left / right
  }

  @inline(__always) static func remainder<Number: FixedWidthInteger & UnsignedInteger>(
    _ left: Number, _ right: Number
  ) -> Number {
    right == 0 ? left : left % right
  }
}

/// The upper five bits of an atomic instruction.
enum AtomicFunction: UInt8, CaseIterable {
  case add = 0
  case swap = 1
  case loadReserved = 2
  case storeConditional = 3
  case xor = 4
  case or = 8
  case and = 12
  case minimum = 16
  case maximum = 20
  case minimumUnsigned = 24
  case maximumUnsigned = 28

  /// What an AMO leaves in memory.
  func combined<Word: FixedWidthInteger & UnsignedInteger>(_ old: Word, _ operand: Word, negative: Word) -> Word {
    // Flipping the sign bit turns the signed order into the unsigned one.
    let signedOrder = old ^ negative < operand ^ negative
    switch self {
    case .add: return old &+ operand
    case .swap: return operand
    case .xor: return old ^ operand
    case .or: return old | operand
    case .and: return old & operand
    case .minimum: return signedOrder ? old : operand
    case .maximum: return signedOrder ? operand : old
    case .minimumUnsigned: return min(old, operand)
    case .maximumUnsigned: return max(old, operand)
    case .loadReserved, .storeConditional: preconditionFailure("LR and SC do not combine")
    }
  }
}
