import Testing

@testable import Scenarios

@Suite struct JSONReaderTests {
  private func read(_ text: String) -> JSONValue? {
    JSONReader.read(Array(text.utf8), depthLimit: 64).document
  }

  @Test func `keys and values know line and column, counted in characters`() throws {
    let document = try #require(read("{\n  \"höhe\": [ 1,\r\n\t\"a\" ] }"))
    guard case .object(let members) = document.content, case .array(let list) = members[0].value.content else {
      Issue.record("wrong shape")
      return
    }
    #expect(document.position == Position(line: 1, column: 1))
    #expect(members[0].key.position == Position(line: 2, column: 3))
    #expect(members[0].value.position == Position(line: 2, column: 11))
    #expect(list[0].position == Position(line: 2, column: 13))
    #expect(list[1].position == Position(line: 3, column: 2))
    #expect(document.path(to: Position(line: 3, column: 2)) == "$[\"höhe\"][1]")
  }

  @Test(arguments: [
    ("0", 0), ("-0", 0), ("1.0", 1), ("1e3", 1000), ("1200e-2", 12), ("9223372036854775807", Int64.max),
    ("-9223372036854775808", Int64.min), ("0.5e1", 5), ("0e99999999999999999999", 0),
  ])
  func `a number with an integer value is an integer`(text: String, value: Int64) {
    #expect(read(text)?.content == .integer(value))
  }

  @Test(arguments: ["1.5", "9223372036854775808", "1e19", "1e-1", "-0.1", "1e99999999999999999999"])
  func `any other number keeps its text`(text: String) {
    #expect(read(text)?.content == .number(text))
  }

  @Test func `a character behind escapes has its column in the file`() throws {
    guard case .string(let text) = read("\"a\\n\\ud83d\\ude00é\\u0041z\"")?.content else {
      Issue.record("no string")
      return
    }
    #expect(text.text == "a\n😀éAz")
    let offset = text.text.utf8.count - 1
    #expect(text.position(atUTF8: offset) == Position(line: 1, column: 24))
    #expect(text.position(atUTF8: 1) == Position(line: 1, column: 3))
  }

  @Test func `lists may be as deep as the limit and not deeper`() {
    #expect(read(String(repeating: "[", count: 64) + String(repeating: "]", count: 64)) != nil)
    #expect(read(String(repeating: "[", count: 65) + String(repeating: "]", count: 65)) == nil)
  }

  @Test(arguments: [
    ("[1,]", "1:3: there is a `,` before `]`, but nothing follows it"),
    ("{\"a\":1,}", "1:7: there is a `,` before `}`, but nothing follows it"),
    ("[1 2]", "1:4: expected `,` or `]`, found `2`"),
    ("{\"a\" 1}", "1:6: expected `:` after the key \"a\", found `1`"),
    ("{a: 1}", "1:2: expected a key in double quotes, found `a`"),
    ("{'a': 1}", "1:2: JSON strings stand in double quotes"),
    ("['a']", "1:2: JSON strings stand in double quotes"),
    ("[1] // x", "1:5: JSON has no comments; use \"about\" to explain a scenario"),
    ("# x", "1:1: JSON has no comments; use \"about\" to explain a scenario"),
    ("[1] 2", "1:5: expected the end of the file, found `2`"),
    ("[", "1:2: expected a value, found the end of the file"),
    ("[NaN]", "1:2: expected a value, found `NaN`"),
    ("[True]", "1:2: expected a value, found `True`"),
    ("[+1]", "1:2: expected a value, found `+`"),
    ("[-]", "1:3: expected a digit after `-`, found `]`"),
    ("[1.]", "1:4: expected a digit after the decimal point, found `]`"),
    ("[1e]", "1:4: expected a digit in the exponent, found `]`"),
    ("[007]", "1:2: a JSON number cannot start with 0 and another digit"),
    ("[0x1f]", "1:2: JSON has no hexadecimal numbers; write it in quotes, such as \"0x10\""),
    ("[ 10ms ]", "1:3: a number with a unit stands in quotes: \"10ms\""),
    ("[\"abc\n\"]", "1:2: this string has no closing `\"` on its line"),
    ("[\"a\tb\"]", "1:4: a string cannot hold the control character 09; write `\\u0009`"),
    ("[\"\\x\"]", "1:3: after `\\` expected one of `\" \\ / b f n r t u`, found `x`"),
    ("[\"\\u12g4\"]", "1:7: expected four hexadecimal digits after `\\u`, found `g4`"),
    ("[\"\\ud800\"]", "1:3: `\\ud800` is half a surrogate pair; the other half is missing or wrong"),
    ("[\"\\udc00\"]", "1:3: `\\udc00` is half a surrogate pair; the other half is missing or wrong"),
    ("[\"\\ud800\\u0041\"]", "1:3: `\\ud800` is half a surrogate pair; the other half is missing or wrong"),
    ("", "1:1: the file is empty, expected a scenario in JSON"),
    (" \n\t ", "1:1: the file is empty, expected a scenario in JSON"),
    ("\u{FEFF}{}", "1:1: the file starts with a byte order mark (ef bb bf); save it as UTF-8 without one"),
    ("“title”", "1:1: expected a value, found `“`"),
    ("{\n\n  \"a\": tru\n}", "3:8: expected a value, found `tru`"),
  ])
  func `a syntax error says what was expected`(text: String, message: String) {
    #expect(complaints(Array(text.utf8)) == [message])
  }

  @Test(
    arguments: [
      ([0x7F, 0x45, 0x4C, 0x46, 2], "1:1: this is not JSON: it starts with 7f 45 4c 46 (an ELF file)"),
      ([0x1F, 0x8B, 8, 0], "1:1: this is not JSON: it starts with 1f 8b 08 00 (a gzip archive)"),
      ([0xFF, 0xFE, 0x7B, 0], "1:1: this is not JSON: it starts with ff fe 7b 00 (UTF-16 text)"),
      ([0x01, 0x02], "1:1: this is not JSON: it starts with 01 02"),
      ([0x5B, 0x22, 0xC3, 0x28, 0x22, 0x5D], "1:3: the byte c3 is not valid UTF-8 here"),
      ([0x5B, 0x22, 0x61, 0xED, 0xA0, 0x80], "1:4: the byte ed is not valid UTF-8 here"),
      ([0x5B, 0x80, 0x5D], "1:2: expected a value, found the byte 80"),
    ] as [([UInt8], String)])
  func `bytes that are no text are named`(bytes: [UInt8], message: String) {
    #expect(complaints(bytes) == [message])
  }

  @Test func `a duplicate key names both places and hides nothing else`() {
    let text = "{ \"title\": 1,\n  \"title\": 2 }"
    #expect(
      complaints(Array(text.utf8)) == [
        "1:1: a scenario needs the key `machine`", "1:1: a scenario needs the key `components`",
        "1:12: expected a text, found the number 1",
        "2:3: the key `title` occurs twice in this object, first at 1:3",
      ])
  }
}
