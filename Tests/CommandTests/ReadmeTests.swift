import Foundation
import Testing

/// The README shows what really happens: its session is real output, its commands run, its scenario is valid.
struct ReadmeTests {
  private static let lines: [String] = {
    let file = Command.repository.appendingPathComponent("README.md")
    return ((try? String(contentsOf: file, encoding: .utf8)) ?? "").components(separatedBy: "\n")
  }()

  /// Lines between ```` ```language ```` and the closing fence.
  private static func block(_ language: String) -> [String] {
    guard let start = lines.firstIndex(of: "```" + language) else { return [] }
    return Array(lines[(start + 1)...].prefix { $0 != "```" })
  }

  @Test func `the session is real output`() throws {
    let session = Self.block("console")
    let command = try #require(session.first { $0.hasPrefix("$ stasis ") })
    let result = try Command.run(command.dropFirst("$ stasis ".count).split(separator: " ").map(String.init))
    var rest = result.output.components(separatedBy: "\n")[...]
    for line in session.dropFirst() where line != "..." {
      let place = rest.firstIndex(of: line)
      #expect(place != nil, "the output has no line \"\(line)\" after the one before it")
      if let place { rest = rest[(place + 1)...] }
    }
    #expect(session.count > 5)
  }

  /// `stasis …` commands in the table of questions, without those that write files.
  private static var commands: [String] {
    var found: [String] = []
    for line in lines where line.hasPrefix("| ") {
      let parts = line.components(separatedBy: "`")
      found += parts.filter { $0.hasPrefix("stasis ") && !$0.contains("image") && !$0.contains("FILE") }
    }
    return found
  }

  @Test func `every command in the table runs`() throws {
    #expect(Self.commands.count >= 6)
    for command in Self.commands {
      let result = try Command.run(command.split(separator: " ").dropFirst().map(String.init))
      #expect(result.exitCode == 0, "\(command): \(result.errors)")
      #expect(!result.output.isEmpty, "\(command)")
    }
  }

  @Test func `the scenario is valid`() throws {
    let text = Self.block("json").joined(separator: "\n")
    try Command.withFile("readme.json", Data(text.utf8)) { path in
      let result = try Command.run(["check", path])
      #expect(result.exitCode == 0, "\(result.errors)")
    }
  }

  @Test func `every folder of the map exists`() {
    for line in Self.lines where line.hasPrefix("| `Sources/") || line.hasPrefix("| `Tests/") {
      let cell = line.components(separatedBy: "|")[1]
      for name in cell.components(separatedBy: "`") where name.contains("/") {
        #expect(FileManager.default.fileExists(atPath: Command.repository.appendingPathComponent(name).path), "\(name)")
      }
    }
  }
}
