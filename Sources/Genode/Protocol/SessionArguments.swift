/// The argument string of a session request: `key=value` pairs with commas, values quoted where needed.
///
/// Models `Arg_string` (base/include/util/arg_string.h).
public struct SessionArguments: Hashable, Sendable {
  public var text: String
  public init(_ text: String) { self.text = text }
  public init(ramQuota: UInt64, label: String) { text = "ram_quota=\(ramQuota), label=\"\(label)\"" }

  /// The value of `key` without quotes, nil if absent.
  public func value(_ key: String) -> String? {
    for pair in pairs where pair.key == key { return pair.value }
    return nil
  }

  /// A number with an optional K, M or G (powers of 1024), nil if absent or malformed.
  public func number(_ key: String) -> UInt64? { value(key).flatMap(Self.number) }

  public var ramQuota: UInt64 { number("ram_quota") ?? 0 }
  public var label: String { value("label") ?? "" }

  /// The same arguments with one value replaced or added.
  public func setting(_ key: String, to value: String, quoted: Bool = false) -> SessionArguments {
    var done = false
    var parts: [String] = []
    let new = quoted ? "\(key)=\"\(value)\"" : "\(key)=\(value)"
    for pair in pairs {
      if pair.key == key {
        parts.append(new)
        done = true
      } else {
        parts.append(pair.quoted ? "\(pair.key)=\"\(pair.value)\"" : "\(pair.key)=\(pair.value)")
      }
    }
    if !done { parts.append(new) }
    return SessionArguments(parts.joined(separator: ", "))
  }

  /// The label a parent hands on: its child's name in front, as `child -> label`.
  public func prefixingLabel(_ name: String) -> SessionArguments {
    let label = self.label
    return setting("label", to: label.isEmpty ? name : "\(name) -> \(label)", quoted: true)
  }

  static func number(_ text: String) -> UInt64? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let value = UInt64(digits) else { return nil }
    let shift: UInt64
    switch text.dropFirst(digits.count) {
    case "": shift = 0
    case "K": shift = 10
    case "M": shift = 20
    case "G": shift = 30
    default: return nil
    }
    let (result, overflow) = value.multipliedReportingOverflow(by: 1 << shift)
    return overflow ? nil : result
  }

  private var pairs: [(key: String, value: String, quoted: Bool)] {
    var result: [(key: String, value: String, quoted: Bool)] = []
    var rest = Substring(text)
    while !rest.isEmpty {
      rest = rest.drop { $0 == " " || $0 == "," }
      let key = rest.prefix { $0 != "=" }
      rest = rest.dropFirst(key.count)
      guard rest.first == "=" else { break }
      rest = rest.dropFirst()
      let quoted = rest.first == "\""
      if quoted { rest = rest.dropFirst() }
      let value = rest.prefix { quoted ? $0 != "\"" : $0 != "," }
      rest = rest.dropFirst(value.count + (quoted ? 1 : 0))
      result.append((String(key), String(value), quoted))
    }
    return result
  }
}

/// RAM quota in bytes that a client donates with a session, 64-bit values of Genode 16.08.
public enum SessionQuota {
  public static let pd: UInt64 = 163_840
  public static let ram: UInt64 = 32_768
  public static let cpu: UInt64 = 131_072
  public static let rm: UInt64 = 65_536
  public static let log: UInt64 = 8_192
  public static let rom: UInt64 = 4_096
  public static let timer: UInt64 = 8_192
  /// What init believes a CPU session costs when it reduces a child's quantum; the session really gets `cpu`.
  public static let cpuBookkeeping: UInt64 = 36_864

  public static func of(_ service: String) -> UInt64 {
    switch service {
    case "PD": pd
    case "RAM": ram
    case "CPU": cpu
    case "RM": rm
    case "LOG": log
    case "ROM": rom
    case "Timer": timer
    default: 4096
    }
  }
}
