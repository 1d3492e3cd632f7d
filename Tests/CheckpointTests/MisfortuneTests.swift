import CheckpointRestore
import Determinism
import Genode
import Testing

/// What can happen to a component, or to the checkpointer, while a checkpoint is taken: it ends in a verdict, nothing
/// hangs, and the image from before can still be restored.
@Suite struct MisfortuneTests {
  /// Something that comes to pass in the component 20 ms after its start, or soon after.
  enum Event: String, CaseIterable, Sendable { case exit, crash, quota, upgrades }

  /// When the checkpoint is ordered, microseconds.
  static let instants: [UInt64] = [20_300, 21_000, 21_200, 22_000]

  private static func component(_ event: Event) -> String {
    let then =
      switch event {
      case .exit: #"{ "exit": 3 }"#
      case .crash: #"{ "fault": 0, "access": "write" }"#
      case .quota:
        #"{ "forever": [ { "allocate": "256KiB", "as": "a" }, { "log": "more" }, { "sleep": "1ms" } ] }"#
      case .upgrades:
        #"{ "forever": [ { "allocate": "4KiB", "as": "a" }, { "attach": "a", "into": "m" }, { "log": "more" } ] }"#
      }
    return """
      [ { "name": "sheep", "ram": "2MiB", "dataspaces": { "flock": { "size": "4KiB" } },
          "variables": { "n": { "in": "flock", "initial": 0 }, "m": 0 },
          "construct": [ { "log": "born" }, { "sleep": "10ms" }, { "log": "ten" }, { "sleep": "10ms" }, \(then) ] } ]
      """
  }

  private func isEnd(_ event: CheckpointEvent, of name: String) -> Bool {
    switch event {
    case .imageWritten(name, _), .refused: true
    default: false
    }
  }

  @Test(arguments: Event.allCases, instants)
  func `whatever happens to the component, the image from before can be restored`(
    _ event: Event, _ instant: UInt64
  ) throws {
    for strategy in CaptureStrategy.allCases {
      let run = try runCheckpointed(
        Self.component(event),
        commands: [
          TimedCommand(atMicroseconds: 5_000, .checkpoint(target: "sheep", as: "c0")),
          TimedCommand(atMicroseconds: instant, .checkpoint(target: "sheep", as: "c1")),
          TimedCommand(atMicroseconds: 60_000, .kill(target: "sheep")),
          TimedCommand(atMicroseconds: 62_000, .restore(checkpoint: "c0")),
        ], milliseconds: 80, release: .mended
      ) { $0.strategy = strategy }
      #expect(run.events.contains { isEnd($0.event, of: "c1") })
      #expect(run.events.count { if case .restoreFinished("c0", _) = $0.event { true } else { false } } == 1)
      let back = try #require(run.at { if case .restoreFinished = $0 { true } else { false } }.first)
      #expect(run.logged.contains { $0.at > back && $0.text == "ten" })
      #expect(run.images.values.allSatisfy { $0.inconsistency == nil })
    }
  }

  /// The instants cover freeze, metadata, copy, write, and the time after.
  @Test(arguments: [20_100, 25_050, 25_100, 25_300, 25_600, 25_900, 26_100, 26_500, 29_000, 40_000] as [UInt64])
  func `a checkpointer that is killed leaves the images that were complete`(_ instant: UInt64) throws {
    let run = try runCheckpointed(
      Components.sheep,
      commands: [
        TimedCommand(atMicroseconds: 15_000, .checkpoint(target: "sheep", as: "c0")),
        TimedCommand(atMicroseconds: 25_000, .checkpoint(target: "sheep", as: "c1")),
      ], milliseconds: 60, changes: [InitChange(at: instant, .kill("rtcr"))])
    let killed = Instant.zero + .microseconds(Int64(instant))
    #expect(!run.logged.contains { $0.at > killed + .milliseconds(1) })
    let image = try #require(run.images["c0"])
    let isWritten = run.events.contains { if case .imageWritten("c1", _) = $0.event { true } else { false } }
    #expect((run.images["c1"] != nil) == isWritten)
    let later = try runCheckpointed(
      Components.sheep,
      commands: [
        TimedCommand(atMicroseconds: 5_000, .kill(target: "sheep")),
        TimedCommand(atMicroseconds: 6_000, .restore(checkpoint: "c0")),
      ], milliseconds: 30
    ) { $0.images = [.init(name: "c0", image: image)] }
    let back = try #require(later.at { if case .restoreFinished = $0 { true } else { false } }.first)
    #expect(later.logged.contains { $0.at > back })
  }

  /// 700 copies need more records in core than the account has paid for, and those come out of the same RAM: between
  /// "refused before anybody stands still" and "enough" there are accounts that fail in the middle.
  @Test func `a checkpointer that runs out of RAM in the middle lets everybody go on`() throws {
    func run(_ quota: UInt64) throws -> CheckpointedRun {
      try runCheckpointed(
        Components.many(dataspaces: 700),
        commands: [
          TimedCommand(atMicroseconds: 40_000, .checkpoint(target: "sheep", as: "c0")),
          TimedCommand(atMicroseconds: 60_000, .checkpoint(target: "sheep", as: "c0")),
        ], milliseconds: 90, quota: quota)
    }
    func refusals(_ run: CheckpointedRun) -> [(needed: UInt64, available: UInt64)] {
      run.events.compactMap { if case .refused(.notEnoughRAM(let n, let a)) = $0.event { (n, a) } else { nil } }
    }
    let probe = try run(5 << 20)
    let missing = try #require(refusals(probe).first)
    let enough = 5 << 20 + missing.needed - missing.available
    let run = try run(enough + 8 << 10)
    // The first one begins and fails; what it has paid for is missing when the second one is looked at.
    let begun = run.at { if case .checkpointStarted = $0 { true } else { false } }
    #expect(begun.count == 1)
    #expect(refusals(run).count == 2)
    #expect(run.images.isEmpty)
    #expect(run.logged.count { $0.at > begun[0] } >= 3)
  }

  @Test(arguments: ChildMode.allCases)
  func `an image of another program is refused`(_ mode: ChildMode) throws {
    let checkpoint = TimedCommand(atMicroseconds: 25_000, .checkpoint(target: "sheep", as: "c1"))
    let image = try #require(
      try runCheckpointed(Components.many(dataspaces: 40), commands: [checkpoint], milliseconds: 40).images["c1"])
    let run = try runCheckpointed(
      Components.tiny,
      commands: [
        TimedCommand(atMicroseconds: 5_000, .kill(target: "sheep")),
        TimedCommand(atMicroseconds: 6_000, .restore(checkpoint: "c1", mode: mode)),
      ], milliseconds: 40
    ) { $0.images = [.init(name: "c1", image: image)] }
    #expect(run.events.contains { if case .refused(.doesNotFit("sheep", _)) = $0.event { true } else { false } })
    #expect(!run.events.contains { if case .restoreFinished = $0.event { true } else { false } })
  }
}
