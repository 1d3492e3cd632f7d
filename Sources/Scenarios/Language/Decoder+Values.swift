/// How names may be spelt.
enum NameStyle {
  /// For what expressions mention.
  case identifier
  /// For components, threads, jobs and so on.
  case label

  var allowed: String {
    switch self {
    case .identifier: "letters, digits and `_`, not starting with a digit"
    case .label: "letters, digits, `_`, `-`, `.` and spaces, starting with a letter or `_`"
    }
  }

  func allows(_ text: some StringProtocol) -> Bool {
    guard let first = text.utf8.first, isNameByte(first), !isDigit(first) else { return false }
    return text.utf8.allSatisfy { byte in
      let extra = byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: " ")
      return isNameByte(byte) || (self == .label && extra)
    }
  }
}

extension Decoder {
  mutating func text(_ value: JSONValue, expected: String) -> JSONText? {
    guard case .string(let text) = value.content else {
      report(.wrongType(expected: expected, found: describe(value)), at: value.position)
      return nil
    }
    return text
  }

  /// A name; the empty name after a mistake or if there is none.
  mutating func name(_ value: JSONValue?, _ style: NameStyle = .label, else position: Position = .start) -> Name {
    guard let value else { return Name("", at: position) }
    guard let text = text(value, expected: "a name") else { return Name("", at: value.position) }
    guard style.allows(text.text) else {
      report(.badName(text.text, allowed: style.allowed), at: value.position)
      return Name("", at: value.position)
    }
    return Name(text.text, at: value.position)
  }

  mutating func optionalName(_ value: JSONValue?, _ style: NameStyle = .label) -> Name? {
    value.map { name($0, style) }
  }

  /// `component/member`, or only `member` where that is allowed.
  mutating func scopedName(_ value: JSONValue?, else position: Position) -> ScopedName {
    let none = ScopedName(component: nil, member: Name("", at: value?.position ?? position))
    guard let value, let text = text(value, expected: "a name such as \"component/thread\"") else { return none }
    let parts = text.text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, parts.allSatisfy({ NameStyle.label.allows($0) }) else {
      report(
        .badName(text.text, allowed: "two names with a `/` between them, such as component/thread"), at: value.position)
      return none
    }
    guard parts.count == 2 else { return ScopedName(component: nil, member: Name(text.text, at: value.position)) }
    let memberPosition = text.position(atUTF8: parts[0].utf8.count + 1)
    return ScopedName(
      component: Name(String(parts[0]), at: value.position), member: Name(String(parts[1]), at: memberPosition))
  }

  mutating func bool(_ value: JSONValue?, default standard: Bool) -> Bool {
    guard let value else { return standard }
    guard case .bool(let result) = value.content else {
      report(.wrongType(expected: "true or false", found: describe(value)), at: value.position)
      return standard
    }
    return result
  }

  /// The `true` of verbs without an operand.
  mutating func justTrue(_ value: JSONValue?) {
    guard let value, value.content != .bool(true) else { return }
    report(.wrongType(expected: "true", found: describe(value)), at: value.position)
  }

  mutating func list(_ value: JSONValue?, of what: String) -> [JSONValue] {
    guard let value else { return [] }
    guard case .array(let elements) = value.content else {
      report(.wrongType(expected: "a list of \(what)", found: describe(value)), at: value.position)
      return []
    }
    return elements
  }

  /// The members of an object with names of the author's choice as keys.
  mutating func table(_ value: JSONValue?, of what: String, _ style: NameStyle) -> [(Name, JSONValue)] {
    guard let value else { return [] }
    guard case .object(let members) = value.content else {
      report(.wrongType(expected: "an object that maps names to \(what)", found: describe(value)), at: value.position)
      return []
    }
    return members.map { member in
      let key = JSONValue(position: member.key.position, content: .string(member.key))
      return (name(key, style), member.value)
    }
  }

  mutating func integer(_ value: JSONValue?, in range: ClosedRange<Int64>) -> Number? {
    guard let value else { return nil }
    let allowed =
      range.upperBound == .max
      ? "a whole number from \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
    switch value.content {
    case .integer(let number) where range.contains(number): return Number(number, at: value.position)
    case .integer(let number): report(.outOfRange("\(number)", allowed: allowed), at: value.position)
    case .number(let text): report(.outOfRange(String(text.prefix(40)), allowed: allowed), at: value.position)
    default:
      report(.wrongType(expected: "a whole number (\(allowed))", found: describe(value)), at: value.position)
    }
    return nil
  }

  mutating func choice<C>(_ value: JSONValue?, _ type: C.Type, default standard: C) -> C
  where C: CaseIterable & RawRepresentable, C.RawValue == String {
    optionalChoice(value, type) ?? standard
  }

  mutating func optionalChoice<C>(_ value: JSONValue?, _ type: C.Type) -> C?
  where C: CaseIterable & RawRepresentable, C.RawValue == String {
    guard let value else { return nil }
    let allowed = C.allCases.map(\.rawValue)
    guard let text = text(value, expected: alternatives(allowed.map { "\"\($0)\"" })) else { return nil }
    if let result = C(rawValue: text.text) { return result }
    let near = nearest(to: text.text, among: allowed)
    report(.unknownChoice(text.text, near: near, allowed: allowed), at: value.position)
    return near.flatMap(C.init(rawValue:))
  }
}

/// "a, b or c"
func alternatives(_ words: [String]) -> String {
  guard let last = words.last, words.count > 1 else { return words.first ?? "" }
  return words.dropLast().joined(separator: ", ") + " or " + last
}
