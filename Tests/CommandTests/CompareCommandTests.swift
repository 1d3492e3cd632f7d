import Foundation
import Testing

@Suite struct CompareCommandTests {
  private static let scenario = Data(
    """
    { "title": "A loop", "machine": { "platform": "riscv-virt", "kernel": "r67" },
      "components": [ { "name": "controller", "ram": "1MiB", "construct": [
          { "every": "10ms", "deadline": "8ms", "name": "control", "times": 200, "do": [ { "compute": "2ms" } ] } ] } ],
      "checkpointer": { "strategy": "stop-and-copy", "restore": { "child": "without-elf", "blocked": "reissue" } },
      "timeline": [ { "at": "52ms", "checkpoint": "controller", "as": "c1" }, { "at": "100ms", "stop": true } ] }
    """.utf8)

  private func compare(_ options: [String], _ scenario: Data = scenario) throws -> Command.Result {
    try Command.withFile("loop.json", scenario) { try Command.run(["compare", $0] + options) }
  }

  @Test func `every strategy has a row or a reason`() throws {
    let result = try compare(["--json"])
    #expect(result.exitCode == 0, "\(result.errors)")
    let document = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
    let rows = try #require(document?["strategies"] as? [[String: Any]])
    #expect(rows.first?["strategy"] as? String == "stop-and-copy")
    for row in rows {
      let reason = row["refused"] as? String
      let pause = row["pause"] as? Int
      #expect((pause ?? 0) > 0 || !(reason ?? "").isEmpty, "\(row)")
    }
  }

  @Test(arguments: [[], ["--json"]]) func `two processes print the same bytes`(_ options: [String]) throws {
    let (once, again) = try Command.withFile("loop.json", Self.scenario) { file in
      let arguments = ["compare", file, "--strategies", "incremental,stop-and-copy"] + options
      return (try Command.run(arguments).output, try Command.run(arguments).output)
    }
    #expect(!once.isEmpty && once == again)
  }

  @Test(arguments: [
    ("stop-and-cpy", "Did you mean 'stop-and-copy'?"), ("", "There is no strategy ''."),
    ("incremental,incremental", "named twice"),
  ]) func `a strategy that cannot be meant is bad input`(_ names: String, _ sentence: String) throws {
    let result = try compare(["--strategies", names])
    #expect(result.exitCode == 2)
    #expect(result.errors.contains(sentence), "\(result.errors)")
  }

  @Test func `without a checkpoint there is nothing to compare`() throws {
    let text = String(decoding: Self.scenario, as: UTF8.self)
    let order = #"{ "at": "52ms", "checkpoint": "controller", "as": "c1" }, "#
    let result = try compare([], Data(text.replacingOccurrences(of: order, with: "").utf8))
    #expect(result.exitCode == 2)
    #expect(result.errors.contains("orders no checkpoint"), "\(result.errors)")
  }
}
