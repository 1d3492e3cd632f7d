import Testing

@testable import Scenarios

/// Compiled components on the simulated kernel, with core, init and timer, under both profiles.
@Suite struct KernelRunTests {
  /// A scenario with these components.
  static func scenario(_ components: String...) -> String {
    """
    { "title": "test", "machine": { "platform": "riscv-virt", "kernel": "r67" },
      "components": [ \(components.joined(separator: ",\n")) ] }
    """
  }

  static let sheep = """
    { "name": "sheep_counter", "ram": "4MiB",
      "dataspaces": { "flock": { "size": "4KiB" } },
      "variables": { "sheep": { "in": "flock", "initial": 0 } },
      "construct": [
        { "forever": [
          { "set": "sheep", "to": "sheep + 1" },
          { "log": "{sheep} sheep. zzZ" },
          { "sleep": "1s" } ] } ] }
    """

  @Test(arguments: KernelChoice.allCases)
  func `the sheep counter counts once a second`(_ kernel: KernelChoice) throws {
    let played = try PlayedScenario.genode(Self.scenario(Self.sheep), kernel, until: .milliseconds(3500))
    #expect(played.lines("sheep_counter") == (1...4).map { "\($0) sheep. zzZ" })
    #expect(played.hints.map(\.kind) == [MachineHint.construct.rawValue])
  }

  @Test(arguments: KernelChoice.allCases)
  func `every statement of control flow and memory does what it says`(_ kernel: KernelChoice) throws {
    let component = """
      { "name": "c", "ram": "4MiB",
        "dataspaces": {
          "words": { "size": "8KiB", "content": [5, -6] }, "text": { "size": "4KiB", "content": "AB" },
          "late": { "size": "4KiB", "mapped": false } },
        "variables": { "x": 3, "y": { "size": 2, "initial": 65535 }, "at": 0, "n": { "in": "late" } },
        "functions": { "double": [ { "set": "x", "to": "x * 2" } ] },
        "construct": [
          { "if": "x > 2 && y == 65535", "then": [ { "log": "then" } ], "else": [ { "log": "else" } ] },
          { "set": "y", "to": "y + 1" },
          { "do": "double" }, { "do": "double" },
          { "log": "x {x} hex {x:hex} y {y} negative {0 - x}" },
          { "while": "x > 10", "do": [ { "set": "x", "to": "x - 1" } ] },
          { "repeat": [ { "set": "x", "to": "x + 5" } ], "times": "x / 5" },
          { "log": "x {x}" },
          { "load": "&words + 8", "into": "at" },
          { "log": "word {at}" },
          { "load": "&text", "into": "at" },
          { "log": "text {at:hex}" },
          { "write": "words", "bytes": "4KiB", "offset": "4KiB", "value": 7 },
          { "load": "&words + 8184", "into": "at" },
          { "log": "written {at}" },
          { "write": "words", "value": 0 },
          { "read": "words", "stride": "64B" },
          { "load": "&words + 8184", "into": "at" },
          { "log": "cleared {at}" },
          { "allocate": "16KiB", "as": "extra" },
          { "attach": "extra", "at": "0x20000000", "into": "at" },
          { "store": "at + 8", "value": "99" },
          { "log": "attached {at:hex}" },
          { "detach": "extra" },
          { "attach": "extra", "into": "at" },
          { "load": "at + 8", "into": "x" },
          { "log": "again {x} moved {at != 0x20000000}" },
          { "attach": "late", "at": "&late" },
          { "set": "n", "to": "8" },
          { "log": "late {n}" },
          { "compute": "5ms" },
          { "yield": true },
          { "exit": "7" } ] }
      """
    let played = try PlayedScenario.genode(Self.scenario(component), kernel, until: .milliseconds(400))
    #expect(
      played.lines("c") == [
        "then", "x 12 hex 0xc y 0 negative -12", "x 20", "word -6", "text 0x4241", "written 7", "cleared 0",
        "attached 0x20000000", "again 99 moved 1", "late 8",
      ])
    #expect(played.events.contains { $0.event == .childExited(name: "c", value: 7) })
  }

  @Test(arguments: KernelChoice.allCases)
  func `a client calls a service in another component`(_ kernel: KernelChoice) throws {
    let server = """
      { "name": "server", "ram": "4MiB", "variables": { "n": 0, "total": 0, "who": 0 },
        "construct": [
          { "serve": "counter", "into": ["n"], "badge": "who",
            "handler": [ { "set": "total", "to": "total + n" }, { "log": "got {n}" } ],
            "reply": ["total", "n * n"], "on error": "wait" } ] }
      """
    let client = """
      { "name": "client", "ram": "4MiB", "variables": { "i": 0, "sum": 0, "square": 0, "e": 9 },
        "construct": [
          { "repeat": [
            { "set": "i", "to": "i + 1" },
            { "call": "counter", "words": ["i"], "into": ["sum", "square"], "error": "e" },
            { "log": "sum {sum} square {square} error {e}" } ], "times": 3 } ] }
      """
    let played = try PlayedScenario.genode(Self.scenario(client, server), kernel, until: .milliseconds(500))
    #expect(played.lines("server") == ["got 1", "got 2", "got 3"])
    #expect(
      played.lines("client") == ["sum 1 square 1 error 0", "sum 3 square 4 error 0", "sum 6 square 9 error 0"])
  }

  @Test func `a component that cannot go on says why and stops`() throws {
    let component = """
      { "name": "c", "ram": "1MiB", "variables": { "x": 0 },
        "construct": [ { "log": "before" }, { "allocate": "64MiB", "as": "huge" }, { "log": "after" } ] }
      """
    let played = try PlayedScenario.genode(Self.scenario(component), .modern, until: .milliseconds(100))
    #expect(played.lines("c").first == "before")
    #expect(played.lines("c").last?.hasPrefix("Error: Env::RAM failed, exception") == true)
  }

  @Test(arguments: KernelChoice.allCases)
  func `threads share variables, locks and signals`(_ kernel: KernelChoice) throws {
    let component = """
      { "name": "c", "ram": "8MiB", "variables": { "n": 0, "rounds": 0 },
        "threads": [
          { "name": "one", "body": [ { "do": "work" }, { "await": "go" }, { "log": "one went" } ] },
          { "name": "two", "body": [ { "do": "work" } ] },
          { "name": "late", "started": false, "body": [ { "log": "late {n}" } ] } ],
        "functions": { "work": [
          { "repeat": [
            { "lock": "gate" },
            { "set": "rounds", "to": "n" }, { "compute": "700us" }, { "set": "n", "to": "rounds + 1" },
            { "unlock": "gate" } ], "times": 20 } ] },
        "construct": [
          { "sleep": "100ms" }, { "log": "sum {n}" },
          { "start": "late" }, { "sleep": "5ms" },
          { "signal": "go" }, { "sleep": "5ms" },
          { "start": "one", "ip": "&work", "sp": "0x20000" },
          { "log": "end" } ] }
      """
    let played = try PlayedScenario.genode(Self.scenario(component), kernel, until: .milliseconds(400))
    #expect(played.lines("c") == ["sum 40", "late 40", "one went", "end"])
    // A thread that was started before ignores the second start.
    #expect(played.events.contains { if case .threadStartIgnored(_, "one") = $0.event { true } else { false } })
  }

  @Test(arguments: KernelChoice.allCases)
  func `a periodic job tells its nominal releases`(_ kernel: KernelChoice) throws {
    let component = """
      { "name": "c", "ram": "4MiB", "variables": { "n": 0 },
        "construct": [
          { "every": "10ms", "deadline": "8ms", "name": "control", "offset": "5ms", "times": 6,
            "do": [ { "compute": "2ms" }, { "set": "n", "to": "n + 1" } ] },
          { "log": "{n} jobs" } ] }
      """
    let played = try PlayedScenario.genode(Self.scenario(component), kernel, until: .milliseconds(300))
    #expect(played.lines("c") == ["6 jobs"])
    let releases = played.hints.filter { $0.kind == MachineHint.jobRelease.rawValue }
    let completions = played.hints.filter { $0.kind == MachineHint.jobCompletion.rawValue }
    #expect(releases.count == 6 && completions.count == 6)
    let nominal = releases.map { MachineHint.job($0.operand).release }
    for (first, second) in zip(nominal, nominal.dropFirst()) { #expect(second - first == 100_000) }
    #expect(nominal == completions.map { MachineHint.job($0.operand).release })
    for (release, completion) in zip(releases, completions) {
      let ticks = completion.at.picoseconds / 100_000 - MachineHint.job(release.operand).release
      #expect(ticks > 20_000 && ticks < 60_000)
    }
  }
}
