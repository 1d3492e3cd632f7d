import Testing

@testable import Scenarios

/// Statements about objects of core, on the simulated kernel with core, init and timer, under both profiles.
@Suite struct ObjectStatementTests {
  @Test(arguments: KernelChoice.allCases)
  func `a region map is a dataspace with holes until it is destroyed`(_ kernel: KernelChoice) throws {
    let component = """
      { "name": "c", "ram": "4MiB",
        "variables": { "at": 0, "base": 0, "x": 0, "y": 0, "failure": 9 },
        "construct": [
          { "allocate": "4KiB", "as": "a" }, { "allocate": "4KiB", "as": "b" },
          { "region map": "12KiB", "as": "map", "error": "failure" },
          { "attach": "a", "to": "map", "into": "at" }, { "log": "failure {failure}, a at {at:hex}" },
          { "attach": "b", "to": "map", "at": "0x2000", "into": "at" }, { "log": "b at {at:hex}" },
          { "attach": "map", "into": "base" },
          { "write": "map", "offset": "8KiB", "bytes": "4KiB", "value": 5 },
          { "load": "base + 0x2ff8", "into": "x" },
          { "state": "map", "fault": "y", "address": "at" }, { "log": "word {x}, fault {y} at {at}" },
          { "detach": "b", "from": "map" }, { "attach": "b", "to": "map", "at": 4096 },
          { "load": "base + 0x1ff8", "into": "x" }, { "log": "moved {x}" },
          { "detach": "a", "from": "map", "at": 0 }, { "detach": "b", "from": "map" }, { "detach": "map" },
          { "upgrade": "RM", "by": "16KiB" }, { "destroy": "map" },
          { "region map": "4KiB", "as": "map", "error": "failure" }, { "log": "again {failure}" } ] }
      """
    let played = try PlayedScenario.genode(KernelRunTests.scenario(component), kernel, until: .milliseconds(200))
    #expect(
      played.lines("c") == [
        "failure 0, a at 0x0", "b at 0x2000", "word 5, fault 0 at 0", "moved 5",
        "again 0",
      ])
  }

  @Test(arguments: KernelChoice.allCases)
  func `a dataspace, a thread and a signal travel with a call`(_ kernel: KernelChoice) throws {
    let server = """
      { "name": "server", "ram": "4MiB",
        "variables": { "at": 0, "flags": 0, "slot": 0 },
        "construct": [
          { "allocate": "4KiB", "as": "own" },
          { "serve": "hand over",
            "accept": [ { "dataspace": "page" }, { "thread": "spinner" }, { "signal": "bell" } ],
            "handler": [
              { "attach": "page", "into": "at" }, { "store": "at", "value": 42 }, { "detach": "page" },
              { "pause": "spinner" }, { "state": "spinner", "flags": "flags" }, { "resume": "spinner" },
              { "identify": "own", "slot": "slot" },
              { "signal": "bell" } ],
            "items": [ { "dataspace": "own" } ], "reply": ["flags & 2"] } ] }
      """
    let client = """
      { "name": "client", "ram": "4MiB",
        "variables": { "at": 0, "word": 0, "paused": 0, "turns": 0, "before": 0, "ms": -1 },
        "threads": [ { "name": "spinner", "priority": 1, "body": [ { "forever": [ { "set": "turns", "to": "turns + 1" } ] } ] } ],
        "construct": [
          { "elapsed": "ms" }, { "log": "{ms} ms" },
          { "allocate": "4KiB", "as": "page" },
          { "call": "hand over", "items": [ { "dataspace": "page" }, { "thread": "spinner" }, { "signal": "bell" } ],
            "accept": [ { "dataspace": "theirs" } ], "into": ["paused"] },
          { "await": "bell" },
          { "attach": "page", "into": "at" }, { "load": "at", "into": "word" },
          { "log": "word {word}, paused {paused}" },
          { "attach": "theirs", "into": "at" }, { "load": "at", "into": "word" }, { "log": "theirs {word}" },
          { "set": "before", "to": "turns" }, { "sleep": "20ms" }, { "log": "it runs {turns > before}" } ] }
      """
    let played = try PlayedScenario.genode(KernelRunTests.scenario(server, client), kernel, until: .milliseconds(300))
    #expect(played.lines("client") == ["0 ms", "word 42, paused 2", "theirs 0", "it runs 1"])
  }

  @Test func `bare tasks have no objects of core`() throws {
    let statements: [(String, String)] = [
      ("{ \"region map\": \"4KiB\", \"as\": \"m\" }", "`region map` belongs to scenarios with Genode"),
      ("{ \"pause\": \"main\" }", "`pause` belongs to scenarios with Genode"),
      (
        "{ \"call\": \"door\", \"items\": [ { \"thread\": \"main\" } ] }",
        "`thread` belongs to scenarios with Genode; with \"runtime\": \"bare\" write `capability`"
      ),
    ]
    for (statement, message) in statements {
      let text = """
        { "title": "t", "machine": { "platform": "riscv-virt", "kernel": "modern" }, "runtime": "bare",
          "tasks": [ { "name": "a", "capabilities": { "door": { "gate": "a/main" } },
            "threads": [ { "name": "main", "body": [ \(statement) ] } ] } ] }
        """
      let scenario = try parseScenario(bytes: Array(text.utf8), file: "f").get()
      let error = #expect(throws: ScenarioError.self) {
        try compileBareScenario(scenario, options: CompilerOptions(kernel: .modern))
      }
      #expect(error?.message == message)
    }
  }
}
