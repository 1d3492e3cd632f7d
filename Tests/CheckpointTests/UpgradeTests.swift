import CheckpointRestore
import Determinism
import FiascoKernel
import Testing

@testable import Genode

/// A component on another core goes on while the checkpointer stops its threads one by one: its request for more quota
/// reaches the parent while it is being frozen. Each upgrade costs its account 8 KiB, so quota tells how often it was
/// made.
@Suite struct UpgradeTests {
  private static func component(delay: Int) -> String {
    """
    [ { "name": "greedy", "ram": "4MiB", "core": 1,
        "variables": { "start": 0, "now": 0, "n": 0, "wrong": 0 },
        "threads": [ { "name": "busy", "body": [ { "forever": [ { "compute": "50us" } ] } ] } ],
        "construct": [
          { "compute": "\(delay)us" }, { "quota": "start" },
          { "repeat": [
            { "upgrade": "PD", "by": "8KiB" }, { "set": "n", "to": "n + 1" }, { "quota": "now" },
            { "if": "now != start - n * 8192", "then": [ { "set": "wrong", "to": "wrong + 1" } ] } ], "times": 60 },
          { "log": "{n} upgrades, {wrong} wrong" } ] } ]
    """
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `an upgrade that arrives while its component is frozen is made exactly once`(
    _ profile: KernelProfile.Name
  ) throws {
    let probe = try runCheckpointed(
      Self.component(delay: 1), commands: [], milliseconds: 60, profile: profile, cores: 2)
    let instant = try #require(probe.logged.first).at.picoseconds / 1_000_000 * 3 / 4
    var situations: [ThreadImage.Situation] = []
    // The checkpoint begins with a tick of the clock; so it is the component that is moved.
    for delay in stride(from: 1, through: 151, by: 30) {
      let run = try runCheckpointed(
        Self.component(delay: delay),
        commands: [
          TimedCommand(atMicroseconds: instant, .checkpoint(target: "greedy", as: "c1")),
          TimedCommand(atMicroseconds: 50_000, .kill(target: "greedy")),
          TimedCommand(atMicroseconds: 51_000, .restore(checkpoint: "c1")),
        ], milliseconds: 80, profile: profile, cores: 2
      ) { $0.defaultPolicy = .recreateCaller }
      let image = try #require(run.images["c1"])
      if let entrypoint = image.threads.first(where: { $0.name == "ep" }) { situations.append(entrypoint.situation) }
      let right = "60 upgrades, 0 wrong"
      #expect(run.logged.map(\.text) == [right, right], "\(delay)")
    }
    // The request waits for the parent, or lies with it and its answer finds nobody.
    #expect(situations.contains(.sendPhase) && situations.contains(.callReceivePhase))
  }
}
