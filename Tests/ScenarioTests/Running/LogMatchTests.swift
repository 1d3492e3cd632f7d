import Testing

@testable import Scenarios

@Suite struct LogMatchTests {
  private func patterns(_ texts: [String]) -> [LinePattern] {
    texts.map { text in
      if text == "..." { return .anyLines }
      var pieces: [String] = [""]
      var rest = text[...]
      while !rest.isEmpty {
        if rest.hasPrefix("...") {
          pieces.append("")
          rest = rest.dropFirst(3)
        } else {
          pieces[pieces.count - 1].append(rest.removeFirst())
        }
      }
      return .line(pieces)
    }
  }

  /// Lines separated by spaces.
  @Test(arguments: [
    ("a b c", ["a", "b", "c"]), ("a b c", ["..."]), ("a b c", ["a", "..."]), ("a b c", ["...", "c"]),
    ("a b c", ["a", "...", "b", "...", "c"]), ("a b a b c", ["...", "a", "b", "c"]), ("", []), ("", ["...", "..."]),
    ("abcabc", ["a...c"]), ("abcabc", ["a...b...c"]), ("abc", ["...b..."]), ("ab", ["a...b"]), ("aXb", ["a...X...b"]),
  ])
  func `these match`(_ lines: String, _ texts: [String]) {
    #expect(LogMatch.failure(of: lines.split(separator: " ").map(String.init), against: patterns(texts)) == nil)
  }

  @Test(arguments: [
    ("a b c", ["a", "b"], "line 3 is \"c\", expected the end of the log"),
    ("a b", ["a", "b", "c"], "the log ends after 2 lines, before \"c\""),
    ("a x c", ["a", "b", "c"], "line 2 is \"x\", expected \"b\""),
    ("a b", ["...", "c"], "the log ends after 2 lines, before \"c\""),
    ("", ["a"], "the log ends after 0 lines, before \"a\""),
    ("a", ["a...a"], "line 1 is \"a\", expected \"a...a\""),
    ("abx", ["a...b"], "line 1 is \"abx\", expected \"a...b\""),
  ])
  func `these differ, and the first difference is told`(_ lines: String, _ texts: [String], _ message: String) {
    #expect(LogMatch.failure(of: lines.split(separator: " ").map(String.init), against: patterns(texts)) == message)
  }

  /// Against a plain recursive definition, over all short logs and patterns of two letters.
  @Test func `every short log matches exactly the patterns it should`() {
    func matches(_ lines: ArraySlice<String>, _ patterns: ArraySlice<LinePattern>) -> Bool {
      guard let first = patterns.first else { return lines.isEmpty }
      if first == .anyLines {
        return (0...lines.count).contains { matches(lines.dropFirst($0), patterns.dropFirst()) }
      }
      guard let line = lines.first, first == .line([line]) else { return false }
      return matches(lines.dropFirst(), patterns.dropFirst())
    }
    func sequences<T>(_ alphabet: [T], upTo length: Int) -> [[T]] {
      var all: [[T]] = [[]]
      var last = all
      for _ in 0..<length {
        last = last.flatMap { start in alphabet.map { start + [$0] } }
        all += last
      }
      return all
    }
    let logs = sequences(["a", "b"], upTo: 4)
    for pattern in sequences([LinePattern.line(["a"]), .line(["b"]), .anyLines], upTo: 4) {
      for log in logs {
        let expected = matches(log[...], pattern[...])
        #expect((LogMatch.failure(of: log, against: pattern) == nil) == expected, "\(log) \(pattern)")
      }
    }
  }
}
