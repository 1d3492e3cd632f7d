/// Reads RFC 8259 JSON and nothing more, keeping line and column of every value and key.
///
/// Own code because no reader at hand gives positions and refuses duplicate keys. It stops at the first syntax error
/// (what follows would be guesses), but goes on after a duplicate key.
struct JSONReader {
  let bytes: [UInt8]
  var index = 0
  private var line: Int32 = 1
  private var lineStart = 0
  /// UTF-8 continuation bytes since `lineStart`; they take no column.
  private var continuations = 0
  private var depth = 0
  private let depthLimit: Int
  var duplicates: [Diagnostic] = []

  init(_ bytes: [UInt8], depthLimit: Int) {
    self.bytes = bytes
    self.depthLimit = depthLimit
  }

  /// The document, or the first syntax error; duplicate keys come on top of either.
  static func read(_ bytes: [UInt8], depthLimit: Int) -> (document: JSONValue?, diagnostics: [Diagnostic]) {
    if let problem = problemOfStart(bytes) {
      return (nil, [Diagnostic(problem, at: .start)])
    }
    var reader = JSONReader(bytes, depthLimit: depthLimit)
    do {
      let value = try reader.readDocument()
      return (value, reader.duplicates)
    } catch {
      return (nil, reader.duplicates + [error])
    }
  }

  var byte: UInt8? { index < bytes.count ? bytes[index] : nil }

  var position: Position { position(at: index) }

  func position(at index: Int) -> Position {
    Position(line: line, column: Int32(clamping: index - lineStart - continuations + 1))
  }

  func failure(_ problem: Problem, at position: Position? = nil) -> Diagnostic {
    Diagnostic(problem, at: position ?? self.position)
  }

  private mutating func readDocument() throws(Diagnostic) -> JSONValue {
    try skipSpace()
    let value = try readValue()
    try skipSpace()
    guard byte == nil else { throw failure(.textAfterEnd(found: describeHere())) }
    return value
  }

  private mutating func skipSpace() throws(Diagnostic) {
    while let byte {
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
        index += 1
      case UInt8(ascii: "\n"):
        index += 1
        line += 1
        lineStart = index
        continuations = 0
      case UInt8(ascii: "/"), UInt8(ascii: "#"):
        throw failure(.comment)
      default:
        return
      }
    }
  }

  private mutating func readValue() throws(Diagnostic) -> JSONValue {
    let start = position
    switch byte ?? 0 {
    case UInt8(ascii: "{"): return JSONValue(position: start, content: .object(try readObject()))
    case UInt8(ascii: "["): return JSONValue(position: start, content: .array(try readArray()))
    case UInt8(ascii: "\""): return JSONValue(position: start, content: .string(try readString()))
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      return JSONValue(position: start, content: try readNumber())
    case UInt8(ascii: "'"): throw failure(.singleQuotes)
    default: return JSONValue(position: start, content: try readWord())
    }
  }

  private mutating func readWord() throws(Diagnostic) -> JSONValue.Content {
    var end = index
    while end < bytes.count, isNameByte(bytes[end]) { end += 1 }
    let word = String(decoding: bytes[index..<end], as: UTF8.self)
    let content: JSONValue.Content
    switch word {
    case "true": content = .bool(true)
    case "false": content = .bool(false)
    case "null": content = .null
    default: throw failure(.syntax(expected: "a value", found: describeHere()))
    }
    index = end
    return content
  }

  private mutating func enter() throws(Diagnostic) {
    guard depth < depthLimit else { throw failure(.tooDeep(limit: depthLimit)) }
    depth += 1
    index += 1
  }

  private mutating func readArray() throws(Diagnostic) -> [JSONValue] {
    try enter()
    var elements: [JSONValue] = []
    try skipSpace()
    while byte != UInt8(ascii: "]") || !elements.isEmpty {
      elements.append(try readValue())
      guard try readSeparator(closing: UInt8(ascii: "]")) else { break }
    }
    index += 1
    depth -= 1
    return elements
  }

  private mutating func readObject() throws(Diagnostic) -> [JSONMember] {
    try enter()
    var members: [JSONMember] = []
    var seen: [String: Position] = [:]
    try skipSpace()
    while byte != UInt8(ascii: "}") || !members.isEmpty {
      let member = try readMember()
      if let first = seen[member.key.text] {
        duplicates.append(Diagnostic(.duplicateKey(member.key.text, first: first), at: member.key.position))
      } else {
        seen[member.key.text] = member.key.position
        members.append(member)
      }
      guard try readSeparator(closing: UInt8(ascii: "}")) else { break }
    }
    index += 1
    depth -= 1
    return members
  }

  private mutating func readMember() throws(Diagnostic) -> JSONMember {
    guard byte == UInt8(ascii: "\"") else {
      let single = byte == UInt8(ascii: "'")
      throw failure(single ? .singleQuotes : .syntax(expected: "a key in double quotes", found: describeHere()))
    }
    let key = try readString()
    try skipSpace()
    guard byte == UInt8(ascii: ":") else {
      throw failure(.syntax(expected: "`:` after the key \"\(key.text)\"", found: describeHere()))
    }
    index += 1
    try skipSpace()
    return JSONMember(key: key, value: try readValue())
  }

  /// True after a comma with something behind it, false at the closing bracket.
  private mutating func readSeparator(closing: UInt8) throws(Diagnostic) -> Bool {
    try skipSpace()
    if byte == closing { return false }
    let bracket = String(UnicodeScalar(closing))
    guard byte == UInt8(ascii: ",") else {
      throw failure(.syntax(expected: "`,` or `\(bracket)`", found: describeHere()))
    }
    let comma = position
    index += 1
    try skipSpace()
    if byte == closing { throw failure(.trailingComma(before: bracket), at: comma) }
    return true
  }

  /// Steps over bytes that belong to one line; called by the string reader for characters beyond ASCII.
  mutating func advance(characterOfLength length: Int) {
    index += length
    continuations += length - 1
  }
}
