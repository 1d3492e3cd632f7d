/// Compares the lines of a log with the patterns of an expectation.
enum LogMatch {
  /// Nil if the whole log matches; otherwise the first difference in words.
  ///
  /// A pattern that stands for any number of lines may match none. The comparison keeps, for each pattern, whether the
  /// lines so far can have been matched up to it: that is exact for every mixture of patterns and linear in memory.
  static func failure(of lines: [String], against patterns: [LinePattern]) -> String? {
    var reachable = [Bool](repeating: false, count: patterns.count + 1)
    reachable[0] = true
    skipOptional(&reachable, patterns)
    for (number, line) in lines.enumerated() {
      var next = [Bool](repeating: false, count: patterns.count + 1)
      for (index, pattern) in patterns.enumerated() where reachable[index] {
        switch pattern {
        case .anyLines: next[index] = true
        case .line(let pieces): if matches(line, pieces) { next[index + 1] = true }
        }
      }
      skipOptional(&next, patterns)
      if !next.contains(true) { return difference(line, number, reachable, patterns) }
      reachable = next
    }
    if reachable[patterns.count] { return nil }
    let furthest = reachable.lastIndex(of: true) ?? 0
    return "the log ends after \(lines.count) lines, before \(text(patterns[furthest]))"
  }

  private static func skipOptional(_ reachable: inout [Bool], _ patterns: [LinePattern]) {
    for (index, pattern) in patterns.enumerated() where reachable[index] && pattern == .anyLines {
      reachable[index + 1] = true
    }
  }

  private static func difference(
    _ line: String, _ number: Int, _ reachable: [Bool], _ patterns: [LinePattern]
  ) -> String {
    let wanted = reachable.lastIndex(of: true).flatMap { $0 < patterns.count ? text(patterns[$0]) : nil }
    return "line \(number + 1) is \"\(line)\", expected \(wanted ?? "the end of the log")"
  }

  /// The pieces occur in this order; the first one starts the line and the last one ends it.
  static func matches(_ line: String, _ pieces: [String]) -> Bool {
    guard let first = pieces.first, let last = pieces.last else { return line.isEmpty }
    if pieces.count == 1 { return line == first }
    guard line.hasPrefix(first) else { return false }
    var rest = line.utf8.dropFirst(first.utf8.count)
    for piece in pieces.dropFirst().dropLast() {
      guard let end = firstEnd(of: Array(piece.utf8), in: rest) else { return false }
      rest = rest[end...]
    }
    return rest.count >= last.utf8.count && Array(rest.suffix(last.utf8.count)) == Array(last.utf8)
  }

  private static func firstEnd(of piece: [UInt8], in text: Substring.UTF8View) -> Substring.UTF8View.Index? {
    var start = text.startIndex
    while true {
      var (index, matched) = (start, 0)
      while matched < piece.count, index < text.endIndex, text[index] == piece[matched] {
        (index, matched) = (text.index(after: index), matched + 1)
      }
      if matched == piece.count { return index }
      if start == text.endIndex { return nil }
      start = text.index(after: start)
    }
  }

  private static func text(_ pattern: LinePattern) -> String {
    switch pattern {
    case .anyLines: "any lines"
    case .line(let pieces): "\"\(pieces.joined(separator: "..."))\""
    }
  }
}
