import Foundation
import Testing

@Suite struct RunCommandTests {
  private func run(_ scenario: Data, _ options: [String] = []) throws -> Command.Result {
    try Command.withFile("scenario.json", scenario) { try Command.run(["run", $0] + options) }
  }

  @Test func `the exit code tells whether the expectations are met`() throws {
    #expect(try run(Scenarios.counter(expect: #"[{ "log": "counter", "is": ["1", "..."] }]"#)).exitCode == 0)
    let failed = try run(Scenarios.counter(expect: #"[{ "log": "counter", "is": ["2", "..."] }]"#))
    #expect(failed.exitCode == 1)
    #expect(failed.output.contains("line 1 is \"1\", expected \"2\""))
  }

  @Test func `a component that waits for what never comes ends as stuck`() throws {
    let scenario = Data(
      """
      { "title": "Waits", "machine": { "platform": "riscv-virt", "kernel": "modern" }, "components": [
          { "name": "waiter", "construct": [ { "await": "morning" } ] } ] }
      """.utf8)
    let result = try run(scenario)
    #expect(result.exitCode == 3)
    #expect(result.output.contains("stuck: no thread can run") && result.output.contains("waiter/"), "\(result.output)")
  }

  @Test func `a limit ends the run, and what was found so far is told`() throws {
    let result = try run(Scenarios.counter(extra: "\"limits\": { \"events\": 500 },"))
    #expect(result.exitCode == 5)
    #expect(result.output.contains("the limit `events` of 500 was hit"))
  }

  @Test(arguments: ["event", "snapshots"]) func `a limit that nobody watches is bad input`(_ name: String) throws {
    let result = try run(Scenarios.counter(extra: "\"limits\": { \"\(name)\": 500 },"))
    #expect(result.exitCode == 2 && result.errors.contains("`\(name)`"))
  }

  @Test func `JSON is one document and nothing else`() throws {
    let result = try run(Scenarios.counter(), ["--json"])
    let document = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
    #expect(document?["format"] as? String == "stasis-run")
    #expect(document?["version"] as? Int == 1)
    #expect(document?["exitCode"] as? Int == 0)
    #expect((document?["log"] as? [[String: Any]])?.compactMap { $0["text"] as? String } == ["1", "2", "3", "4"])
  }

  @Test func `costs are shown without playing`() throws {
    let text = try run(Scenarios.counter(), ["--costs"])
    #expect(text.exitCode == 0 && text.output.contains("enterKernel") && text.output.contains("counted"))
    let json = try run(Scenarios.counter(), ["--costs", "--json"])
    let document = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
    let rows = try #require(document?["figures"] as? [[String: Any]])
    #expect(rows.count > 30)
    for row in rows {
      #expect(!((row["source"] as? String) ?? "").isEmpty && !((row["status"] as? String) ?? "").isEmpty)
    }
  }

  @Test(arguments: [[], ["--json"], ["--trace-digest"]])
  func `two processes print the same bytes`(_ options: [String]) throws {
    let arguments = ["run", "Scenarios/checkpoint/sheep-counter.json"] + options
    let first = try Command.run(arguments)
    let second = try Command.run(arguments)
    #expect(first.output == second.output)
    #expect(first.exitCode == 0 && !first.output.isEmpty && first.errors.isEmpty)
  }

  @Test func `a checkpoint becomes a file that inspect reads, and a damaged one is refused`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("stasis-\(UUID().uuidString)/images")
    defer { try? FileManager.default.removeItem(at: folder.deletingLastPathComponent()) }
    _ = try Command.run(["run", "Scenarios/checkpoint/sheep-counter.json", "--image-dir", folder.path])
    let image = folder.appendingPathComponent("c1.core")
    let report = try Command.run(["inspect", image.path])
    #expect(report.exitCode == 0)
    #expect(report.output.hasPrefix("Checkpoint of sheep_counter\n"))
    #expect(report.output.contains("ecall") && report.output.contains("thread        ep, "))
    let json = try Command.run(["inspect", image.path, "--json"])
    let document = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
    #expect((document?["threads"] as? [Any])?.count == 3)
    var bytes = try Data(contentsOf: image)
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: image)
    let refused = try Command.run(["inspect", image.path])
    #expect(refused.exitCode == 2 && refused.output.isEmpty && refused.errors.hasPrefix(image.path + ": "))
  }
}
