/// The machine's source of randomness: a value, so that a fork repeats exactly what the original would have drawn.
///
/// xoshiro256** seeded by SplitMix64 (Blackman and Vigna). Draw numbers with `next(below:)`: the standard library's
/// `random(in:using:)` may change how many words it takes between Swift versions.
@frozen public struct SeededGenerator: RandomNumberGenerator, Hashable, BitwiseCopyable, Sendable {
  @usableFromInline var a: UInt64
  @usableFromInline var b: UInt64
  @usableFromInline var c: UInt64
  @usableFromInline var d: UInt64

  public init(seed: UInt64) {
    var state = seed
    a = Self.splitMix(&state)
    b = Self.splitMix(&state)
    c = Self.splitMix(&state)
    d = Self.splitMix(&state)
  }

  @inlinable public mutating func next() -> UInt64 {
    let product = b &* 5
    let result = (product &<< 7 | product &>> 57) &* 9
    let shifted = b &<< 17
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = d &<< 45 | d &>> 19
    return result
  }

  /// A number from 0 up to but not including `bound`, every one equally likely.
  @inlinable public mutating func next(below bound: UInt64) -> UInt64 {
    precondition(bound > 0, "no number is below zero")
    var product = next().multipliedFullWidth(by: bound)
    let unfair = (0 &- bound) % bound
    while product.low < unfair { product = next().multipliedFullWidth(by: bound) }
    return product.high
  }

  @inlinable public mutating func next(below bound: Int) -> Int {
    precondition(bound > 0, "no number is below zero")
    return Int(next(below: UInt64(bound)))
  }

  /// An independent stream for one purpose. It depends on this generator's present state and on the name only, and
  /// takes nothing from this generator: a new purpose does not disturb the numbers of the others.
  public func split(name: String) -> SeededGenerator {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    var seed = hash
    for word in [a, b, c, d] {
      seed ^= word
      seed = Self.splitMix(&seed)
    }
    return SeededGenerator(seed: seed)
  }

  public func digest(into digest: inout StateDigest) {
    for word in [a, b, c, d] { digest.combine(word) }
  }

  private static func splitMix(_ state: inout UInt64) -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed &>> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed &>> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed &>> 31)
  }
}
