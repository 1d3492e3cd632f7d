extension JSONReader {
  /// Reads a string from its opening quote.
  mutating func readString() throws(Diagnostic) -> JSONText {
    var result = JSONText(text: "", position: position)
    var buffer: [UInt8] = []
    index += 1
    while true {
      switch byte {
      case nil, UInt8(ascii: "\n"): throw failure(.unterminatedString, at: result.position)
      case UInt8(ascii: "\""):
        index += 1
        result.text = String(decoding: buffer, as: UTF8.self)
        return result
      case UInt8(ascii: "\\"):
        let start = index
        let offset = buffer.count
        let scalar = try readEscape()
        buffer.append(contentsOf: Array(String(Character(scalar)).utf8))
        result.escapes.append(.init(offset: offset, extraColumns: index - start - 1))
      case .some(let control) where control < 0x20: throw failure(.controlCharacter(control))
      case .some(let ascii) where ascii < 0x80:
        buffer.append(ascii)
        index += 1
      case .some(let lead):
        guard let length = lengthOfCharacterHere() else { throw failure(.invalidUTF8(lead)) }
        buffer.append(contentsOf: bytes[index..<index + length])
        advance(characterOfLength: length)
      }
    }
  }

  private mutating func readEscape() throws(Diagnostic) -> UnicodeScalar {
    let start = position
    let letter = index + 1 < bytes.count ? bytes[index + 1] : nil
    index += 2
    switch letter {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try readUnicodeEscape(start)
    default:
      index -= 1
      throw failure(.unknownEscape(found: describeHere()), at: start)
    }
  }

  private mutating func readUnicodeEscape(_ start: Position) throws(Diagnostic) -> UnicodeScalar {
    let first = try readFourHexDigits(start)
    if let scalar = UnicodeScalar(first) { return scalar }
    guard first < 0xDC00, index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\"),
      bytes[index + 1] == UInt8(ascii: "u")
    else { throw failure(.loneSurrogate(first), at: start) }
    index += 2
    let second = try readFourHexDigits(start)
    guard (0xDC00...0xDFFF).contains(second),
      let scalar = UnicodeScalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
    else { throw failure(.loneSurrogate(first), at: start) }
    return scalar
  }

  private mutating func readFourHexDigits(_ start: Position) throws(Diagnostic) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = byte.flatMap(hexDigit) else {
        throw failure(.syntax(expected: "four hexadecimal digits after `\\u`", found: describeHere()))
      }
      value = value << 4 | UInt32(digit)
      index += 1
    }
    return value
  }

  /// Length of the well-formed UTF-8 character at the index, nil if it is malformed.
  func lengthOfCharacterHere() -> Int? {
    let lead = bytes[index]
    let length = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0
    guard length > 0, index + length <= bytes.count else { return nil }
    let slice = bytes[index..<index + length]
    return String(validating: slice, as: UTF8.self) == nil ? nil : length
  }

  /// Reads a number; the grammar of RFC 8259: no leading zero or plus, digits on both sides of a point.
  mutating func readNumber() throws(Diagnostic) -> JSONValue.Content {
    let start = index
    if byte == UInt8(ascii: "-") { index += 1 }
    if byte == UInt8(ascii: "0"), let next = index + 1 < bytes.count ? bytes[index + 1] : nil {
      if isDigit(next) { throw failure(.leadingZero) }
      if next == UInt8(ascii: "x") { throw failure(.hexadecimalNumber) }
    }
    let whole = try readDigits("a digit after `-`")
    var fraction: [UInt8] = []
    var exponent = 0
    if byte == UInt8(ascii: ".") {
      index += 1
      fraction = try readDigits("a digit after the decimal point")
    }
    if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
      index += 1
      let negative = byte == UInt8(ascii: "-")
      if negative || byte == UInt8(ascii: "+") { index += 1 }
      let digits = try readDigits("a digit in the exponent")
      let magnitude = Int32(String(decoding: digits, as: UTF8.self)) ?? Int32.max
      exponent = negative ? -Int(magnitude) : Int(magnitude)
    }
    if let byte, isNameByte(byte) {
      let written = String(decoding: bytes[start..<endOfWord()], as: UTF8.self)
      throw failure(.unitWithoutQuotes(written), at: position(at: start))
    }
    let negative = bytes[start] == UInt8(ascii: "-")
    if let value = integer(whole, fraction: fraction, exponent: exponent, negative: negative) {
      return .integer(value)
    }
    return .number(String(decoding: bytes[start..<index], as: UTF8.self))
  }

  private mutating func readDigits(_ expected: String) throws(Diagnostic) -> [UInt8] {
    let start = index
    while let byte, isDigit(byte) { index += 1 }
    guard index > start else { throw failure(.syntax(expected: expected, found: describeHere())) }
    return Array(bytes[start..<index])
  }

  private func endOfWord() -> Int {
    var end = index
    while end < bytes.count, isNameByte(bytes[end]) { end += 1 }
    return end
  }

  /// The value if it is a whole number of 64 bits.
  private func integer(_ whole: [UInt8], fraction: [UInt8], exponent: Int, negative: Bool) -> Int64? {
    var digits = whole + fraction
    var scale = exponent - fraction.count
    while let last = digits.last, last == UInt8(ascii: "0") {
      digits.removeLast()
      scale += 1
    }
    digits.removeFirst(digits.prefix { $0 == UInt8(ascii: "0") }.count)
    guard !digits.isEmpty else { return 0 }
    guard scale >= 0, digits.count + scale <= 19 else { return nil }
    digits += Array(repeating: UInt8(ascii: "0"), count: scale)
    return Int64((negative ? "-" : "") + String(decoding: digits, as: UTF8.self))
  }

  /// What stands at the index, in words for an error message.
  func describeHere() -> String {
    guard let byte else { return "the end of the file" }
    if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { return "the end of the line" }
    if byte == UInt8(ascii: "\"") { return "a string" }
    if isNameByte(byte) {
      let word = bytes[index..<min(endOfWord(), index + 40)]
      return "`\(String(decoding: word, as: UTF8.self))`"
    }
    guard byte >= 0x20, byte != 0x7F, let length = lengthOfCharacterHere() else {
      return "the byte \(hexadecimal(byte))"
    }
    return "`\(String(decoding: bytes[index..<index + length], as: UTF8.self))`"
  }
}

func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

func hexDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: nil
  }
}

func hexadecimal(_ byte: UInt8) -> String {
  let digits = String(byte, radix: 16)
  return digits.count == 1 ? "0" + digits : digits
}
