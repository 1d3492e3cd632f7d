import Glibc

/// One line of the result: a figure, what it should be, what it is, and what stands beside it.
struct Row {
  enum Unit {
    /// Operations a second, from nanoseconds.
    case rate(String)
    case time
    case bytes
  }

  let figure: String
  var floor = "-"
  var aim = "-"
  let unit: Unit
  /// Nanoseconds of one operation, or bytes; nil if it could not be measured.
  let measured: Double?
  var note = ""
  var peers: [(name: String, result: PeerResult)] = []

  var lines: [[String]] {
    let value = measured.map(text) ?? "not yet"
    var lines = [[figure, floor, aim, value, note, ""]]
    for (index, peer) in peers.enumerated() {
      let cells = beside(peer)
      if index == 0, note.isEmpty {
        lines[0].replaceSubrange(4..., with: cells)
      } else {
        lines.append(["", "", "", ""] + cells)
      }
    }
    return lines
  }

  private func beside(_ peer: (name: String, result: PeerResult)) -> [String] {
    switch peer.result {
    case .missing(let reason): return ["\(peer.name): \(reason)", ""]
    case .nanoseconds(let time):
      let ratio = measured.map { "\(decimal(time / $0, $0 * 100 < time ? 0 : 2)) x as fast" } ?? ""
      return ["\(peer.name) \(text(time))", ratio]
    }
  }

  private func text(_ value: Double) -> String {
    switch unit {
    case .rate(let what):
      let rate = 1e9 / value
      return rate >= 1e5
        ? "\(decimal(rate / 1e6, rate >= 1e8 ? 0 : 2)) M \(what)/s" : "\(decimal(rate / 1e3, 1)) k \(what)/s"
    case .time:
      if value < 1000 { return "\(decimal(value, 1)) ns" }
      return value < 1e6 ? "\(decimal(value / 1000, 2)) us" : "\(decimal(value / 1e6, 1)) ms"
    case .bytes: return value < 4096 ? "\(decimal(value, value < 100 ? 2 : 0)) B" : "\(decimal(value / 1024, 1)) KiB"
    }
  }
}

/// Prints rows as soon as they are there, in columns of fixed width.
enum Table {
  private static let widths = [50, 17, 15, 20, 34, 0]

  static func printHeader() {
    printCells(["figure", "floor", "aim", "measured", "beside it, same run", ""])
    printCells(widths.map { String(repeating: "-", count: max($0 - 2, 16)) })
  }

  static func print(_ row: Row) { row.lines.forEach(printCells) }

  private static func printCells(_ cells: [String]) {
    var line = ""
    for (cell, width) in zip(cells, widths) {
      line += cell + String(repeating: " ", count: max(width - cell.count, 1))
    }
    while line.last == " " { line.removeLast() }
    Swift.print(line)
    fflush(nil)
  }
}

/// A number with so many digits behind the point.
func decimal(_ value: Double, _ digits: Int) -> String {
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  let whole = Int((value.magnitude * scale).rounded())
  let sign = value < 0 && whole > 0 ? "-" : ""
  if digits == 0 { return sign + String(whole) }
  let fraction = String(whole % Int(scale))
  return "\(sign)\(whole / Int(scale))." + String(repeating: "0", count: digits - fraction.count) + fraction
}
