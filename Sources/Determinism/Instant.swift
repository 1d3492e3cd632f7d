/// A point in simulated time: whole picoseconds since the machine was switched on.
///
/// Picoseconds, because a cycle of every modelled clock is then a whole number and no run ever rounds. 64 bits last
/// for 213 days.
@frozen public struct Instant: Comparable, Hashable, BitwiseCopyable, Sendable {
  public var picoseconds: UInt64

  @inlinable public init(picoseconds: UInt64) { self.picoseconds = picoseconds }

  /// The moment the machine is switched on.
  @inlinable public static var zero: Instant { Instant(picoseconds: 0) }

  /// Later than everything that happens; the deadline of a wait without timeout.
  @inlinable public static var never: Instant { Instant(picoseconds: .max) }

  /// Whole microseconds since the start, rounded down as the kernel's own clock does.
  @inlinable public var microseconds: UInt64 { picoseconds / 1_000_000 }

  @inlinable public static func < (left: Instant, right: Instant) -> Bool { left.picoseconds < right.picoseconds }

  /// A sum past the end of time is `never`, so that a deadline behind an endless span needs no special case.
  @inlinable public static func + (instant: Instant, span: TimeSpan) -> Instant {
    if span.picoseconds < 0 { return instant - TimeSpan(picoseconds: 0 - span.picoseconds) }
    let (sum, overflow) = instant.picoseconds.addingReportingOverflow(UInt64(span.picoseconds))
    return overflow ? .never : Instant(picoseconds: sum)
  }

  /// `never` stays `never`: going back from it has no meaning as a point in time.
  @inlinable public static func - (instant: Instant, span: TimeSpan) -> Instant {
    if span.picoseconds < 0 { return instant + TimeSpan(picoseconds: 0 - span.picoseconds) }
    if instant == .never { return .never }
    precondition(instant.picoseconds >= UInt64(span.picoseconds), "an instant before the start of the machine")
    return Instant(picoseconds: instant.picoseconds - UInt64(span.picoseconds))
  }

  /// The span from `right` to `left`, negative if `left` is earlier.
  @inlinable public static func - (left: Instant, right: Instant) -> TimeSpan {
    if left.picoseconds >= right.picoseconds {
      return TimeSpan(picoseconds: Int64(left.picoseconds - right.picoseconds))
    }
    return TimeSpan(picoseconds: 0 - Int64(right.picoseconds - left.picoseconds))
  }

  @inlinable public static func += (instant: inout Instant, span: TimeSpan) { instant = instant + span }
}

extension Instant: CustomStringConvertible {
  public var description: String {
    self == .never ? "never" : describeTime(picoseconds: picoseconds)
  }
}
