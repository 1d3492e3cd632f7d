/// A 64-bit fingerprint of a sequence of integers and bytes: equal for equal sequences in every process and on every
/// machine, different for other orders.
///
/// `Hasher` cannot be used: Swift seeds it anew in each process. Not cryptographic; it guards against chance only.
@frozen public struct StateDigest: Hashable, BitwiseCopyable, Sendable {
  @usableFromInline var state: UInt64

  @inlinable public init() { state = 0x243f_6a88_85a3_08d3 }

  /// One step: spread the word over the high bits by an odd multiplier, then let later words meet all of it.
  @inlinable @inline(__always)
  static func step(_ state: UInt64, _ word: UInt64) -> UInt64 {
    let mixed = (state ^ word) &* 0x9fb2_1c65_1e98_df25
    return mixed ^ (mixed &>> 29) &+ 0x6a09_e667_f3bc_c909
  }

  @inlinable @inline(__always)
  public mutating func combine(_ word: UInt64) { state = Self.step(state, word) }

  @inlinable public mutating func combine(_ number: Int) { combine(UInt64(bitPattern: Int64(number))) }
  @inlinable public mutating func combine(_ flag: Bool) { combine(flag ? 1 : 0 as UInt64) }
  @inlinable public mutating func combine(_ instant: Instant) { combine(instant.picoseconds) }

  /// The UTF-8 bytes of the text, their number included, so that ("ab", "c") differs from ("a", "bc").
  public mutating func combine(_ text: String) {
    var text = text
    text.withUTF8 { combine(bytes: UnsafeRawBufferPointer($0)) }
  }

  /// The bytes and their number. Eight independent lanes for long inputs: one chain would wait for each multiplication.
  public mutating func combine(bytes: UnsafeRawBufferPointer) {
    combine(UInt64(bytes.count))
    var offset = 0
    if bytes.count >= 128 { offset = combineLanes(bytes) }
    while offset + 8 <= bytes.count {
      combine(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
      offset += 8
    }
    if offset == bytes.count { return }
    var tail: UInt64 = 0
    for byte in bytes[offset...].reversed() { tail = tail << 8 | UInt64(byte) }
    combine(tail)
  }

  public mutating func combine(bytes: [UInt8]) { bytes.withUnsafeBytes { combine(bytes: $0) } }

  /// Folds all whole blocks of 64 bytes and returns how many bytes that was.
  private mutating func combineLanes(_ bytes: UnsafeRawBufferPointer) -> Int {
    let whole = bytes.count & ~63
    guard let start = bytes.baseAddress else { return 0 }
    var (a, b, c, d) = (state, state &+ 1, state &+ 2, state &+ 3)
    var (e, f, g, h) = (state &+ 4, state &+ 5, state &+ 6, state &+ 7)
    var offset = 0
    while offset < whole {
      Self.fold(&a, start, offset)
      Self.fold(&b, start, offset &+ 8)
      Self.fold(&c, start, offset &+ 16)
      Self.fold(&d, start, offset &+ 24)
      Self.fold(&e, start, offset &+ 32)
      Self.fold(&f, start, offset &+ 40)
      Self.fold(&g, start, offset &+ 48)
      Self.fold(&h, start, offset &+ 56)
      offset &+= 64
    }
    for lane in [a, b, c, d, e, f, g, h] { combine(lane) }
    return whole
  }

  /// A shorter step than that of single words; the final mixing of the lanes makes up for it.
  @inline(__always)
  private static func fold(_ lane: inout UInt64, _ start: UnsafeRawPointer, _ offset: Int) {
    let word = UInt64(littleEndian: start.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    let product = (lane ^ word) &* 0x9fb2_1c65_1e98_df25
    lane = product &<< 29 | product &>> 35
  }

  /// The fingerprint of everything combined so far.
  @inlinable public var value: UInt64 {
    var mixed = state
    mixed = (mixed ^ (mixed &>> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed &>> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed &>> 31)
  }
}

extension StateDigest: CustomStringConvertible {
  /// Sixteen hexadecimal digits.
  public var description: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
