import CheckpointRestore
import Determinism
import FiascoKernel
import Genode
import Testing

/// Every strategy against targets that write while it works: what comes back fits together.
///
/// The targets test themselves. Each pass over a dataspace expects in every page what the last pass wrote, and adds
/// to `wrong` where it finds something else. A page that is older or newer than the registers, the stack or another page
/// is found in the first pass after a restore.
@Suite struct StrategyTests {
  enum Target: String, CaseIterable, Sendable { case idle, onePage, everything, twoCores }

  /// One pass over so many pages, in a function of its own, so that its state lies on the stack and in variables.
  private static func pass(_ dataspace: String, _ pages: Int, _ n: String, _ wrong: String, _ suffix: String) -> String
  {
    """
    "pass\(suffix)": [
      { "set": "\(n)", "to": "\(n) + 1" }, { "set": "i\(suffix)", "to": "0" },
      { "while": "i\(suffix) < \(pages)", "do": [
        { "set": "at\(suffix)", "to": "&\(dataspace) + i\(suffix) * 4096 + 8" },
        { "load": "at\(suffix)", "into": "found\(suffix)" },
        { "if": "found\(suffix) != \(n) - 1", "then": [ { "set": "\(wrong)", "to": "\(wrong) + 1" } ] },
        { "store": "at\(suffix)", "value": "\(n)" }, { "compute": "20us" },
        { "set": "i\(suffix)", "to": "i\(suffix) + 1" } ] } ]
    """
  }

  private static func names(_ suffix: String) -> String {
    ["n", "i", "at", "found", "wrong"].map { "\"\($0)\(suffix)\": 0" }.joined(separator: ", ")
  }

  static func component(_ target: Target) -> String {
    let pages = target == .everything ? 24 : target == .twoCores ? 6 : 1
    let line = #"{ "log": "{n} and {m}, {wrong} wrong" }"#
    let loop =
      target == .idle
      ? #"{ "forever": [ { "do": "pass" }, \#(line), { "sleep": "20ms" } ] }"#
      : #"{ "forever": [ { "repeat": [ { "do": "pass" } ], "times": "10" }, \#(line) ] }"#
    let second =
      target != .twoCores
      ? ""
      : #"""
      "threads": [ { "name": "second", "core": 1, "body": [ { "forever": [
        { "do": "pass2" }, { "set": "m", "to": "n2" },
        { "if": "wrong2 > 0", "then": [ { "set": "wrong", "to": "wrong + 1000" } ] } ] } ] } ],
      """#
    return """
      [ { "name": "sheep", "ram": "2MiB",
          "dataspaces": { "flock": { "size": "\(4 * pages)KiB" }, "herd": { "size": "32KiB" }, "fallow": { "size": "48KiB" } },
          "variables": { \(names("")), \(names("2")), "m": 0 },
          "functions": { \(pass("flock", pages, "n", "wrong", "")), \(pass("herd", 8, "n2", "wrong2", "2")) },
          \(second)
          "construct": [ { "write": "fallow", "value": 5 }, \(loop) ] } ]
      """
  }

  static let orders = [
    TimedCommand(atMicroseconds: 10_000, .checkpoint(target: "sheep", as: "c0")),
    TimedCommand(atMicroseconds: 20_000, .checkpoint(target: "sheep", as: "c1")),
    TimedCommand(atMicroseconds: 32_000, .kill(target: "sheep")),
    TimedCommand(atMicroseconds: 33_000, .restore(checkpoint: "c1")),
  ]

  /// The checkpointer has a core of its own: on the target's it would always come first.
  static func play(
    _ target: Target, _ commands: [TimedCommand] = orders, milliseconds: Int64 = 120,
    profile: KernelProfile.Name = .modern, release: GenodeRelease = .genode1608,
    configure: (inout CheckpointerConfiguration) -> Void
  ) throws -> CheckpointedRun {
    try runCheckpointed(
      component(target), commands: commands, milliseconds: target == .idle ? 2 * milliseconds : milliseconds,
      profile: profile, release: release,
      cores: 3, checkpointerCore: 2
    ) {
      $0.defaultPolicy = .reissue
      configure(&$0)
    }
  }

  private struct Line {
    var n: Int
    var m: Int
    var wrong: Int
    init?(_ text: String) {
      let parts = text.split { !$0.isNumber }.compactMap { Int($0) }
      guard parts.count == 3 else { return nil }
      (n, m, wrong) = (parts[0], parts[1], parts[2])
    }
  }

  /// Nothing wrong before or after, and the count goes on from the checkpoint.
  static func check(_ run: CheckpointedRun, _ target: Target) throws {
    let refusals = run.events.filter { if case .refused = $0.event { true } else { false } }
    #expect(refusals.isEmpty, "\(refusals.map(\.event))")
    let back = try #require(run.at { if case .restoreStarted = $0 { true } else { false } }.first)
    let lines = run.logged.compactMap { entry in Line(entry.text).map { (at: entry.at, line: $0) } }
    #expect(lines.allSatisfy { $0.line.wrong == 0 }, "\(run.lines.suffix(5))")
    let image = try #require(run.images["c1"])
    #expect(image.inconsistency == nil)
    let frozen = try #require(
      run.at { if case .phaseEnded(.frozen, "c1", _) = $0 { true } else { false } }.first)
    let before = lines.last { $0.at < frozen }?.line.n ?? 0
    let after = lines.filter { $0.at > back }.map(\.line)
    #expect(after.count > 2)
    let first = try #require(after.first).n
    #expect(first >= before && first <= before + 20)
    if target == .twoCores { #expect(after.last.map(\.m) ?? 0 > after[0].m) }
  }

  @Test(arguments: CaptureStrategy.allCases, Target.allCases)
  func `what is restored fits together, whatever the target writes`(
    _ strategy: CaptureStrategy, _ target: Target
  ) throws {
    for (memory, granularity) in [(RestoredMemory.eager, 1), (.lazy, 6)] {
      let run = try Self.play(target) {
        $0.strategy = strategy
        $0.granularity = granularity
        $0.restoredMemory = memory
      }
      try Self.check(run, target)
    }
  }

  @Test(arguments: CaptureStrategy.allCases, KernelProfile.Name.allCases)
  func `two runs give the same records and the same image`(
    _ strategy: CaptureStrategy, _ profile: KernelProfile.Name
  ) throws {
    let runs = try (0..<2).map { _ in
      try Self.play(.everything, profile: profile) {
        $0.strategy = strategy
        $0.restoredMemory = .lazy
      }
    }
    #expect(runs[0].events.map { "\($0.at) \($0.event)" } == runs[1].events.map { "\($0.at) \($0.event)" })
    #expect(runs[0].images == runs[1].images)
    try Self.check(runs[0], .everything)
  }
}
