import Testing

@testable import Scenarios

@Suite struct ExpressionTests {
  private func parse(_ text: String) throws -> Expression {
    var parser = ExpressionParser(JSONText(text: text, position: .start))
    return try parser.parse()
  }

  @Test(arguments: [
    ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("10 - 3 - 2", 5), ("2 - -3", 5), ("-2 * 3", -6), ("7 / 2", 3),
    ("-7 % 3", -1),
    ("1 << 4 + 1", 32), ("6 & 3 == 2", 1), ("1 | 6 ^ 2 & 3", 5), ("!0 && ~0 == -1", 1), ("0 || 1 > 2", 0),
    ("'a' + 1", 98), ("0xffffffffffffffff", -1), ("0x10", 16), ("-9223372036854775808", Int64.min),
    ("-1 >> 1", -1), ("1 << 64", 1), ("3 != 3", 0), ("2 <= 2", 1), ("2 >= 3", 0), (" ( 4 ) ", 4),
    ("9223372036854775807 + 1", Int64.min), ("-9223372036854775808 / -1", Int64.min),
  ])
  func `an expression of literals has a value`(text: String, value: Int64) throws {
    #expect(try parse(text).constant == value)
  }

  @Test func `operators and names know their columns`() throws {
    guard case .binary(.add, .variable(let x), .addressOf(let page), let plus) = try parse("x + &page") else {
      Issue.record("wrong tree")
      return
    }
    #expect(x == Name("x", at: Position(line: 1, column: 2)))
    #expect(page == Name("page", at: Position(line: 1, column: 7)))
    #expect(plus == Position(line: 1, column: 4))
  }

  @Test func `every operator survives being printed and read again`() throws {
    for symbol in BinaryOperator.allCases {
      guard case .binary(let found, _, _, _) = try parse("a \(symbol.rawValue) b") else {
        Issue.record("no operator in a \(symbol.rawValue) b")
        continue
      }
      #expect(found == symbol)
    }
  }

  @Test(arguments: [
    ("", "1:2: expected a number, a name or `(`, found its end"),
    ("x +", "1:5: expected a number, a name or `(`, found its end"),
    ("(x", "1:4: expected `)`, found its end"),
    ("x)", "1:3: expected an operator or the end of the expression, found `)`"),
    ("x y", "1:4: expected an operator or the end of the expression, found `y`"),
    ("x = 1", "1:4: expected an operator or the end of the expression, found `=`"),
    ("a < b < c", "1:8: expected `&&` or `||` (comparisons cannot be chained), found `<`"),
    ("12ab", "1:2: expected a decimal or 0x number, found `12ab`"),
    ("0x", "1:2: expected a decimal or 0x number, found `0x`"),
    ("9223372036854775808", "1:2: expected a number of 64 bits, found `9223372036854775808`"),
    ("'ab'", "1:3: expected one ASCII character and `'`, found `ab`"),
    ("& 1", "1:3: expected a name, found ` `"),
    ("ä", "1:2: expected a number, a name or `(`, found `ä`"),
  ])
  func `a wrong expression says what was expected`(text: String, message: String) {
    #expect(throws: Diagnostic.self) { try parse(text) }
    do {
      _ = try parse(text)
    } catch let error as Diagnostic {
      #expect("\(error.position.line):\(error.position.column): \(error.problem.message)" == message)
    } catch {
      Issue.record(error)
    }
  }

  @Test func `nesting and length are limited`() {
    let deep = String(repeating: "(", count: 65) + "1" + String(repeating: ")", count: 65)
    let long = Array(repeating: "1", count: 258).joined(separator: "+")
    for text in [deep, long, String(repeating: "-", count: 100_000) + "x"] {
      #expect(throws: Diagnostic.self) { try parse(text) }
    }
    #expect(throws: Never.self) { try parse(Array(repeating: "1", count: 257).joined(separator: "+")) }
  }
}

@Suite struct QuantityTests {
  @Test(arguments: [
    (QuantityKind.duration, "250us", 250_000_000), (.duration, "3.5s", 3_500_000_000_000), (.duration, "0s", 0),
    (.duration, "0.001ns", 1), (.duration, "2.50ps", -1), (.duration, "1.10s", 1_100_000_000_000),
    (.size, "4096", 4096), (.size, "64KiB", 65536), (.size, "1.5MiB", 1_572_864), (.size, "0.125KiB", 128),
    (.size, "1.5", -1), (.rate, "800MB/s", 800_000_000), (.rate, "1.5GiB/s", 1_610_612_736), (.size, "1kB", -1),
    (.size, "1.0B", 1), (.duration, "9223372036854775807ps", Int64.max),
    (.duration, "9223372s", 9_223_372_000_000_000_000),
    (.duration, "9223373s", -1), (.duration, "1", -1), (.duration, "ms", -1), (.duration, "1 ms", -1),
    (.duration, "-1ms", -1), (.duration, ".5ms", -1), (.duration, "5.ms", -1), (.duration, "", -1),
    (.duration, "99999999999999999999ms", -1),
  ])
  func `a quantity is exact, or refused (-1)`(kind: QuantityKind, text: String, value: Int64) {
    #expect(((try? kind.parse(text)) ?? -1) == value)
  }
}
