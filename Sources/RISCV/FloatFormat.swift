/// The two formats of IEEE 754 that the F and D extensions know.
enum FloatFormat: UInt8, BitwiseCopyable {
  case single, double

  /// Bits of the significand, the leading one included.
  @inline(__always) var precision: Int { self == .single ? 24 : 53 }
  /// The largest exponent; the smallest of a normal number is 1 - bias.
  @inline(__always) var bias: Int { self == .single ? 127 : 1023 }
  @inline(__always) var signBit: UInt64 { self == .single ? 1 << 31 : 1 << 63 }
  @inline(__always) var infinity: UInt64 { self == .single ? 0x7f80_0000 : 0x7ff0_0000_0000_0000 }
  /// The one NaN that arithmetic produces.
  @inline(__always) var canonicalNaN: UInt64 { self == .single ? 0x7fc0_0000 : 0x7ff8_0000_0000_0000 }
  /// Set in quiet NaNs.
  @inline(__always) var quietBit: UInt64 { 1 << UInt64(precision - 2) }
  @inline(__always) var fractionMask: UInt64 { 1 << UInt64(precision - 1) - 1 }

  /// The value a 64-bit register holds. Anything but a boxed value reads as NaN in single precision.
  @inline(__always) func value(inRegister bits: UInt64) -> UInt64 {
    guard self == .single else { return bits }
    return bits >> 32 == 0xffff_ffff ? bits & 0xffff_ffff : canonicalNaN
  }

  /// What a 64-bit register holds for the value.
  @inline(__always) func boxed(_ bits: UInt64) -> UInt64 { self == .single ? bits | 0xffff_ffff_0000_0000 : bits }
}

/// The rounding modes by their encoding.
enum RoundingMode: UInt8, BitwiseCopyable {
  case nearestEven, towardZero, down, up, nearestAway

  /// Whether a magnitude with this sign is to grow by one: `odd` is its lowest bit, `rest` what was cut off.
  @inline(__always) func roundsUp(isNegative: Bool, odd: Bool, rest: UInt128, half: UInt128) -> Bool {
    switch self {
    case .nearestEven: rest > half || rest == half && odd
    case .towardZero: false
    case .down: isNegative && rest != 0
    case .up: !isNegative && rest != 0
    case .nearestAway: rest >= half
    }
  }

  /// Whether a result beyond the largest number becomes infinite.
  @inline(__always) func overflowsToInfinity(isNegative: Bool) -> Bool {
    switch self {
    case .nearestEven, .nearestAway: true
    case .towardZero: false
    case .down: isNegative
    case .up: !isNegative
    }
  }
}

/// The accrued exceptions by their place in fflags.
struct FloatFlags: OptionSet, BitwiseCopyable {
  let rawValue: UInt8

  static let inexact = FloatFlags(rawValue: 1)
  static let underflow = FloatFlags(rawValue: 2)
  static let overflow = FloatFlags(rawValue: 4)
  static let divisionByZero = FloatFlags(rawValue: 8)
  static let invalid = FloatFlags(rawValue: 16)
}

/// A value taken apart.
struct UnpackedFloat: BitwiseCopyable {
  enum Kind: UInt8, BitwiseCopyable { case zero, finite, infinity, quietNaN, signalingNaN }

  var kind: Kind
  var isNegative: Bool
  /// Of a finite value other than zero: `significand` x 2^(exponent - 63), with bit 63 set.
  var exponent: Int = 0
  var significand: UInt64 = 0

  var isNaN: Bool { kind == .quietNaN || kind == .signalingNaN }

  init(_ bits: UInt64, _ format: FloatFormat) {
    isNegative = bits & format.signBit != 0
    let fraction = bits & format.fractionMask
    let biased = Int(bits >> UInt64(format.precision - 1)) & (2 * format.bias + 1)
    if biased == 2 * format.bias + 1 {
      kind = fraction == 0 ? .infinity : fraction & format.quietBit != 0 ? .quietNaN : .signalingNaN
    } else if biased != 0 {
      kind = .finite
      exponent = biased - format.bias
      significand = (fraction | (format.fractionMask + 1)) << UInt64(64 - format.precision)
    } else if fraction == 0 {
      kind = .zero
    } else {
      kind = .finite
      let shift = fraction.leadingZeroBitCount
      significand = fraction << UInt64(shift)
      exponent = 64 - format.precision + 1 - format.bias - shift
    }
  }
}
