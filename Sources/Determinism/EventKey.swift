/// An event as one number: instant 64 bits, class 4, sequence 36, payload 24. Comparing the numbers is the total order
/// of events, so the heap needs no branches and a dump of the queue is a dump of integers.
@usableFromInline enum EventKey {
  /// One less than would fit, so that no key equals the end mark of the heap.
  @usableFromInline static var sequenceLimit: UInt64 { (1 << 36) - 1 }

  @inlinable @inline(__always)
  static func make(_ instant: Instant, _ class: UInt8, _ sequence: UInt64, _ payload: UInt32) -> UInt128 {
    precondition(`class` < 16 && payload < 1 << 24, "an event class has 4 bits, a payload 24")
    let low = UInt64(`class`) &<< 60 | sequence &<< 24 | UInt64(payload)
    return UInt128(instant.picoseconds) &<< 64 | UInt128(low)
  }

  @inlinable @inline(__always)
  static func event(_ key: UInt128) -> (instant: Instant, class: UInt8, payload: UInt32) {
    let low = UInt64(truncatingIfNeeded: key)
    return (
      Instant(picoseconds: UInt64(truncatingIfNeeded: key &>> 64)), UInt8(truncatingIfNeeded: low &>> 60),
      UInt32(truncatingIfNeeded: low & 0xff_ffff)
    )
  }
}
