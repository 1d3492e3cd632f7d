/// Sums, products, quotients, square roots and fused operations.
extension SoftFloat {
  mutating func sum(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let (a, b) = (unpacked(left), unpacked(right))
    if a.isNaN || b.isNaN { return propagate(a, b) }
    switch (a.kind, b.kind) {
    case (.infinity, .infinity): return a.isNegative == b.isNegative ? left : invalid()
    case (.infinity, _): return left
    case (_, .infinity): return right
    case (.zero, .zero): return a.isNegative == b.isNegative ? left : signed(0, rounding == .down)
    case (.zero, _): return right
    case (_, .zero): return left
    default: return sum(Term(a), Term(b))
    }
  }

  mutating func difference(_ left: UInt64, _ right: UInt64) -> UInt64 {
    // The sign of a NaN does not matter: the result is canonical.
    sum(left, right ^ format.signBit)
  }

  mutating func product(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let (a, b) = (unpacked(left), unpacked(right))
    if a.isNaN || b.isNaN { return propagate(a, b) }
    let isNegative = a.isNegative != b.isNegative
    switch (a.kind, b.kind) {
    case (.infinity, .zero), (.zero, .infinity): return invalid()
    case (.infinity, _), (_, .infinity): return signed(format.infinity, isNegative)
    case (.zero, _), (_, .zero): return signed(0, isNegative)
    default:
      let significand = UInt128(a.significand) &* UInt128(b.significand)
      return packed(isNegative: isNegative, exponent: a.exponent + b.exponent + 1, significand: significand)
    }
  }

  mutating func quotient(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let (a, b) = (unpacked(left), unpacked(right))
    if a.isNaN || b.isNaN { return propagate(a, b) }
    let isNegative = a.isNegative != b.isNegative
    switch (a.kind, b.kind) {
    case (.infinity, .infinity), (.zero, .zero): return invalid()
    case (.infinity, _): return signed(format.infinity, isNegative)
    case (_, .infinity), (.zero, _): return signed(0, isNegative)
    case (_, .zero):
      raise(.divisionByZero)
      return signed(format.infinity, isNegative)
    default:
      // 63 or 64 bits of the quotient: more than both formats need, the rest in the lowest bit.
      let (quotient, remainder) = b.significand.dividingFullWidth((a.significand >> 1, a.significand << 63))
      let significand = UInt128(remainder == 0 ? quotient : quotient | 1)
      return packed(isNegative: isNegative, exponent: a.exponent - b.exponent + 64, significand: significand)
    }
  }

  mutating func squareRoot(_ operand: UInt64) -> UInt64 {
    let a = unpacked(operand)
    if a.isNaN { return propagate(a) }
    if a.kind == .zero { return operand }
    if a.isNegative { return invalid() }
    if a.kind == .infinity { return operand }
    // An even exponent: the root of 2^(2n) is 2^n.
    let shift = a.exponent & 1 == 0 ? 63 : 62
    let radicand = UInt128(a.significand) << UInt128(shift)
    let root = Self.integerRoot(radicand)
    let isExact = root * root == radicand
    let exponent = (a.exponent - 63 - shift) / 2 + 127
    return packed(isNegative: false, exponent: exponent, significand: isExact ? root : root | 1)
  }

  /// The largest number whose square is at most `radicand`, which is below 2^127, digit by digit.
  private static func integerRoot(_ radicand: UInt128) -> UInt128 {
    var rest = radicand
    var root: UInt128 = 0
    var bit: UInt128 = 1 << 126
    while bit != 0 {
      if rest >= root + bit {
        rest -= root + bit
        root = root >> 1 + bit
      } else {
        root >>= 1
      }
      bit >>= 2
    }
    return root
  }

  /// `left` x `right` + `addend`, rounded once.
  mutating func fused(_ left: UInt64, _ right: UInt64, plus addend: UInt64) -> UInt64 {
    let (a, b, c) = (unpacked(left), unpacked(right), unpacked(addend))
    let isUndefined = a.kind == .infinity && b.kind == .zero || a.kind == .zero && b.kind == .infinity
    if isUndefined { return invalid() }
    if a.isNaN || b.isNaN || c.isNaN { return propagate(a, b, c) }
    let isNegative = a.isNegative != b.isNegative
    if a.kind == .infinity || b.kind == .infinity {
      if c.kind == .infinity && c.isNegative != isNegative { return invalid() }
      return signed(format.infinity, isNegative)
    }
    if c.kind == .infinity { return addend }
    if a.kind == .zero || b.kind == .zero {
      if c.kind != .zero { return addend }
      return isNegative == c.isNegative ? addend : signed(0, rounding == .down)
    }
    let product = Term(product: a, b, isNegative: isNegative)
    if c.kind == .zero {
      return packed(isNegative: isNegative, exponent: product.exponent + 1, significand: product.significand)
    }
    return sum(product, Term(c))
  }

  /// A finite value other than zero: `significand` x 2^(exponent - 126), with bit 126 set and room for a carry.
  private struct Term {
    var isNegative: Bool
    var exponent: Int
    var significand: UInt128

    init(_ value: UnpackedFloat) {
      isNegative = value.isNegative
      exponent = value.exponent
      significand = UInt128(value.significand) &<< 63
    }

    /// Exact: the significands end in zeros.
    init(product a: UnpackedFloat, _ b: UnpackedFloat, isNegative: Bool) {
      self.isNegative = isNegative
      let product = UInt128(a.significand) &* UInt128(b.significand)
      let carries = product >> 127 != 0
      significand = carries ? product >> 1 : product
      exponent = a.exponent + b.exponent + (carries ? 1 : 0)
    }
  }

  private mutating func sum(_ left: Term, _ right: Term) -> UInt64 {
    let isOrdered =
      left.exponent != right.exponent
      ? left.exponent > right.exponent : left.significand >= right.significand
    let (large, small) = isOrdered ? (left, right) : (right, left)
    // What is shifted out only says whether the rest is nothing: it stands in the lowest bit, far below rounding.
    let distance = large.exponent - small.exponent
    let aligned: UInt128
    if distance >= 127 {
      aligned = 1
    } else {
      let shifted = small.significand &>> UInt128(distance)
      aligned = shifted &<< UInt128(distance) == small.significand ? shifted : shifted | 1
    }
    let isSum = large.isNegative == small.isNegative
    let significand = isSum ? large.significand &+ aligned : large.significand &- aligned
    if significand == 0 { return signed(0, rounding == .down) }
    return packed(isNegative: large.isNegative, exponent: large.exponent + 1, significand: significand)
  }
}
