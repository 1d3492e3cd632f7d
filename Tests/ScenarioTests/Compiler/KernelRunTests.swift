import Testing

@testable import Scenarios

/// Compiled programs on the simulated kernel, with core, init and timer, under both profiles.
@Suite struct KernelRunTests {
  static let sheep = """
    { "title": "sheep", "machine": { "platform": "riscv-virt", "kernel": "r67" }, "components": [
      { "name": "sheep_counter", "ram": "4MiB",
        "dataspaces": { "flock": { "size": "4KiB" } },
        "variables": { "sheep": { "in": "flock", "initial": 0 } },
        "construct": [
          { "forever": [
            { "set": "sheep", "to": "sheep + 1" },
            { "log": "{sheep} sheep. zzZ" },
            { "sleep": "1s" } ] } ] } ] }
    """

  @Test(arguments: KernelChoice.allCases)
  func `the sheep counter counts once a second`(_ kernel: KernelChoice) throws {
    let played = try PlayedScenario.genode(Self.sheep, kernel, until: .milliseconds(3500))
    #expect(played.lines("sheep_counter") == (1...4).map { "\($0) sheep. zzZ" })
    if played.lines("sheep_counter").count != 4 { for e in played.events.suffix(60) { print(e) }; print(played.exit, played.log) }
  }
}
