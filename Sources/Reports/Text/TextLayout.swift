/// How a text report is laid out: width, colour, and what may differ between two runs.
public struct TextStyle: Hashable, Sendable {
  /// Columns of the terminal; a pipe gets the same text everywhere.
  public var width: Int
  /// ANSI colours, for terminals only.
  public var colours: Bool

  public init(width: Int = TextStyle.pipeWidth, colours: Bool = false) {
    self.width = min(max(width, 60), 160)
    self.colours = colours
  }

  public static let pipeWidth = 110

  public enum Mark: String, Hashable, Sendable {
    case bold = "1"
    case faint = "2"
    case bad = "31"
    case good = "32"
    case doubtful = "33"
  }

  public func marked(_ text: String, _ mark: Mark) -> String {
    colours && !text.isEmpty ? "\u{1b}[\(mark.rawValue)m\(text)\u{1b}[0m" : text
  }
}

/// Collects the lines of a report: a label on the left, wrapped text beside it.
struct TextLayout {
  static let indent = 2
  static let labelWidth = 14

  let style: TextStyle
  private(set) var lines: [String] = []

  init(style: TextStyle) { self.style = style }

  var bodyWidth: Int { style.width - TextLayout.indent - TextLayout.labelWidth }
  var text: String { lines.joined(separator: "\n") + "\n" }

  mutating func line(_ text: String = "") { lines.append(text) }

  /// `body` wrapped beside `label`; continuation lines are indented by `hanging` more columns.
  mutating func entry(_ label: String, _ body: String, hanging: Int = 0, mark: TextStyle.Mark? = nil) {
    for (index, part) in wrap(body, width: bodyWidth, hanging: hanging).enumerated() {
      let shown = index == 0 ? label : ""
      lines.append(margin(shown) + (mark.map { style.marked(part, $0) } ?? part))
    }
  }

  /// Whether a table of these rows is not wider than the terminal.
  func fits(_ rows: [[String]]) -> Bool {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
    }
    return widths.reduce(0, +) + 2 * (columns - 1) <= bodyWidth
  }

  /// Rows as columns: the first left-aligned, the others right-aligned.
  mutating func table(_ label: String, _ rows: [[String]], leftColumns: Int = 1) {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
    }
    for (index, row) in rows.enumerated() {
      let cells = row.enumerated().map { column, cell in
        let fill = String(repeating: " ", count: widths[column] - cell.count)
        return column < leftColumns ? cell + fill : fill + cell
      }
      var line = margin(index == 0 ? label : "") + cells.joined(separator: "  ")
      while line.hasSuffix(" ") { line.removeLast() }
      lines.append(line)
    }
  }

  /// Without a label beside it; the last column is left-aligned too.
  mutating func wideTable(_ rows: [[String]]) {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
    for row in rows {
      let cells = row.enumerated().map { column, cell in
        let fill = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 || column == columns - 1 ? cell + fill : fill + cell
      }
      var line = String(repeating: " ", count: TextLayout.indent) + cells.joined(separator: "  ")
      while line.hasSuffix(" ") { line.removeLast() }
      lines.append(line)
    }
  }

  /// Like a table whose last column is wrapped.
  mutating func list(_ label: String, _ rows: [[String]]) {
    let columns = max((rows.map(\.count).max() ?? 1) - 1, 0)
    let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
    for (index, row) in rows.enumerated() {
      let heads = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) + "  " }.joined()
      entry(index == 0 ? label : "", heads + (row.last ?? ""), hanging: heads.count)
    }
  }

  private func margin(_ label: String) -> String {
    let fill = max(TextLayout.labelWidth - label.count, 1)
    return String(repeating: " ", count: TextLayout.indent) + style.marked(label, .bold)
      + String(repeating: " ", count: fill)
  }

  /// Breaks at spaces; a longer word stands alone on its line.
  func wrap(_ text: String, width: Int, hanging: Int = 0) -> [String] {
    var result: [String] = []
    var line = ""
    var used = 0
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      let margin = result.isEmpty ? 0 : hanging
      if used > 0, margin + used + 1 + word.count > width {
        result.append(String(repeating: " ", count: margin) + trimmed(line))
        (line, used) = (String(word), word.count)
      } else {
        line += (used > 0 || !line.isEmpty ? " " : "") + word
        used = line.count
      }
    }
    result.append(String(repeating: " ", count: result.isEmpty ? 0 : hanging) + trimmed(line))
    return result
  }

  private func trimmed(_ line: String) -> String {
    var line = line
    while line.hasSuffix(" ") { line.removeLast() }
    return line
  }
}
