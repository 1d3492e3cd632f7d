/// Reads an expression out of a JSON string, by precedence climbing.
struct ExpressionParser {
  static let nestingLimit = 64
  /// A long chain nests as deep as it is long, so operators are counted too.
  static let operatorLimit = 256

  private let bytes: [UInt8]
  private let source: JSONText
  private var index: Int
  private let end: Int
  private var depth = 0
  private var operators = 0

  /// The whole string, or the part of it between two UTF-8 offsets (a `{...}` inside a log text).
  init(_ source: JSONText, from start: Int = 0, to end: Int? = nil) {
    self.source = source
    bytes = Array(source.text.utf8)
    index = start
    self.end = end ?? bytes.count
  }

  mutating func parse() throws(Diagnostic) -> Expression {
    let result = try parseBinary(minimum: 1)
    skipSpace()
    guard index == end else { throw failure(expected: "an operator or the end of the expression") }
    return result
  }

  private func position(_ offset: Int) -> Position { source.position(atUTF8: offset) }

  private func failure(expected: String) -> Diagnostic {
    Diagnostic(.badExpression(expected: expected, found: describeHere()), at: position(index))
  }

  private func describeHere() -> String {
    guard index < end else { return "its end" }
    let rest = String(decoding: bytes[index..<end], as: UTF8.self)
    let word = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    return "`\(word.isEmpty ? rest.prefix(1) : word.prefix(40))`"
  }

  private mutating func skipSpace() {
    while index < end, bytes[index] == UInt8(ascii: " ") { index += 1 }
  }

  private mutating func parseBinary(minimum: Int) throws(Diagnostic) -> Expression {
    var left = try parseUnary()
    while let (symbol, length) = peekOperator(), symbol.precedence >= minimum {
      operators += 1
      guard operators <= ExpressionParser.operatorLimit else {
        throw Diagnostic(.longExpression(operators: ExpressionParser.operatorLimit), at: position(index))
      }
      let operatorPosition = position(index)
      index += length
      let right = try parseBinary(minimum: symbol.precedence + 1)
      left = .binary(symbol, left, right, operatorPosition)
      if symbol.precedence == BinaryOperator.equal.precedence, let (next, _) = peekOperator(),
        next.precedence == symbol.precedence
      {
        throw failure(expected: "`&&` or `||` (comparisons cannot be chained)")
      }
    }
    return left
  }

  /// The operator at the index; longer ones are tried first.
  private mutating func peekOperator() -> (BinaryOperator, Int)? {
    skipSpace()
    for length in [2, 1] where index + length <= end {
      let text = String(decoding: bytes[index..<index + length], as: UTF8.self)
      if let found = BinaryOperator(rawValue: text) { return (found, length) }
    }
    return nil
  }

  private mutating func parseUnary() throws(Diagnostic) -> Expression {
    skipSpace()
    depth += 1
    defer { depth -= 1 }
    guard depth <= ExpressionParser.nestingLimit else {
      throw Diagnostic(.deepExpression(limit: ExpressionParser.nestingLimit), at: position(index))
    }
    guard index < end else { throw failure(expected: "a number, a name or `(`") }
    let start = index
    switch bytes[index] {
    case UInt8(ascii: "("):
      index += 1
      let inner = try parseBinary(minimum: 1)
      skipSpace()
      guard index < end, bytes[index] == UInt8(ascii: ")") else { throw failure(expected: "`)`") }
      index += 1
      return inner
    case UInt8(ascii: "-"), UInt8(ascii: "!"), UInt8(ascii: "~"):
      index += 1
      if bytes[start] == UInt8(ascii: "-"), index < end, isDigit(bytes[index]) {
        return try parseNumber(from: start, negative: true)
      }
      let symbol: UnaryOperator =
        switch bytes[start] {
        case UInt8(ascii: "-"): .negate
        case UInt8(ascii: "!"): .not
        default: .complement
        }
      return .unary(symbol, try parseUnary(), position(start))
    case UInt8(ascii: "&"):
      index += 1
      return .addressOf(try parseName())
    case UInt8(ascii: "'"): return try parseCharacter()
    case let byte where isDigit(byte): return try parseNumber(from: start, negative: false)
    case let byte where isNameByte(byte): return .variable(try parseName())
    default: throw failure(expected: "a number, a name or `(`")
    }
  }

  private mutating func parseName() throws(Diagnostic) -> Name {
    let start = index
    while index < end, isNameByte(bytes[index]) { index += 1 }
    guard index > start, !isDigit(bytes[start]) else {
      index = start
      throw failure(expected: "a name")
    }
    return Name(String(decoding: bytes[start..<index], as: UTF8.self), at: position(start))
  }

  private mutating func parseNumber(from start: Int, negative: Bool) throws(Diagnostic) -> Expression {
    var digitsStart = index
    while index < end, isNameByte(bytes[index]) { index += 1 }
    let hexadecimal =
      index - digitsStart > 2 && bytes[digitsStart] == UInt8(ascii: "0")
      && bytes[digitsStart + 1] == UInt8(ascii: "x")
    if hexadecimal { digitsStart += 2 }
    let digits = bytes[digitsStart..<index]
    guard digits.allSatisfy({ hexadecimal ? hexDigit($0) != nil : isDigit($0) }) else {
      index = start
      throw failure(expected: "a decimal or 0x number")
    }
    let text = String(decoding: digits, as: UTF8.self)
    let magnitude = UInt64(text, radix: hexadecimal ? 16 : 10)
    // Hexadecimal may use all 64 bits; decimal is signed.
    let limit = hexadecimal && !negative ? UInt64.max : UInt64(Int64.max) + (negative ? 1 : 0)
    guard let magnitude, magnitude <= limit else {
      let written = String(decoding: bytes[start..<index], as: UTF8.self)
      throw Diagnostic(.badExpression(expected: "a number of 64 bits", found: "`\(written)`"), at: position(start))
    }
    let value = Int64(bitPattern: magnitude)
    return .literal(negative ? 0 &- value : value, position(start))
  }

  /// `'a'`: the code of one ASCII character.
  private mutating func parseCharacter() throws(Diagnostic) -> Expression {
    let start = index
    index += 1
    guard index + 1 < end, bytes[index] >= 0x20, bytes[index] < 0x7F, bytes[index + 1] == UInt8(ascii: "'") else {
      throw failure(expected: "one ASCII character and `'`")
    }
    let value = Int64(bytes[index])
    index += 2
    return .literal(value, position(start))
  }
}

extension Expression {
  /// The value if it is made of literals only; nil too for a division by zero.
  public var constant: Int64? {
    switch self {
    case .literal(let value, _): return value
    case .variable, .addressOf: return nil
    case .unary(let symbol, let operand, _):
      guard let value = operand.constant else { return nil }
      return switch symbol {
      case .negate: 0 &- value
      case .not: value == 0 ? 1 : 0
      case .complement: ~value
      }
    case .binary(let symbol, let left, let right, _):
      guard let a = left.constant, let b = right.constant else { return nil }
      return symbol.apply(a, b)
    }
  }
}

extension BinaryOperator {
  /// As RV64 computes it; shifts use the low six bits of the count. Nil for a division by zero.
  public func apply(_ a: Int64, _ b: Int64) -> Int64? {
    switch self {
    case .or: a != 0 || b != 0 ? 1 : 0
    case .and: a != 0 && b != 0 ? 1 : 0
    case .equal: a == b ? 1 : 0
    case .notEqual: a != b ? 1 : 0
    case .lessOrEqual: a <= b ? 1 : 0
    case .greaterOrEqual: a >= b ? 1 : 0
    case .less: a < b ? 1 : 0
    case .greater: a > b ? 1 : 0
    case .bitOr: a | b
    case .bitXor: a ^ b
    case .bitAnd: a & b
    case .shiftLeft: a << (b & 63)
    case .shiftRight: a >> (b & 63)
    case .add: a &+ b
    case .subtract: a &- b
    case .multiply: a &* b
    case .divide: b == 0 ? nil : a.dividedReportingOverflow(by: b).partialValue
    case .remainder: b == 0 ? nil : a.remainderReportingOverflow(dividingBy: b).partialValue
    }
  }
}
