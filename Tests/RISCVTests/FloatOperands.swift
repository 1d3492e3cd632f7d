import Determinism

/// Operands that are hard: specials, neighbours of powers of two and of integer limits, subnormals, near cancellations.
struct FloatOperands {
  private var random: SeededGenerator

  init(seed: UInt64) { random = SeededGenerator(seed: seed).split(name: "float operands") }

  /// Three words as registers hold them.
  mutating func triple(_ kind: FloatCase.Operands) -> [UInt64] {
    switch kind {
    case .integer: return [integer(), integer(), integer()]
    case .double:
      let (a, b) = (value(52, 11), value(52, 11))
      return [a, related(a, b, 52, 11), third(a, b)]
    case .single:
      let (a, b) = (value(23, 8), value(23, 8))
      let words = [a, related(a, b, 23, 8), thirdSingle(a, b)]
      // One in thirty is not boxed: it counts as NaN.
      return words.map { random.next(below: 30) == 0 ? $0 | random.next() << 32 : $0 | 0xffff_ffff_0000_0000 }
    }
  }

  private mutating func integer() -> UInt64 {
    switch random.next(below: 4) {
    case 0: return random.next()
    case 1: return random.next() >> UInt64(random.next(below: 64))
    case 2: return 0 &- random.next() >> UInt64(random.next(below: 64))
    default: return (1 << UInt64(random.next(below: 64))) &+ UInt64(random.next(below: 5)) &- 2
    }
  }

  private mutating func value(_ fraction: UInt64, _ exponent: UInt64) -> UInt64 {
    let sign = random.next() & 1 << (fraction + exponent)
    let largest: UInt64 = (1 << exponent) - 1
    let bias = largest >> 1
    func packed(_ exponent: UInt64, _ bits: UInt64) -> UInt64 {
      sign | exponent << fraction | bits & ((1 << fraction) - 1)
    }
    switch random.next(below: 12) {
    case 0: return packed([0, largest][random.next(below: 2)], 0)
    case 1: return packed(largest, [1, 1 << (fraction - 1), 1 << (fraction - 1) + 1][random.next(below: 3)])
    case 2: return packed(0, random.next() >> UInt64(random.next(below: 64)))
    case 3: return packed([0, 1, largest - 1][random.next(below: 3)], [0, 1, .max, .max - 1][random.next(below: 4)])
    case 4: return packed(random.next() % largest, [0, 1, .max][random.next(below: 3)])
    // Around the limits of integers.
    case 5: return packed(bias + [30, 31, 32, 62, 63, 64][random.next(below: 6)], [0, 1, .max][random.next(below: 3)])
    case 6: return packed(bias + UInt64(random.next(below: 66)) - 2, random.next())
    // Few significant bits: ties and exact results.
    case 7, 8: return packed(bias - 8 + UInt64(random.next(below: 16)), random.next() << (fraction - 4))
    case 9: return packed(bias - 2 + UInt64(random.next(below: 4)), random.next())
    default: return packed(random.next() % largest, random.next())
    }
  }

  /// Often a neighbour of the first operand, with either sign.
  private mutating func related(_ a: UInt64, _ b: UInt64, _ fraction: UInt64, _ exponent: UInt64) -> UInt64 {
    if random.next(below: 4) != 0 { return b }
    let shift = UInt64(random.next(below: 3)) << fraction
    let mask: UInt64 = exponent == 11 ? .max : 0xffff_ffff
    return ((a &+ UInt64(random.next(below: 5)) &- 2 &+ shift) ^ (random.next() & 1 << (fraction + exponent))) & mask
  }

  /// Often close to the negated product of the first two.
  private mutating func third(_ a: UInt64, _ b: UInt64) -> UInt64 {
    if random.next(below: 2) == 0 { return value(52, 11) }
    let product = Double(bitPattern: a) * Double(bitPattern: b)
    // Which NaN a host gives is its own affair.
    if product.isNaN { return value(52, 11) }
    return (product.bitPattern ^ (random.next() & 1 << 63)) &+ UInt64(random.next(below: 5)) &- 2
  }

  private mutating func thirdSingle(_ a: UInt64, _ b: UInt64) -> UInt64 {
    if random.next(below: 2) == 0 { return value(23, 8) }
    let product =
      Float(bitPattern: UInt32(truncatingIfNeeded: a)) * Float(bitPattern: UInt32(truncatingIfNeeded: b))
    if product.isNaN { return value(23, 8) }
    let bits = (product.bitPattern ^ UInt32(random.next() & 1) << 31) &+ UInt32(random.next(below: 5)) &- 2
    return UInt64(bits)
  }
}
