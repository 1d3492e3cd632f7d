/// A signed length of simulated time in whole picoseconds.
@frozen public struct TimeSpan: Comparable, Hashable, BitwiseCopyable, Sendable {
  public var picoseconds: Int64

  @inlinable public init(picoseconds: Int64) { self.picoseconds = picoseconds }

  @inlinable public static var zero: TimeSpan { TimeSpan(picoseconds: 0) }

  @inlinable public static func picoseconds(_ count: Int64) -> TimeSpan { TimeSpan(picoseconds: count) }
  @inlinable public static func nanoseconds(_ count: Int64) -> TimeSpan { TimeSpan(picoseconds: count * 1_000) }
  @inlinable public static func microseconds(_ count: Int64) -> TimeSpan { TimeSpan(picoseconds: count * 1_000_000) }
  @inlinable public static func milliseconds(_ count: Int64) -> TimeSpan {
    TimeSpan(picoseconds: count * 1_000_000_000)
  }
  @inlinable public static func seconds(_ count: Int64) -> TimeSpan {
    TimeSpan(picoseconds: count * 1_000_000_000_000)
  }

  /// Whole microseconds, rounded towards zero.
  @inlinable public var microseconds: Int64 { picoseconds / 1_000_000 }

  @inlinable public static func < (left: TimeSpan, right: TimeSpan) -> Bool { left.picoseconds < right.picoseconds }
  @inlinable public static func + (left: TimeSpan, right: TimeSpan) -> TimeSpan {
    TimeSpan(picoseconds: left.picoseconds + right.picoseconds)
  }
  @inlinable public static func - (left: TimeSpan, right: TimeSpan) -> TimeSpan {
    TimeSpan(picoseconds: left.picoseconds - right.picoseconds)
  }
  @inlinable public static func * (span: TimeSpan, factor: Int64) -> TimeSpan {
    TimeSpan(picoseconds: span.picoseconds * factor)
  }
  /// How many whole `right` fit into `left`.
  @inlinable public static func / (left: TimeSpan, right: TimeSpan) -> Int64 { left.picoseconds / right.picoseconds }
  @inlinable public static func / (span: TimeSpan, divisor: Int64) -> TimeSpan {
    TimeSpan(picoseconds: span.picoseconds / divisor)
  }
  @inlinable public static func % (left: TimeSpan, right: TimeSpan) -> TimeSpan {
    TimeSpan(picoseconds: left.picoseconds % right.picoseconds)
  }
  @inlinable public static prefix func - (span: TimeSpan) -> TimeSpan { TimeSpan(picoseconds: 0 - span.picoseconds) }
  @inlinable public static func += (left: inout TimeSpan, right: TimeSpan) { left = left + right }
  @inlinable public static func -= (left: inout TimeSpan, right: TimeSpan) { left = left - right }
}

extension TimeSpan: CustomStringConvertible {
  public var description: String {
    (picoseconds < 0 ? "-" : "") + describeTime(picoseconds: picoseconds.magnitude)
  }
}

/// "412 us", "1.9 ms", "3.5 s": the largest unit that keeps a whole part, at most three decimals, rounded down and
/// without trailing zeros. Integers only: the text of a run must not depend on a floating-point library.
func describeTime(picoseconds: UInt64) -> String {
  let units: [(name: String, size: UInt64)] = [
    ("s", 1_000_000_000_000), ("ms", 1_000_000_000), ("us", 1_000_000), ("ns", 1_000),
  ]
  for unit in units where picoseconds >= unit.size {
    let thousandths = (picoseconds % unit.size) / (unit.size / 1_000)
    return "\(picoseconds / unit.size)\(decimals(ofThousandths: thousandths)) \(unit.name)"
  }
  return picoseconds == 0 ? "0 s" : "\(picoseconds) ps"
}

private func decimals(ofThousandths thousandths: UInt64) -> String {
  if thousandths == 0 { return "" }
  if thousandths % 100 == 0 { return ".\(thousandths / 100)" }
  if thousandths % 10 == 0 { return "." + (thousandths < 100 ? "0" : "") + "\(thousandths / 10)" }
  return "." + (thousandths < 10 ? "00" : thousandths < 100 ? "0" : "") + "\(thousandths)"
}
