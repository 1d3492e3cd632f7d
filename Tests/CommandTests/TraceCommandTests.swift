import Foundation
import Testing

/// `--trace-kernel` as a user sees it.
@Suite struct TraceCommandTests {
  private static let scenario = "Scenarios/faults/page-fault-and-pager.json"

  private func inFolder<T>(_ body: (URL) throws -> T) throws -> T {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("stasis-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }

  @Test(arguments: ["t.jsonl", "t.txt"]) func `two processes write the same bytes`(_ name: String) throws {
    try inFolder { folder in
      let path = folder.appendingPathComponent(name)
      var found: [Data] = []
      for _ in 0..<2 {
        let result = try Command.run(["run", Self.scenario, "--trace-kernel", path.path])
        #expect(result.exitCode == 0 && result.errors.isEmpty)
        found.append(try Data(contentsOf: path))
      }
      #expect(found[0] == found[1] && found[0].count > 1000)
      let start = name == "t.txt" ? "  number " : #"{"format":"stasis-kernel-trace""#
      #expect(String(decoding: found[0], as: UTF8.self).hasPrefix(start))
      // No temporary file is left.
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [name])
    }
  }

  @Test func `the trace can go to standard output, before the report`() throws {
    let result = try Command.run(["run", Self.scenario, "--trace-kernel", "-"])
    let plain = try Command.run(["run", Self.scenario])
    #expect(result.output.hasPrefix("  number ") && result.output.hasSuffix(plain.output))
    let refused = try Command.run(["run", Self.scenario, "--json", "--trace-kernel", "-"])
    #expect(refused.exitCode == 2 && refused.errors.contains("standard output"))
  }

  @Test func `a path that cannot be written is told before the run`() throws {
    try inFolder { folder in
      let path = folder.appendingPathComponent("none/t.jsonl").path
      let result = try Command.run(["run", Self.scenario, "--trace-kernel", path])
      #expect(result.exitCode == 2 && result.output.isEmpty)
      #expect(result.errors.hasPrefix(path + ": cannot open: No such file"), "\(result.errors)")
    }
  }

  @Test func `a booted program is traced too`() throws {
    try inFolder { folder in
      let path = folder.appendingPathComponent("t.txt")
      let arguments = ["boot", "Scenarios/genode/counter.elf", "--until", "20ms"]
      let plain = try Command.run(arguments)
      let result = try Command.run(arguments + ["--trace-kernel", path.path])
      #expect(result.output == plain.output && result.exitCode == plain.exitCode)
      #expect(try String(contentsOf: path, encoding: .utf8).contains("newo=1 "))
    }
  }
}
