/// Comparisons, minimum and maximum, and the class of a value.
extension SoftFloat {
  enum Relation: UInt8, BitwiseCopyable { case lessOrEqual, less, equal }

  /// 1 or 0. Equality is quiet; the others are invalid with any NaN.
  mutating func compare(_ left: UInt64, _ right: UInt64, _ relation: Relation) -> UInt64 {
    let (a, b) = (unpacked(left), unpacked(right))
    if a.isNaN || b.isNaN {
      _ = propagate(a, b)
      if relation != .equal { raise(.invalid) }
      return 0
    }
    let (l, r) = (order(left), order(right))
    let holds =
      switch relation {
      case .equal: l == r
      case .less: l < r
      case .lessOrEqual: l <= r
      }
    return holds ? 1 : 0
  }

  /// The lesser or the greater; a NaN loses against a number, and -0 is less than +0.
  mutating func extreme(_ left: UInt64, _ right: UInt64, isMaximum: Bool) -> UInt64 {
    let (a, b) = (unpacked(left), unpacked(right))
    if a.isNaN || b.isNaN {
      let canonical = propagate(a, b)
      return !a.isNaN ? left : !b.isNaN ? right : canonical
    }
    if a.kind == .zero && b.kind == .zero { return a.isNegative != isMaximum ? left : right }
    return (order(left) < order(right)) != isMaximum ? left : right
  }

  /// A number with the same order as the value's, zeros being equal.
  private func order(_ bits: UInt64) -> Int64 {
    let magnitude = Int64(bits & (format.signBit - 1))
    return bits & format.signBit != 0 ? -magnitude : magnitude
  }

  /// One bit for the class of the value.
  func classified(_ operand: UInt64) -> UInt64 {
    let a = unpacked(operand)
    switch a.kind {
    case .signalingNaN: return 1 << 8
    case .quietNaN: return 1 << 9
    case .infinity: return a.isNegative ? 1 << 0 : 1 << 7
    case .zero: return a.isNegative ? 1 << 3 : 1 << 4
    case .finite:
      let isNormal = a.exponent >= 1 - format.bias
      return a.isNegative ? (isNormal ? 1 << 1 : 1 << 2) : (isNormal ? 1 << 6 : 1 << 5)
    }
  }
}
