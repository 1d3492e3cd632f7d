import Testing

/// The longest source file: a file per noun or verb stays below.
private let sourceLines = 250
/// Tables of cases make tests longer.
private let testLines = 400

/// Files that are one table and would not be clearer in two. Keep this list short.
private let longFiles: Set<String> = []

private func lengthFindings(_ files: [RepositoryFile], limit: Int) -> [Finding] {
  files.filter { $0.lines.count - 1 > limit && !longFiles.contains($0.path) }.map {
    Finding(path: $0.path, line: 0, problem: "\($0.lines.count - 1) lines; split it by noun or verb (limit \(limit))")
  }
}

private func duplicateFindings(_ files: [RepositoryFile]) -> [Finding] {
  var first: [String: String] = [:]
  return files.compactMap { file in
    let key = (file.target ?? "") + "/" + file.name
    defer { first[key] = file.path }
    return first[key].map { Finding(path: file.path, line: 0, problem: "has the same name as \($0)") }
  }
}

/// A folder that has grown a real file needs no placeholder.
private func placeholderFindings(_ files: [RepositoryFile]) -> [Finding] {
  files.filter { $0.name == "Placeholder.swift" }.map {
    Finding(path: $0.path, line: 0, problem: "remove the placeholder")
  }
}

/// Words put together, so that this file does not contain them.
private let strangeWords = [
  "/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", "/fa" + "rm/", ".lib" + "rary/", "before-" + "stop", "COMMON" + ".md",
  "PRODUCT" + ".md", "sub" + "agent", "Clau" + "de",
]

private func wordFindings(_ files: [RepositoryFile]) -> [Finding] {
  files.flatMap { file in
    file.lines.enumerated().flatMap { index, line in
      strangeWords.filter { line.contains($0) }.map {
        Finding(path: file.path, line: index + 1, problem: "`\($0)` belongs to one machine or workplace")
      }
    }
  }
}

@Suite struct FileTests {
  @Test func `source files are short`() {
    let findings = lengthFindings(Repository.here.sources, limit: sourceLines)
    #expect(findings.isEmpty, "\(list(findings))")
  }

  @Test func `test files are not long`() {
    let findings = lengthFindings(Repository.here.tests, limit: testLines)
    #expect(findings.isEmpty, "\(list(findings))")
  }

  @Test func `a file name occurs once in a module`() {
    let findings = duplicateFindings(Repository.here.sources)
    #expect(findings.isEmpty, "\(list(findings))")
  }

  @Test func `there are no placeholders`() {
    let findings = placeholderFindings(Repository.here.sources + Repository.here.tests)
    #expect(findings.isEmpty, "\(list(findings))")
  }

  @Test func `no file speaks of the machine it was written on`() {
    #expect(Repository.here.files.count > 100)
    let findings = wordFindings(Repository.here.files)
    #expect(findings.isEmpty, "\(list(findings))")
  }

  @Test func `a long file, a second file of a name, a placeholder and a machine path are found`() {
    let long = RepositoryFile(path: "Sources/A/Long.swift", text: String(repeating: "x\n", count: 251))
    let fits = RepositoryFile(path: "Sources/A/Fits.swift", text: String(repeating: "x\n", count: 250))
    #expect(lengthFindings([long, fits], limit: sourceLines).map(\.path) == [long.path])
    let second = RepositoryFile(path: "Sources/A/Folder/Long.swift", text: "")
    let other = RepositoryFile(path: "Sources/B/Long.swift", text: "")
    #expect(duplicateFindings([long, fits, second, other]).map(\.path) == [second.path])
    #expect(placeholderFindings([RepositoryFile(path: "Sources/A/Placeholder.swift", text: "")]).count == 1)
    let path = RepositoryFile(path: "README.md", text: "see\n/wo" + "rk/main")
    #expect(wordFindings([path]).map(\.line) == [2])
  }
}

@Suite struct CodeOnlyTests {
  @Test(arguments: [
    ("let a = 1 // try!", "let a = 1 "), ("let s = \"try! \\\" x\" + t", "let s = \"\" + t"),
    ("a /* b /* c */ d */ e", "a  e"), ("\"\"\"\ntry!\n\"\"\" + x", "\"\"\"\n\n\"\"\" + x"),
  ])
  func `comments and texts are cut`(_ source: String, _ expected: String) {
    #expect(codeOnly(source).joined(separator: "\n") == expected)
  }
}
