/// A span of simulated time, exact in picoseconds; written "250us", "3.5s".
public struct DurationValue: Hashable, Sendable {
  public var picoseconds: Int64
  public var position: Position

  public init(picoseconds: Int64, at position: Position) {
    self.picoseconds = picoseconds
    self.position = position
  }
}

/// A number of bytes; written "64KiB", "4096" or 4096.
public struct SizeValue: Hashable, Sendable {
  public var bytes: Int64
  public var position: Position

  public init(bytes: Int64, at position: Position) {
    self.bytes = bytes
    self.position = position
  }
}

/// A transfer rate; written "800MB/s".
public struct RateValue: Hashable, Sendable {
  public var bytesPerSecond: Int64
  public var position: Position

  public init(bytesPerSecond: Int64, at position: Position) {
    self.bytesPerSecond = bytesPerSecond
    self.position = position
  }
}

/// Speed of a serial line in symbols a second; written "115200baud".
public struct BaudRate: Hashable, Sendable {
  public var baud: Int64
  public var position: Position

  public init(baud: Int64, at position: Position) {
    self.baud = baud
    self.position = position
  }

  /// A byte is eight bits between a start and a stop bit.
  public var picosecondsPerByte: UInt64 { 10 * 1_000_000_000_000 / UInt64(max(baud, 1)) }
}

/// What a quantity measures, with the units an author may write.
public enum QuantityKind: String, Hashable, Sendable, CaseIterable {
  case duration, size, rate
  case baudRate = "baud rate"

  /// Units from small to large with the value of one unit in picoseconds, bytes or bytes per second.
  var units: [(name: String, factor: Int64)] {
    switch self {
    case .duration:
      [
        ("ps", 1), ("ns", 1_000), ("us", 1_000_000), ("ms", 1_000_000_000), ("s", 1_000_000_000_000),
        ("min", 60_000_000_000_000),
      ]
    case .size:
      [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]
    case .rate:
      [
        ("B/s", 1), ("KB/s", 1_000), ("MB/s", 1_000_000), ("GB/s", 1_000_000_000), ("KiB/s", 1 << 10),
        ("MiB/s", 1 << 20), ("GiB/s", 1 << 30),
      ]
    case .baudRate: [("baud", 1)]
    }
  }
}

extension QuantityKind {
  /// What a quantity is counted in.
  var base: String {
    switch self {
    case .duration: "picoseconds"
    case .size, .rate: "bytes"
    case .baudRate: "baud"
    }
  }

  /// For messages: what was expected.
  var example: String {
    switch self {
    case .duration: "a duration such as \"250us\""
    case .size: "a size such as \"64KiB\""
    case .rate: "a rate such as \"800MB/s\""
    case .baudRate: "a baud rate such as \"115200baud\""
    }
  }
}

/// Why a text is no quantity.
enum QuantityFailure: Error, Hashable {
  case notANumber
  /// The text behind the number; empty if there is none.
  case wrongUnit(String)
  /// Smaller than one picosecond, byte or baud in its last digit.
  case notWhole
  case tooLarge
}

extension QuantityKind {
  /// Reads digits, an optional decimal fraction and a unit without space between; exact, nothing is rounded.
  func parse(_ text: String) throws(QuantityFailure) -> Int64 {
    let bytes = Array(text.utf8)
    var index = 0
    var mantissa: Int64 = 0
    var fractionDigits = 0
    var inFraction = false
    var overflow = false
    scan: while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        let product = mantissa.multipliedReportingOverflow(by: 10)
        let sum = product.partialValue.addingReportingOverflow(Int64(bytes[index] - UInt8(ascii: "0")))
        overflow = overflow || product.overflow || sum.overflow
        mantissa = sum.partialValue
        fractionDigits += inFraction ? 1 : 0
      case UInt8(ascii: ".") where !inFraction && index > 0:
        inFraction = true
      default:
        break scan
      }
      index += 1
    }
    guard index > 0, !inFraction || fractionDigits > 0 else { throw .notANumber }
    let unit = String(decoding: bytes[index...], as: UTF8.self)
    let bare = unit.isEmpty && self == .size
    guard let factor = bare ? 1 : units.first(where: { $0.name == unit })?.factor else { throw .wrongUnit(unit) }
    guard !overflow else { throw .tooLarge }
    return try scale(mantissa, fractionDigits: fractionDigits, by: factor)
  }

  private func scale(_ mantissa: Int64, fractionDigits: Int, by factor: Int64) throws(QuantityFailure) -> Int64 {
    var remaining = factor
    var value = mantissa
    for _ in 0..<fractionDigits {
      if remaining % 10 == 0 {
        remaining /= 10
      } else if value % 10 == 0 {
        value /= 10
      } else if remaining % 5 == 0, value % 2 == 0 {
        (remaining, value) = (remaining / 5, value / 2)
      } else if remaining % 2 == 0, value % 5 == 0 {
        (remaining, value) = (remaining / 2, value / 5)
      } else {
        throw .notWhole
      }
    }
    let (result, overflow) = value.multipliedReportingOverflow(by: remaining)
    guard !overflow else { throw .tooLarge }
    return result
  }
}
