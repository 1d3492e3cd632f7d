/// IEEE 754 arithmetic in integers: exact results and flags on every host, whatever its own floating-point unit does.
///
/// One value computes one instruction: it holds the format of the result and the rounding mode and collects the flags.
/// Values are bit patterns in the low bits of a word. Underflow is detected after rounding, NaN results are canonical.
struct SoftFloat {
  let format: FloatFormat
  let rounding: RoundingMode
  private(set) var flags: FloatFlags = []

  init(_ format: FloatFormat, _ rounding: RoundingMode) {
    self.format = format
    self.rounding = rounding
  }

  mutating func raise(_ flag: FloatFlags) { flags.formUnion(flag) }

  func unpacked(_ bits: UInt64) -> UnpackedFloat { UnpackedFloat(bits, format) }

  func signed(_ magnitude: UInt64, _ isNegative: Bool) -> UInt64 { isNegative ? magnitude | format.signBit : magnitude }

  mutating func invalid() -> UInt64 {
    raise(.invalid)
    return format.canonicalNaN
  }

  /// The NaN that an operation with a NaN operand gives; signaling ones are reported.
  mutating func propagate(_ operands: UnpackedFloat...) -> UInt64 {
    if operands.contains(where: { $0.kind == .signalingNaN }) { raise(.invalid) }
    return format.canonicalNaN
  }

  // MARK: Rounding

  /// Cuts the low `count` bits of a magnitude off and rounds. Reports inexactness to the caller only.
  func rounded(
    _ significand: UInt128, cutting count: Int, isNegative: Bool
  ) -> (value: UInt128, isInexact: Bool) {
    if count <= 0 { return (significand, false) }
    // More than everything is cut: what is left is less than a half, but not nothing.
    let cut = count > 128 ? (significand == 0 ? 0 : 1) : significand & UInt128.max &>> UInt128(128 - count)
    let kept = count >= 128 ? 0 : significand &>> UInt128(count)
    let half: UInt128 = count > 128 ? 2 : 1 &<< UInt128(count - 1)
    let isUp = rounding.roundsUp(isNegative: isNegative, odd: kept & 1 == 1, rest: cut, half: half)
    return (isUp ? kept + 1 : kept, cut != 0)
  }

  /// The value `significand` x 2^(exponent - 127), which is not zero, in the format of the result.
  mutating func packed(isNegative: Bool, exponent: Int, significand: UInt128) -> UInt64 {
    let zeros = significand.leadingZeroBitCount
    let significand = significand &<< UInt128(zeros)
    var exponent = exponent - zeros
    let least = 1 - format.bias
    let cutting = 128 - format.precision
    if exponent < least { return packedSubnormal(isNegative, exponent, significand) }

    var (value, isInexact) = rounded(significand, cutting: cutting, isNegative: isNegative)
    if value >> UInt128(format.precision) != 0 {
      value >>= 1
      exponent += 1
    }
    if exponent > format.bias {
      raise([.overflow, .inexact])
      let isInfinite = rounding.overflowsToInfinity(isNegative: isNegative)
      return signed(isInfinite ? format.infinity : format.infinity - 1, isNegative)
    }
    if isInexact { raise(.inexact) }
    let fraction = UInt64(truncatingIfNeeded: value) & format.fractionMask
    return signed(UInt64(exponent + format.bias) << UInt64(format.precision - 1) | fraction, isNegative)
  }

  private mutating func packedSubnormal(_ isNegative: Bool, _ exponent: Int, _ significand: UInt128) -> UInt64 {
    let least = 1 - format.bias
    let cutting = 128 - format.precision
    let (value, isInexact) = rounded(significand, cutting: cutting + least - exponent, isNegative: isNegative)
    // Tiny is what would be below the normal numbers even if the exponent had no limit.
    let unlimited = rounded(significand, cutting: cutting, isNegative: isNegative).value
    let isTiny = exponent < least - 1 || unlimited >> UInt128(format.precision) == 0
    if isInexact { raise(isTiny ? [.inexact, .underflow] : .inexact) }
    // A carry into the exponent's place gives the least normal number by itself.
    return signed(UInt64(truncatingIfNeeded: value), isNegative)
  }
}
