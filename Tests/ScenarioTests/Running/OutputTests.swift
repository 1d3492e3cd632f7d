import Determinism
import Scenarios
import Testing

/// What the world sees of a component that fails and comes back.
@Suite struct OutputTests {
  private func record(outputs: String, kill: Int) throws -> RunRecord {
    let text = """
      { "title": "Valve", "machine": { "platform": "riscv-virt", "kernel": "modern" },
        "components": [ { "name": "valve", "ram": "1MiB", "variables": { "step": 0 }, "construct": [
          { "forever": [ { "set": "step", "to": "step + 1" }, { "log": "step {step}" }, { "sleep": "10ms" } ] } ] } ],
        "checkpointer": { "strategy": "stop-and-copy", "outputs": "\(outputs)",
          "restore": { "child": "without-elf", "blocked": "reissue receive half" } },
        "timeline": [ { "at": "45ms", "checkpoint": "valve", "as": "newest", "every": "40ms" },
          { "at": "\(kill)ms", "kill": "valve" }, { "at": "\(kill + 5)ms", "restore": "newest" },
          { "at": "250ms", "stop": true } ] }
      """
    return try ScenarioRun(try parseScenario(bytes: Array(text.utf8), file: "valve.json").get()).play().record
  }

  private static let kills = [88, 101, 112, 123]

  @Test(arguments: kills) func `nothing that is held is seen twice or in the wrong order`(_ kill: Int) throws {
    let record = try record(outputs: "held", kill: kill)
    let steps = record.log.compactMap { Int($0.text.dropFirst("step ".count)) }
    #expect(steps.count > 5 && steps == Array(1...steps.count), "\(steps)")
    #expect(record.restores.first?.exposed == [])
    let outputs = try #require(record.outputs.first)
    #expect(outputs.component == "valve" && outputs.released.count == steps.count)
    // A line waits for the next image at most: one period, and what the checkpoint itself takes.
    #expect(outputs.delays.allSatisfy { $0 > .zero && $0 < .milliseconds(100) })
  }

  @Test(arguments: kills) func `what comes out at once is exposed from the freeze to the loss`(_ kill: Int) throws {
    let record = try record(outputs: "at once", kill: kill)
    let restore = try #require(record.restores.first)
    let checkpoint = try #require(record.checkpoints.last { $0.at < restore.at && $0.failure == nil })
    let lost = try #require(record.components.first?.lives.first?.until)
    let between = record.log.filter { $0.at > checkpoint.at && $0.at <= lost }
    #expect(restore.exposed.map(\.text) == between.map(\.text))
    #expect(restore.exposed.allSatisfy { $0.fate == .repeated })
    #expect(record.outputs.isEmpty)
  }

  @Test func `a session that is not interposed stops a checkpoint unless it is allowed`() throws {
    func played(_ allowed: String) throws -> RunRecord {
      let text = """
        { "title": "Ledger", "machine": { "platform": "riscv-virt", "kernel": "modern" }, "components": [
            { "name": "ledger", "checkpointed": false, "variables": { "n": 0 }, "construct": [
              { "serve": "ledger", "into": ["n"], "reply": ["n"], "handler": [ { "yield": true } ] } ] },
            { "name": "client", "ram": "1MiB", "variables": { "n": 0 }, "construct": [
              { "forever": [ { "call": "ledger", "words": ["1"], "into": ["n"] }, { "sleep": "10ms" } ] } ] } ],
          "checkpointer": { "strategy": "stop-and-copy", "allow": [\(allowed)],
            "restore": { "child": "without-elf", "blocked": "reissue receive half" } },
          "timeline": [ { "at": "45ms", "checkpoint": "client", "as": "c1" }, { "at": "80ms", "stop": true } ] }
        """
      return try ScenarioRun(try parseScenario(bytes: Array(text.utf8), file: "ledger.json").get()).play().record
    }
    let refused = try #require(try played("").checkpoints.last)
    #expect(refused.failure?.contains("`ledger`") == true && refused.phases.isEmpty)
    #expect(try played("\"timer\"").checkpoints.last?.failure != nil)
    let taken = try #require(try played("\"ledger\"").checkpoints.last)
    #expect(taken.failure == nil && taken.leftOut == ["ledger"] && !taken.phases.isEmpty)
  }

  @Test(arguments: ["checkpoint", "kill", "pause"])
  func `the checkpointer has no orders about a component that is not its child`(_ verb: String) {
    let name = verb == "checkpoint" ? #", "as": "c1""# : ""
    let text = """
      { "title": "T", "machine": { "platform": "riscv-virt", "kernel": "modern" },
        "components": [ { "name": "ledger", "checkpointed": false, "construct": [ { "sleep": "1ms" } ] } ],
        "checkpointer": { "strategy": "stop-and-copy", "restore": { "child": "without-elf", "blocked": "reissue" } },
        "timeline": [ { "at": "1ms", "\(verb)": "ledger"\(name) } ] }
      """
    guard case .failure(let errors) = parseScenario(bytes: Array(text.utf8), file: "t.json") else {
      Issue.record("it must be refused")
      return
    }
    #expect("\(errors)".contains("`ledger` has `checkpointed` false"))
  }
}
