import Foundation
import Testing

/// Every scenario that ships gives the same bytes in every process, and the index names it.
struct ScenarioProcessTests {
  static let files: [String] = {
    let folder = Command.repository.appendingPathComponent("Scenarios")
    let paths = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    return paths.filter { $0.hasSuffix(".json") && $0.contains("/") }.sorted().map { "Scenarios/" + $0 }
  }()

  @Test(arguments: files)
  func `two processes write the same bytes`(file: String) throws {
    let first = try Command.run(["run", "--json", file])
    let second = try Command.run(["run", "--json", file])
    #expect(first.output == second.output)
    #expect(!first.output.isEmpty)
  }

  @Test(arguments: files)
  func `the index names every scenario`(file: String) throws {
    let index = try String(
      contentsOf: Command.repository.appendingPathComponent("Scenarios/README.md"), encoding: .utf8)
    #expect(index.contains("`\(file.dropFirst("Scenarios/".count))`"))
  }
}
