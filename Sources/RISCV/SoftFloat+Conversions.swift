/// An integer format that values are converted to and from, by its encoding in the instruction.
enum IntegerFormat: UInt8, BitwiseCopyable {
  case word, unsignedWord, long, unsignedLong

  var isSigned: Bool { self == .word || self == .long }
  /// The largest magnitude of a value with this sign.
  func limit(isNegative: Bool) -> UInt128 {
    let bits: UInt128 = self == .word || self == .unsignedWord ? 32 : 64
    if isSigned { return isNegative ? 1 << (bits - 1) : 1 << (bits - 1) - 1 }
    return isNegative ? 0 : 1 << bits - 1
  }
}

extension SoftFloat {
  /// A value of this format as an integer register holds it; what does not fit is invalid and gives the nearest
  /// integer that does, NaN the largest.
  mutating func integer(_ operand: UInt64, _ target: IntegerFormat) -> UInt64 {
    let a = unpacked(operand)
    var magnitude: UInt128 = 0
    var isInexact = false
    var isValid = !a.isNaN && a.kind != .infinity
    if a.kind == .finite && a.exponent < 64 {
      let significand = UInt128(a.significand) << 64
      (magnitude, isInexact) = rounded(significand, cutting: 127 - a.exponent, isNegative: a.isNegative)
    } else if a.kind == .finite {
      isValid = false
    }
    let isNegative = a.isNegative && !a.isNaN
    let limit = target.limit(isNegative: isNegative)
    if !isValid || magnitude > limit {
      raise(.invalid)
      magnitude = limit
    } else if isInexact {
      raise(.inexact)
    }
    let value = UInt64(truncatingIfNeeded: isNegative ? 0 &- magnitude : magnitude)
    let isWord = target == .word || target == .unsignedWord
    return isWord ? Arithmetic.signExtendWord(value) : value
  }

  /// What an integer register holds as a value of this format.
  mutating func value(of register: UInt64, _ source: IntegerFormat) -> UInt64 {
    let number =
      switch source {
      case .word: Arithmetic.signExtendWord(register)
      case .unsignedWord: register & 0xffff_ffff
      case .long, .unsignedLong: register
      }
    if number == 0 { return 0 }
    let isNegative = source.isSigned && number >> 63 == 1
    let magnitude = isNegative ? 0 &- number : number
    return packed(isNegative: isNegative, exponent: 63, significand: UInt128(magnitude) << 64)
  }

  /// A value of another format as one of this.
  mutating func value(of bits: UInt64, _ source: FloatFormat) -> UInt64 {
    let a = UnpackedFloat(bits, source)
    switch a.kind {
    case .quietNaN, .signalingNaN: return propagate(a)
    case .infinity: return signed(format.infinity, a.isNegative)
    case .zero: return signed(0, a.isNegative)
    case .finite:
      return packed(isNegative: a.isNegative, exponent: a.exponent, significand: UInt128(a.significand) << 64)
    }
  }
}
