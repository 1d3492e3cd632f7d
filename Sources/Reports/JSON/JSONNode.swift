/// A JSON document to be written: members keep the order in which they are added, so that the same run gives the same
/// bytes and a reader meets the important things first.
public indirect enum JSONNode: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  /// Beyond 2^53 readers that use floating point lose digits: such numbers are written as text.
  case unsigned(UInt64)
  case string(String)
  case array([JSONNode])
  case object([Member])

  public struct Member: Hashable, Sendable {
    public var key: String
    public var value: JSONNode

    public init(_ key: String, _ value: JSONNode) {
      self.key = key
      self.value = value
    }
  }

  static func text(_ value: String?) -> JSONNode { value.map(JSONNode.string) ?? .null }
  static func count(_ value: Int) -> JSONNode { .integer(Int64(value)) }

  /// Two spaces of indentation, one line for what holds no list or object, and a newline at the end.
  public var document: String {
    var result = ""
    write(into: &result, indent: 0)
    return result + "\n"
  }

  private static let exactLimit: UInt64 = 1 << 53

  private func write(into result: inout String, indent: Int) {
    switch self {
    case .null: result += "null"
    case .bool(let value): result += value ? "true" : "false"
    case .integer(let value):
      result += value.magnitude > JSONNode.exactLimit ? "\"\(value)\"" : "\(value)"
    case .unsigned(let value): result += value > JSONNode.exactLimit ? "\"\(value)\"" : "\(value)"
    case .string(let text): JSONNode.write(text, into: &result)
    case .array(let elements):
      JSONNode.write(elements, "[", "]", isFlat: elements.allSatisfy(\.isScalar), into: &result, indent) {
        $0.write(into: &$1, indent: $2)
      }
    case .object(let members):
      JSONNode.write(members, "{", "}", isFlat: members.allSatisfy(\.value.isScalar), into: &result, indent) {
        JSONNode.write($0.key, into: &$1)
        $1 += ": "
        $0.value.write(into: &$1, indent: $2)
      }
    }
  }

  private var isScalar: Bool {
    switch self {
    case .array(let elements): elements.isEmpty
    case .object(let members): members.isEmpty
    default: true
    }
  }

  private static func write<Element>(
    _ elements: [Element], _ open: String, _ close: String, isFlat: Bool, into result: inout String, _ indent: Int,
    _ body: (Element, inout String, Int) -> Void
  ) {
    result += open
    let newline = "\n" + String(repeating: " ", count: indent + 2)
    for (index, element) in elements.enumerated() {
      if index > 0 { result += isFlat ? ", " : "," }
      if !isFlat { result += newline }
      body(element, &result, indent + 2)
    }
    if !isFlat { result += "\n" + String(repeating: " ", count: indent) }
    result += close
  }

  private static func write(_ text: String, into result: inout String) {
    result += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    result += "\""
  }
}
