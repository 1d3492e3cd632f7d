import Testing

@testable import Scenarios

/// Bare tasks on the simulated kernel, under both profiles.
@Suite struct BareRunTests {
  static func scenario(_ tasks: String...) -> String {
    """
    { "title": "test", "runtime": "bare", "machine": { "platform": "riscv-virt", "kernel": "r67" },
      "tasks": [ \(tasks.joined(separator: ",\n")) ] }
    """
  }

  @Test(arguments: KernelChoice.allCases)
  func `a call reaches the thread behind the gate and comes back`(_ kernel: KernelChoice) throws {
    let server = """
      { "name": "server", "variables": { "x": 0, "y": 0, "who": 0 },
        "threads": [ { "name": "main", "priority": 20, "body": [
          { "serve": "adder", "into": ["x", "y"], "badge": "who",
            "handler": [ { "log": "server: {x} {y} from {who:hex}" } ], "reply": ["x + y"] } ] } ] }
      """
    let client = """
      { "name": "client", "variables": { "sum": 0, "e": 0, "tag": 0 },
        "capabilities": { "door": { "gate": "server/main", "label": "0x40" } },
        "threads": [ { "name": "main", "body": [
          { "call": "door", "words": [3, 4], "into": ["sum"], "error": "e", "tag": "tag" },
          { "log": "client: {sum} error {e} tag {tag}" },
          { "call": "door", "words": ["sum", 1], "into": ["sum"] },
          { "log": "client: {sum}" } ] } ] }
      """
    let played = try PlayedScenario.bare(Self.scenario(server, client), kernel, until: .milliseconds(50))
    #expect(
      played.lines("console") == [
        "server: 3 4 from 0x40", "client: 7 error 0 tag 1", "server: 7 1 from 0x40", "client: 8",
      ])
  }

  @Test(arguments: KernelChoice.allCases)
  func `IPC errors arrive in variables`(_ kernel: KernelChoice) throws {
    let task = """
      { "name": "t", "variables": { "e": 99 },
        "capabilities": { "busy": { "thread": "t/sleeper" }, "nothing": { "empty": true } },
        "threads": [
          { "name": "sleeper", "priority": 30, "body": [ { "sleep": "1s" } ] },
          { "name": "main", "body": [
            { "send": "busy", "words": [1], "timeout": "0s", "error": "e" }, { "log": "zero {e}" },
            { "send": "busy", "words": [1], "timeout": "3ms", "error": "e" }, { "log": "timeout {e}" },
            { "wait": true, "timeout": "2ms", "error": "e" }, { "log": "wait {e}" },
            { "receive": "busy", "timeout": "2ms", "error": "e" }, { "log": "receive {e}" },
            { "send": "nothing", "error": "e" }, { "log": "empty {e}" },
            { "reply": true, "error": "e" }, { "log": "reply {e}" } ] } ] }
      """
    let played = try PlayedScenario.bare(Self.scenario(task), kernel, until: .milliseconds(50))
    #expect(
      played.lines("console") == ["zero 2", "timeout 2", "wait 3", "receive 3", "empty 4", "reply 4"])
  }

  @Test(arguments: KernelChoice.allCases)
  func `capabilities travel, are mapped, and are revoked`(_ kernel: KernelChoice) throws {
    let owner = """
      { "name": "owner", "variables": { "x": 0, "e": 0 },
        "capabilities": {
          "mine": { "gate": "owner/server", "label": "0x100" },
          "other": { "gate": "user/main", "label": "0x200" }, "user_task": { "task": "user" } },
        "threads": [
          { "name": "server", "priority": 30, "body": [
            { "serve": "s", "into": ["x"], "handler": [], "reply": ["x + 1"] } ] },
          { "name": "main", "priority": 15, "body": [
            { "send": "other", "items": [ { "capability": "mine", "rights": "rw" } ], "error": "e" },
            { "log": "sent {e}" },
            { "map": "mine", "to": "user_task", "slot": "0x60", "error": "e" },
            { "log": "mapped {e}" },
            { "sleep": "5ms" },
            { "unmap": "mine", "rights": "rwsd", "own": true, "error": "e" },
            { "log": "revoked {e}" } ] } ] }
      """
    let user = """
      { "name": "user", "variables": { "y": 0, "e": 0, "who": 0 },
        "capabilities": { "got": { "empty": true }, "mapped": { "empty": true, "slot": "0x60" } },
        "threads": [ { "name": "main", "priority": 20, "body": [
          { "wait": true, "accept": [ { "capability": "got" } ], "badge": "who", "error": "e" },
          { "log": "arrived {who:hex} {e}" },
          { "call": "got", "words": [41], "into": ["y"], "error": "e" },
          { "log": "by message {y} {e}" },
          { "sleep": "2ms" },
          { "call": "mapped", "words": [50], "into": ["y"], "error": "e" },
          { "log": "by map {y} {e}" },
          { "sleep": "10ms" },
          { "call": "mapped", "words": [1], "into": ["y"], "error": "e" },
          { "log": "after revoke {e}" } ] } ] }
      """
    let played = try PlayedScenario.bare(Self.scenario(owner, user), kernel, until: .milliseconds(80))
    #expect(
      played.lines("console") == [
        "arrived 0x200 0", "by message 42 0", "sent 0", "mapped 0", "by map 51 0", "revoked 0", "after revoke 4",
      ])
  }

  @Test(arguments: KernelChoice.allCases)
  func `a pager thread brings a page in`(_ kernel: KernelChoice) throws {
    let pager = """
      { "name": "pager", "variables": { "address": 0, "ip": 0, "e": 0 },
        "dataspaces": { "pool": { "size": "8KiB", "at": "0x50000000", "content": [1234] } },
        "threads": [ { "name": "main", "priority": 30, "body": [
          { "wait": true, "into": ["address", "ip"], "error": "e" },
          { "forever": [
            { "log": "fault at {address:hex}" },
            { "reply and wait": true,
              "items": [ { "memory": "pool", "bytes": "4KiB", "hot spot": "address & ~0xfff", "rights": "rw" } ],
              "into": ["address", "ip"], "error": "e" } ] } ] } ] }
      """
    let user = """
      { "name": "user", "variables": { "x": 0 }, "pager": "pager/main",
        "threads": [ { "name": "main", "body": [
          { "load": "0x60000000", "into": "x" }, { "log": "read {x}" },
          { "store": "0x60000008", "value": "77" }, { "load": "0x60000008", "into": "x" },
          { "log": "read {x}" } ] } ] }
      """
    let played = try PlayedScenario.bare(Self.scenario(pager, user), kernel, until: .milliseconds(50))
    #expect(played.lines("console").map { $0.prefix(18) }.first?.hasPrefix("fault at 0x6000000") == true)
    #expect(Array(played.lines("console").dropFirst()) == ["read 1234", "read 77"])
  }

  @Test(arguments: KernelChoice.allCases)
  func `interrupts and threads start when they are told to`(_ kernel: KernelChoice) throws {
    let task = """
      { "name": "t", "variables": { "e": 0, "n": 0 },
        "capabilities": { "bell": { "irq": 3 } },
        "threads": [
          { "name": "handler", "priority": 40, "body": [
            { "repeat": [ { "await": "bell", "error": "e" }, { "log": "bell {e}" } ], "times": 2 } ] },
          { "name": "worker", "started": false, "priority": 20, "body": [ { "log": "worker" } ] },
          { "name": "main", "priority": 10, "body": [
            { "log": "ring" }, { "signal": "t/bell" }, { "signal": "t/bell" },
            { "start": "worker", "error": "e" }, { "log": "started {e}" },
            { "thread": "child", "priority": 15, "body": [ { "log": "child" } ] },
            { "log": "end" } ] } ] }
      """
    let played = try PlayedScenario.bare(Self.scenario(task), kernel, until: .milliseconds(50))
    // Profile r67 lets the caller go on when it gives a thread its first processor.
    let begun = kernel == .r67 ? ["started 0", "end", "worker", "child"] : ["worker", "started 0", "child", "end"]
    #expect(played.lines("console") == ["ring", "bell 0", "bell 0"] + begun)
  }
}
