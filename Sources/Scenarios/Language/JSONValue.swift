/// A JSON value that remembers where it stands.
public struct JSONValue: Hashable, Sendable {
  public var position: Position
  public var content: Content

  public enum Content: Hashable, Sendable {
    case null
    case bool(Bool)
    /// Every number whose value is an integer of 64 bits, so also 1.0 and 1e3 (as JSON Schema sees them).
    case integer(Int64)
    /// Any other number, as written.
    case number(String)
    case string(JSONText)
    case array([JSONValue])
    case object([JSONMember])
  }
}

public struct JSONMember: Hashable, Sendable {
  public var key: JSONText
  public var value: JSONValue
}

/// A decoded string that can say where each of its characters stands in the file.
public struct JSONText: Hashable, Sendable {
  public var text: String
  /// Of the opening quote.
  public var position: Position
  /// Escapes take more columns in the file than in the text.
  var escapes: [Escape] = []

  struct Escape: Hashable, Sendable {
    /// Offset of the decoded character in UTF-8.
    var offset: Int
    var extraColumns: Int
  }

  /// Where the character that starts at a UTF-8 offset of the text stands in the file.
  public func position(atUTF8 offset: Int) -> Position {
    var column = Int(position.column) + 1
    for byte in text.utf8.prefix(offset) where !UTF8.isContinuation(byte) { column += 1 }
    for escape in escapes where escape.offset < offset { column += escape.extraColumns }
    return Position(line: position.line, column: Int32(clamping: column))
  }
}

extension JSONValue {
  /// The path to what stands at a position, such as `$.components[0].name`.
  ///
  /// Values stand in the file in document order, so the last one that starts at or before the position holds it.
  func path(to target: Position) -> String {
    var path = "$"
    var value = self
    descend: while true {
      switch value.content {
      case .array(let elements):
        guard let index = elements.lastIndex(where: { $0.position <= target }) else { break descend }
        path += "[\(index)]"
        value = elements[index]
      case .object(let members):
        guard let member = members.last(where: { $0.key.position <= target }) else { break descend }
        path += JSONValue.isPlain(member.key.text) ? ".\(member.key.text)" : "[\"\(member.key.text)\"]"
        guard member.value.position <= target else { break descend }
        value = member.value
      case .null, .bool, .integer, .number, .string:
        break descend
      }
    }
    return path
  }

  private static func isPlain(_ key: String) -> Bool {
    !key.isEmpty && key.utf8.allSatisfy { isNameByte($0) }
  }
}

/// Letters, digits and the underscore.
func isNameByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
    true
  default: false
  }
}
