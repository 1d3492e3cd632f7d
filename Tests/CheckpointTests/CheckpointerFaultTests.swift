import CheckpointRestore
import Determinism
import Genode
import Testing

/// Each defect of the published checkpointers with its symptom, and the same run without it.
@Suite struct CheckpointerFaultTests {
  static let checkpoint = TimedCommand(atMicroseconds: 25_000, .checkpoint(target: "sheep", as: "c1"))
  static let again = TimedCommand(atMicroseconds: 45_000, .checkpoint(target: "sheep", as: "c1"))
  static let restore = [
    TimedCommand(atMicroseconds: 55_000, .kill(target: "sheep")),
    TimedCommand(atMicroseconds: 57_000, .restore(checkpoint: "c1")),
  ]

  private func run(
    _ faults: [CheckpointerFault], _ components: String = Components.sheep,
    _ commands: [TimedCommand] = [checkpoint] + restore, milliseconds: Int64 = 110, cores: Int = 1,
    configure: (inout CheckpointerConfiguration) -> Void = { _ in }
  ) throws -> CheckpointedRun {
    var release = GenodeRelease.named(.genode1902)
    release.losesUnmapThroughMaps = faults.contains(.unmapLost)
    return try runCheckpointed(
      components, commands: commands, milliseconds: milliseconds, release: release, cores: cores
    ) {
      $0.faults = faults
      configure(&$0)
    }
  }

  private func counts(_ lines: [(at: Instant, text: String)]) -> [Int] {
    lines.compactMap { Int($0.text.prefix { $0.isNumber }) }
  }

  /// What was counted before the checkpoint, while the original went on, and after the restore.
  private func parts(_ run: CheckpointedRun) throws -> (before: [Int], original: [Int], restored: [Int]) {
    let taken = try #require(run.at { if case .checkpointStarted = $0 { true } else { false } }.last)
    let killed = try #require(run.at { if case .targetKilled = $0 { true } else { false } }.first)
    let (before, rest) = (run.logged.filter { $0.at < taken }, run.logged.filter { $0.at >= taken })
    return (counts(before), counts(rest.filter { $0.at < killed }), counts(rest.filter { $0.at >= killed }))
  }

  /// The restored component counts on from the checkpoint.
  private func continues(_ run: CheckpointedRun) throws -> Bool {
    let parts = try parts(run)
    return parts.restored.count > 2 && parts.restored.first == parts.before.count + 1
  }

  @Test func `with its own pause recorded the restored component never moves`() throws {
    let (clean, faulty) = try (run([]), run([.ownPauseRecorded]))
    #expect(try continues(clean))
    #expect(clean.images["c1"]?.threads.contains { $0.paused } == false)
    #expect(faulty.images["c1"]?.threads.allSatisfy(\.paused) == true)
    #expect(try parts(faulty).original.count == parts(clean).original.count)
    #expect(try parts(faulty).restored.isEmpty)
  }

  @Test func `with resume forgotten the original stands still for ever`() throws {
    let (clean, faulty) = try (run([]), run([.resumeForgotten]))
    #expect(try parts(clean).original.count > 1)
    #expect(try parts(faulty).original.isEmpty)
    #expect(try continues(faulty))
  }

  @Test func `with an inclusive region end the region behind another one is missing after the restore`() throws {
    let (clean, faulty) = try (run([], Components.adjacent), run([.inclusiveRegionEnd], Components.adjacent))
    #expect(try continues(clean))
    #expect(try parts(faulty).restored.isEmpty)
    #expect(faulty.warnings.contains { $0.contains("no RM attachment") })
    #expect(!clean.warnings.contains { $0.contains("no RM attachment") })
  }

  @Test func `with offsets ignored the restored component executes the wrong bytes`() throws {
    let (clean, faulty) = try (run([]), run([.offsetIgnored]))
    #expect(try continues(clean))
    #expect(try parts(faulty).restored.isEmpty)
  }

  @Test func `a timer that is armed in full fires late by what had passed already`() throws {
    func first(_ run: CheckpointedRun) throws -> Instant {
      let back = try #require(run.at { if case .restoreStarted = $0 { true } else { false } }.first)
      return try #require(run.logged.first { $0.at > back }).at
    }
    let (clean, faulty) = try (run([]), run([.timerRearmedInFull]))
    let timer = try #require(clean.images["c1"]?.timers.first)
    let passed = Int64(timer.timeoutPicoseconds - (timer.remainingPicoseconds ?? 0))
    #expect(passed > 1_000_000_000)
    let late = (try first(faulty) - first(clean)).picoseconds
    #expect(abs(late - passed) < 1_000_000_000)
  }

  @Test func `with affinity dropped the restored threads run on the first core`() throws {
    func away(_ faults: [CheckpointerFault]) throws -> Int {
      // A cancel across cores takes its time; where the threads are put does not depend on it.
      let run = try run(faults, Components.onCoreOne, cores: 2) { $0.freeze = .trigger }
      #expect(run.images["c1"]?.threads.map(\.cpu) == [1, 1, 1])
      return run.threadsOnOtherCores
    }
    #expect(try away([]) == 3)
    #expect(try away([.affinityDropped]) == 0)
  }

  @Test func `with the start order reversed clients run before those who serve them`() throws {
    func order(_ faults: [CheckpointerFault]) throws -> [String] {
      try run(faults).events.compactMap {
        if case .threadRestored(_, let thread, _, _) = $0.event { thread } else { nil }
      }
    }
    let (clean, faulty) = try (order([]), order([.startOrderReversed]))
    #expect(clean.last == "sheep")
    #expect(faulty == clean.reversed())
  }

  /// Each thread has the UTCB and the slots of another one; what it says goes out of the wrong page.
  @Test func `with the order of creation reversed a restored component does not go on`() throws {
    #expect(try !continues(run([.startOrderReversed])))
  }

  @Test func `with the copy direction exchanged the checkpoint is lost and so is every later restore`() throws {
    let twice =
      [Self.checkpoint] + Self.restore + [
        TimedCommand(atMicroseconds: 80_000, .kill(target: "sheep")),
        TimedCommand(atMicroseconds: 82_000, .restore(checkpoint: "c1")),
      ]
    let (clean, faulty) = try (run([], Components.sheep, twice), run([.wrongCopyDirection], Components.sheep, twice))
    #expect(try continues(clean))
    #expect(try parts(faulty).restored.isEmpty)
    #expect(faulty.events.count { if case .restoreFinished = $0.event { true } else { false } } == 2)
  }

  /// Stacks and data fit into a first designated dataspace, the wool needs two.
  @Test func `with only the first designated dataspace copied the rest of a dataspace is lost`() throws {
    let commands = [Self.checkpoint, Self.again] + Self.restore
    func wool(_ faults: [CheckpointerFault]) throws -> Int {
      let run = try run(faults, Components.large, commands, milliseconds: 130) {
        $0.strategy = .incremental
        $0.granularity = 32
      }
      #expect(try continues(run))
      let image = try #require(run.images["c1"])
      let wool = try #require(image.dataspaces.first { $0.size == 256 << 10 })
      return wool.contents.count { $0 == 255 }
    }
    #expect(try wool([]) == 256 << 10)
    #expect(try wool([.firstDesignatedOnly]) == 128 << 10)
  }

  /// What was written after the first checkpoint is in no other one.
  @Test func `with unmaps lost writes since the last checkpoint go unnoticed`() throws {
    let commands = [Self.checkpoint, Self.again] + Self.restore
    func incremental(_ faults: [CheckpointerFault]) throws -> CheckpointedRun {
      try run(faults, Components.sheep, commands, milliseconds: 130) { $0.strategy = .incremental }
    }
    let (clean, faulty) = try (incremental([]), incremental([.unmapLost]))
    #expect(try continues(clean))
    #expect(clean.events.contains { if case .partTouched = $0.event { true } else { false } })
    let taken = try #require(faulty.at { if case .checkpointStarted = $0 { true } else { false } }.first)
    let old = faulty.logged.filter { $0.at < taken }.count
    #expect(try parts(faulty).restored.first == old + 1)
    #expect(try parts(faulty).before.count > old)
  }

  /// Every defect can be named in a scenario, and none hides in another one's name.
  @Test func `the names of the defects differ`() {
    #expect(Set(CheckpointerFault.allCases.map(\.rawValue)).count == CheckpointerFault.allCases.count)
  }
}
