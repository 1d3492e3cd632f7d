extension Decoder {
  /// Splits "{sheep} sheep" into texts and expressions; `{{` and `}}` are braces.
  mutating func logLine(_ value: JSONValue?) -> LogLine {
    guard let value, let source = text(value, expected: "a text such as \"{x} sheep\"") else {
      return LogLine(pieces: [])
    }
    guard isShort(source) else { return LogLine(pieces: []) }
    let bytes = Array(source.text.utf8)
    var pieces: [LogLine.Piece] = []
    var literal: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      let brace = byte == UInt8(ascii: "{") || byte == UInt8(ascii: "}")
      if brace, index + 1 < bytes.count, bytes[index + 1] == byte {
        literal.append(byte)
        index += 2
      } else if byte == UInt8(ascii: "{") {
        if !literal.isEmpty { pieces.append(.text(String(decoding: literal, as: UTF8.self))) }
        literal = []
        guard let end = bytes[index...].firstIndex(of: UInt8(ascii: "}")) else {
          report(
            .badExpression(expected: "`}` (write `{{` for a brace)", found: "the end of the text"),
            at: source.position(atUTF8: index))
          return LogLine(pieces: pieces)
        }
        pieces.append(logValue(source, bytes, from: index + 1, to: end))
        index = end + 1
      } else if byte == UInt8(ascii: "}") {
        report(
          .badExpression(expected: "`{` before it (write `}}` for a brace)", found: "`}`"),
          at: source.position(atUTF8: index))
        index += 1
      } else {
        literal.append(byte)
        index += 1
      }
    }
    if !literal.isEmpty { pieces.append(.text(String(decoding: literal, as: UTF8.self))) }
    return LogLine(pieces: pieces)
  }

  /// `x` or `x:hex` between the braces.
  private mutating func logValue(_ source: JSONText, _ bytes: [UInt8], from start: Int, to end: Int) -> LogLine.Piece {
    let colon = bytes[start..<end].lastIndex(of: UInt8(ascii: ":"))
    var format = LogLine.Format.decimal
    if let colon {
      let word = String(decoding: bytes[(colon + 1)..<end], as: UTF8.self)
      let position = source.position(atUTF8: colon + 1)
      let allowed = LogLine.Format.allCases.map(\.rawValue)
      if let known = LogLine.Format(rawValue: word) {
        format = known
      } else {
        report(.badExpression(expected: "a format (\(alternatives(allowed)))", found: "`\(word)`"), at: position)
      }
    }
    let parser = ExpressionParser(source, from: start, to: colon ?? end)
    return .value(parse(parser, at: source.position(atUTF8: start)), format)
  }

  /// Log texts and expressions are small; finding columns in them may take time that grows with their square.
  static let textLimit = 4096

  mutating func isShort(_ text: JSONText) -> Bool {
    let bytes = text.text.utf8.count
    if bytes > Decoder.textLimit { report(.longText(bytes: bytes, limit: Decoder.textLimit), at: text.position) }
    return bytes <= Decoder.textLimit
  }
}
