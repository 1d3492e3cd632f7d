extension Decoder {
  /// A quantity in its base unit; nil after a mistake or if there is none.
  private mutating func quantity(_ value: JSONValue?, _ kind: QuantityKind, allowZero: Bool) -> Int64? {
    guard let value else { return nil }
    var amount: Int64?
    switch value.content {
    case .integer(let bytes) where kind == .size:
      if bytes < 0 {
        report(.outOfRange("\(bytes)", allowed: "a whole number from 0"), at: value.position)
        return nil
      }
      amount = bytes
    case .string(let text):
      amount = parse(text, kind)
    default:
      report(.wrongType(expected: kind.example, found: describe(value)), at: value.position)
    }
    if amount == 0, !allowZero { report(.zeroQuantity(kind), at: value.position) }
    return amount
  }

  private mutating func parse(_ text: JSONText, _ kind: QuantityKind) -> Int64? {
    do {
      return try kind.parse(text.text)
    } catch {
      switch error {
      case .notANumber: report(.noQuantity(text.text, kind), at: text.position)
      case .wrongUnit(let unit): report(.wrongUnit(unit, in: text.text, kind), at: text.position)
      case .notWhole: report(.inexactQuantity(text.text, kind), at: text.position)
      case .tooLarge: report(.hugeQuantity(text.text, kind), at: text.position)
      }
      return nil
    }
  }

  mutating func optionalDuration(_ value: JSONValue?, allowZero: Bool = true) -> DurationValue? {
    guard let value else { return nil }
    return DurationValue(
      picoseconds: quantity(value, .duration, allowZero: allowZero) ?? 0, at: value.position)
  }

  mutating func duration(_ value: JSONValue?, allowZero: Bool = true, else position: Position) -> DurationValue {
    optionalDuration(value, allowZero: allowZero) ?? DurationValue(picoseconds: 0, at: position)
  }

  mutating func optionalSize(_ value: JSONValue?, allowZero: Bool = false) -> SizeValue? {
    guard let value else { return nil }
    return SizeValue(bytes: quantity(value, .size, allowZero: allowZero) ?? 0, at: value.position)
  }

  mutating func size(_ value: JSONValue?, else position: Position) -> SizeValue {
    optionalSize(value) ?? SizeValue(bytes: 0, at: position)
  }

  mutating func optionalRate(_ value: JSONValue?) -> RateValue? {
    guard let value else { return nil }
    return RateValue(bytesPerSecond: quantity(value, .rate, allowZero: false) ?? 0, at: value.position)
  }

  mutating func optionalBaudRate(_ value: JSONValue?) -> BaudRate? {
    guard let value else { return nil }
    return BaudRate(baud: quantity(value, .baudRate, allowZero: false) ?? 0, at: value.position)
  }

  mutating func optionalExpression(_ value: JSONValue?) -> Expression? {
    guard let value else { return nil }
    switch value.content {
    case .integer(let number): return .literal(number, value.position)
    case .number(let text):
      report(.outOfRange(String(text.prefix(40)), allowed: "a whole number of 64 bits"), at: value.position)
    case .string(let text):
      if isShort(text) { return parse(ExpressionParser(text), at: value.position) }
    default: report(.wrongType(expected: "an expression such as \"x + 1\"", found: describe(value)), at: value.position)
    }
    return .literal(0, value.position)
  }

  mutating func parse(_ parser: ExpressionParser, at position: Position) -> Expression {
    var parser = parser
    do {
      return try parser.parse()
    } catch {
      report(error.problem, at: error.position)
      return .literal(0, position)
    }
  }

  mutating func expression(_ value: JSONValue?, else position: Position) -> Expression {
    optionalExpression(value) ?? .literal(0, position)
  }

  mutating func expressions(_ value: JSONValue?) -> [Expression] {
    list(value, of: "expressions").map { expression($0, else: $0.position) }
  }

  /// A number, or an expression of literals in quotes (for 0x10 and 'a', which JSON does not have).
  mutating func constant(_ value: JSONValue?) -> Number? {
    guard let value else { return nil }
    let count = diagnostics.count
    let expression = expression(value, else: value.position)
    if let result = expression.constant { return Number(result, at: value.position) }
    if diagnostics.count == count {
      report(.notConstant(namesIn(expression).first?.text ?? "a division by zero"), at: expression.position)
    }
    return nil
  }
}

/// Every name an expression mentions, from left to right.
func namesIn(_ expression: Expression) -> [Name] {
  switch expression {
  case .literal: []
  case .variable(let name), .addressOf(let name): [name]
  case .unary(_, let operand, _): namesIn(operand)
  case .binary(_, let left, let right, _): namesIn(left) + namesIn(right)
  }
}
