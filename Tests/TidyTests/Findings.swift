/// Something that breaks a rule of the house, and where.
struct Finding: Hashable, CustomStringConvertible {
  var path: String
  /// From 1; 0 if it is about the file as a whole.
  var line: Int
  var problem: String

  var description: String { line > 0 ? "\(path):\(line): \(problem)" : "\(path): \(problem)" }
}

/// A construct that must not occur, and what to write instead.
struct BannedConstruct: Sendable {
  var pattern: String
  var instead: String
  /// A comment that excuses its line.
  var unless: String?

  init(_ pattern: String, instead: String, unless: String? = nil) {
    self.pattern = pattern
    self.instead = instead
    self.unless = unless
  }

  func findings(in file: RepositoryFile) -> [Finding] {
    // The Unicode rules for words see none between `x` and `y` of `x.y`.
    guard let expression = try? Regex(pattern).wordBoundaryKind(.simple) else {
      return [Finding(path: file.path, line: 0, problem: "the pattern \(pattern) is no regular expression")]
    }
    let originals = file.lines
    return file.code.enumerated().compactMap { index, line in
      guard let match = line.firstMatch(of: expression) else { return nil }
      if let unless, index < originals.count, originals[index].contains(unless) { return nil }
      return Finding(path: file.path, line: index + 1, problem: "`\(line[match.range])`: \(instead)")
    }
  }
}
