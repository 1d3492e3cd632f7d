import CheckpointRestore
import Determinism
import Genode
import Testing

/// Copying behind the target's back: the image is of the pause, and the target waits only for what it touches.
@Suite struct CopyOnWriteTests {
  private static func play(
    _ target: StrategyTests.Target, _ strategy: CaptureStrategy, at microseconds: UInt64, granularity: Int = 1
  ) throws -> CheckpointedRun {
    let order = TimedCommand(atMicroseconds: microseconds, .checkpoint(target: "sheep", as: "c1"))
    return try StrategyTests.play(target, [order], milliseconds: 60) {
      $0.strategy = strategy
      $0.granularity = granularity
    }
  }

  /// Both have managed memory, so that everything before the pause is the same; one copies in the pause.
  @Test(arguments: [8_000, 10_300, 12_017] as [UInt64])
  func `the image is byte for byte the memory of the pause`(_ instant: UInt64) throws {
    for (target, granularity) in [(StrategyTests.Target.everything, 1), (.onePage, 7), (.twoCores, 3)] {
      let images = try [CaptureStrategy.incremental, .copyOnWrite].map { strategy in
        try #require(try Self.play(target, strategy, at: instant, granularity: granularity).images["c1"])
      }
      #expect(images[0].dataspaces.map(\.contents) == images[1].dataspaces.map(\.contents))
      #expect(images[0].threads == images[1].threads)
    }
  }

  private func totals(_ run: CheckpointedRun, _ phase: CheckpointPhase) -> CheckpointTotals? {
    run.events.compactMap { if case .phaseEnded(phase, "c1", let totals) = $0.event { totals } else { nil } }.last
  }

  private func span(_ run: CheckpointedRun, _ phase: CheckpointPhase) -> TimeSpan? {
    let began = run.at { if case .phaseStarted(phase, "c1") = $0 { true } else { false } }.first
    let ended = run.at { if case .phaseEnded(phase, "c1", _) = $0 { true } else { false } }.first
    return began.flatMap { began in ended.map { $0 - began } }
  }

  @Test func `who touches a part that is not copied waits for its copy only`() throws {
    let behind = try Self.play(.everything, .copyOnWrite, at: 8_000)
    let counts = try #require(totals(behind, .copyOnWrite))
    #expect(counts.partsAwaited > 10)
    let copied = behind.events.compactMap { entry -> UInt64? in
      if case .dataspaceCopied("c1", let badge, _) = entry.event { badge } else { nil }
    }
    #expect(Set(copied).count == copied.count, "nothing is copied twice")
    #expect(UInt64(copied.count) * 4096 == counts.bytes)
    let logged = behind.logged.filter { line in
      behind.events.contains { if case .phaseStarted(.copyOnWrite, _) = $0.event { $0.at < line.at } else { false } }
    }
    #expect(!logged.isEmpty)
  }

  /// The more is written meanwhile the more is left; with nobody writing, two rounds are enough.
  @Test func `pauses and rounds follow from what the target writes`() throws {
    let whole = try #require(span(Self.play(.everything, .incremental, at: 8_000), .frozen))
    for target in [StrategyTests.Target.idle, .everything] {
      let early = try Self.play(target, .preCopy, at: 8_000)
      #expect(try #require(span(early, .frozen)) < whole)
      let rounds = try #require(totals(early, .preCopy)).rounds
      #expect(target == .idle ? rounds <= 3 : rounds > 2)
    }
    let late = try Self.play(.everything, .copyOnWrite, at: 8_000)
    #expect(try #require(span(late, .frozen)) < whole)
  }

  @Test(arguments: PreCopyStop.allCases)
  func `each rule ends the rounds`(_ stop: PreCopyStop) throws {
    let order = TimedCommand(atMicroseconds: 8_000, .checkpoint(target: "sheep", as: "c1"))
    let run = try StrategyTests.play(.everything, [order], milliseconds: 90) {
      $0.strategy = .preCopy
      $0.preCopy.remaining = stop == .remaining ? 1 << 20 : 0
      $0.preCopy.rounds = stop == .rounds ? 3 : 1_000
      $0.preCopy.stalls = stop == .stalls ? 2 : 1_000
      $0.preCopy.volume = stop == .volume ? 2 : 1_000
    }
    let ended = run.events.compactMap { if case .roundsStopped("c1", let why) = $0.event { why } else { nil } }
    #expect(ended == [stop])
    #expect(run.images["c1"] != nil)
  }

  /// What is freed while its copy is outstanding is in the image all the same.
  @Test func `a dataspace freed behind the pause is copied first`() throws {
    let component = """
      [ { "name": "sheep", "ram": "2MiB", "variables": { "n": 0, "at": 0 },
          "construct": [ { "allocate": "64KiB", "as": "wool" }, { "attach": "wool", "into": "at" },
            { "store": "at + 60000", "value": 77 }, { "sleep": "8ms" },
            { "detach": "wool" }, { "free": "wool" }, { "log": "freed" }, { "sleep": "1s" } ] } ]
      """
    let order = TimedCommand(atMicroseconds: 8_000, .checkpoint(target: "sheep", as: "c1"))
    let run = try runCheckpointed(component, commands: [order], milliseconds: 60, cores: 2, checkpointerCore: 1) {
      $0.strategy = .copyOnWrite
    }
    let freed = try #require(run.logged.first { $0.text == "freed" }).at
    let complete = try #require(run.at { if case .phaseEnded(.copyOnWrite, _, _) = $0 { true } else { false } }.first)
    #expect(freed < complete, "the test is of no use otherwise")
    let image = try #require(run.images["c1"])
    #expect(image.dataspaces.contains { $0.size == 65_536 && $0.contents.count == 60_001 && $0.contents[60_000] == 77 })
  }
}
