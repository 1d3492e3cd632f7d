/// Every sentence about a mistake in a scenario file. Facts come in, nothing is decided here.

extension ScenarioErrors: CustomStringConvertible {
  /// The errors below each other, each with its source line.
  public var description: String {
    var result = errors.map(\.description).joined(separator: "\n")
    if omitted > 0 { result += "\n\(errors.first?.file ?? ""): and \(counted(omitted, "more mistake"))" }
    return result
  }
}

extension ScenarioError: CustomStringConvertible {
  /// `file:line:column: message`, then the source line with a caret under the place.
  public var description: String {
    guard let position else { return "\(file): \(message)" }
    let head = "\(file):\(position.line):\(position.column): \(message)"
    guard let sourceLine else { return head }
    return head + "\n" + ScenarioError.excerpt(of: sourceLine, column: Int(position.column))
  }

  public var message: String { problem.message }

  /// A line of at most 100 characters around the column and a caret below it; tabs stay, so that the caret fits.
  private static func excerpt(of line: String, column: Int) -> String {
    let scalars = Array(line.unicodeScalars)
    let index = min(max(column - 1, 0), scalars.count)
    let start = index > 80 ? index - 60 : 0
    let end = min(scalars.count, start + 100)
    var text = start > 0 ? "..." : ""
    var margin = start > 0 ? "   " : ""
    for (offset, scalar) in scalars[start..<end].enumerated() {
      let control = scalar != "\t" && (scalar.value < 0x20 || scalar.value == 0x7F)
      text.unicodeScalars.append(control ? "?" : scalar)
      if start + offset < index { margin.unicodeScalars.append(scalar == "\t" ? scalar : " ") }
    }
    return "  \(text)\(end < scalars.count ? "..." : "")\n  \(margin)^"
  }
}

extension Problem {
  /// One sentence without a full stop, in the words of the language.
  public var message: String {
    fileMessage ?? jsonMessage ?? shapeMessage ?? meaningMessage ?? "this is no valid scenario"
  }

  private var fileMessage: String? {
    switch self {
    case .missingFile: "there is no such file"
    case .directory: "this is a directory, expected a scenario file"
    case .unreadable(let errno): "the file cannot be read (system error \(errno))"
    case .tooLarge(let bytes?, let limit): "the file is \(mebibytes(bytes)) large; the limit is \(mebibytes(limit))"
    case .tooLarge(nil, let limit): "the file is larger than the limit of \(mebibytes(limit))"
    case .emptyFile: "the file is empty, expected a scenario in JSON"
    case .binaryFile(let start, let kind):
      "this is not JSON: it starts with \(start.map(hexadecimal).joined(separator: " "))"
        + (kind.map { " (\($0))" } ?? "")
    default: nil
    }
  }

  private var jsonMessage: String? {
    switch self {
    case .byteOrderMark: "the file starts with a byte order mark (ef bb bf); save it as UTF-8 without one"
    case .invalidUTF8(let byte): "the byte \(hexadecimal(byte)) is not valid UTF-8 here"
    case .controlCharacter(let byte):
      "a string cannot hold the control character \(hexadecimal(byte)); write `\\u00\(hexadecimal(byte))`"
    case .unterminatedString: "this string has no closing `\"` on its line"
    case .unknownEscape(let found): "after `\\` expected one of `\" \\ / b f n r t u`, found \(found)"
    case .loneSurrogate(let code):
      "`\\u\(String(code, radix: 16))` is half a surrogate pair; the other half is missing or wrong"
    case .comment: "JSON has no comments; use \"about\" to explain a scenario"
    case .singleQuotes: "JSON strings stand in double quotes"
    case .trailingComma(let bracket): "there is a `,` before `\(bracket)`, but nothing follows it"
    case .leadingZero: "a JSON number cannot start with 0 and another digit"
    case .hexadecimalNumber: "JSON has no hexadecimal numbers; write it in quotes, such as \"0x10\""
    case .unitWithoutQuotes(let text): "a number with a unit stands in quotes: \"\(text.prefix(40))\""
    case .tooDeep(let limit): "more than \(limit) lists and objects inside each other"
    case .textAfterEnd(let found): "expected the end of the file, found \(found)"
    case .syntax(let expected, let found): "expected \(expected), found \(found)"
    case .duplicateKey(let key, let first):
      "the key `\(shown(key))` occurs twice in this object, first at \(first.line):\(first.column)"
    default: nil
    }
  }

  private var shapeMessage: String? {
    switch self {
    case .unknownKey(let key, let owner, let near?, _): "\(owner) has no key `\(shown(key))`; did you mean `\(near)`?"
    case .unknownKey(let key, let owner, nil, let allowed):
      "\(owner) has no key `\(shown(key))`; it may have \(listed(allowed))"
    case .missingKey(let key, let owner): "\(owner) needs the key `\(key)`"
    case .wrongType(let expected, let found): "expected \(expected), found \(found)"
    case .noHead(let owner, let allowed): "\(owner) has one of the keys \(listed(allowed, "or"))"
    case .twoHeads(let owner, let first, let second):
      "\(owner) has one of these keys, found both `\(first)` and `\(second)`"
    case .unknownChoice(let text, let near?, _): "\"\(shown(text))\" is not known here; did you mean \"\(near)\"?"
    case .unknownChoice(let text, nil, let allowed):
      "\"\(shown(text))\" is not known here; expected \(alternatives(allowed.map { "\"\($0)\"" }))"
    case .wrongUnit("", let text, let kind):
      "\"\(shown(text))\" has no unit; a \(kind.rawValue) has \(unitNames(kind))"
    case .wrongUnit(let unit, let text, let kind):
      "\"\(shown(text))\" has the unit `\(shown(unit))`; a \(kind.rawValue) has \(unitNames(kind))"
    case .noQuantity(let text, let kind): "expected \(kind.example), found \"\(shown(text))\""
    case .badName(let text, let allowed): "\"\(shown(text))\" is not possible here; expected \(allowed)"
    case .outOfRange(let value, let allowed): "\(value) is out of range; expected \(allowed)"
    case .empty(let what): "\(what) is empty"
    case .wrongRuntime(let key, .genode, let instead):
      "`\(key)` belongs to scenarios with \"runtime\": \"bare\"" + (instead.map { "; with Genode write `\($0)`" } ?? "")
    case .wrongRuntime(let key, .bare, let instead):
      "`\(key)` belongs to scenarios with Genode" + (instead.map { "; with \"runtime\": \"bare\" write `\($0)`" } ?? "")
    default: nil
    }
  }

  private var meaningMessage: String? {
    switch self {
    case .inexactQuantity(let text, let kind):
      "\"\(shown(text))\" is no whole number of \(kind.base)"
    case .hugeQuantity(let text, let kind): "the \(kind.rawValue) \"\(shown(text))\" does not fit into 64 bits"
    case .zeroQuantity(let kind): "this \(kind.rawValue) must be more than 0"
    case .badExpression(let expected, let found): "expected \(expected), found \(found)"
    case .deepExpression(let limit): "more than \(limit) parentheses or signs inside each other"
    case .longExpression(let limit): "more than \(limit) operators in one expression; use a variable"
    case .longText(let bytes, let limit): "this text has \(bytes) bytes; the limit is \(limit)"
    case .notConstant(let found): "expected a number that is known before the run, found `\(shown(found))`"
    case .unknownName(let name, let kind, let owner, let near):
      "there is no \(kind.text) `\(shown(name))`" + (owner.map { " in `\($0)`" } ?? "")
        + (near.map { "; did you mean `\($0)`?" } ?? "")
    case .duplicateName(let name, let kind, let first):
      "the \(kind.text) `\(shown(name))` has a name that is taken since \(first.line):\(first.column)"
    case .conflictingKeys(let one, let other, let owner): "\(owner) has either `\(one)` or `\(other)`"
    case .nothingToRun(let keys): "nothing runs here; add \(keys)"
    case .restoredBeforeTaken(let name, let taken):
      "`\(shown(name))` is restored before it is taken (\(taken.line):\(taken.column))"
    case .noCheckpointer(let verb): "`\(verb)` needs a `checkpointer` in the scenario"
    case .coreOutOfRange(let core, let cores):
      "there is no core \(core); `machine` has \(counted(cores, "core")), counted from 0"
    case .nodeOutOfRange(let node, let nodes):
      "there is no node \(node); `machine` has \(counted(nodes, "node")), counted from 0"
    case .needsScheduler(let what, let needed, let found):
      "`\(what)` needs a kernel with \"scheduler\": \"\(needed)\"; `machine` has \"\(found)\""
    case .unboundInterrupt(let pin): "nobody listens to interrupt \(pin): no `irq` capability has this number"
    default: nil
    }
  }
}

extension NameKind {
  var text: String {
    switch self {
    case .addressable: "variable, dataspace or function"
    case .mappable: "dataspace or capability"
    case .regionMap: "region map"
    case .stateful: "thread or region map"
    case .object: "dataspace, thread or signal"
    default: rawValue
    }
  }
}

/// User text in a message: one line, not too long.
private func shown(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars.prefix(60) {
    result.unicodeScalars.append(scalar.value < 0x20 || scalar.value == 0x7F ? "?" : scalar)
  }
  return result + (text.unicodeScalars.count > 60 ? "..." : "")
}

private func listed(_ keys: [String], _ word: String = "and") -> String {
  let quoted = keys.filter { !$0.hasPrefix("$") }.map { "`\($0)`" }
  guard let last = quoted.last, quoted.count > 1 else { return "only " + (quoted.first ?? "nothing") }
  return quoted.dropLast().joined(separator: ", ") + " \(word) " + last
}

private func unitNames(_ kind: QuantityKind) -> String { alternatives(kind.units.map { "`\($0.name)`" }) }

private func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

private func mebibytes(_ bytes: Int) -> String {
  bytes >= 1 << 20 ? "\(bytes >> 20) MiB" : "\(bytes) bytes"
}
