import CheckpointRestore
import FiascoABI
import FiascoKernel
import Genode
import Testing

/// Every place where a component keeps state, and whether a restore brings it back: the rows follow the table "where
/// each piece of component state lives" of a component on base-foc.
@Suite struct CoverageTests {
  struct Row: CustomTestStringConvertible, Sendable {
    var state: String
    /// Nil if it is restored.
    var lost: String?
    var check: @Sendable (_ before: CheckpointImage, _ after: CheckpointImage) -> Bool
    var testDescription: String { state }

    init(
      _ state: String, lost: String? = nil,
      _ check: @escaping @Sendable (_ before: CheckpointImage, _ after: CheckpointImage) -> Bool = { _, _ in true }
    ) {
      self.state = state
      self.lost = lost
      self.check = check
    }
  }

  /// A thread that waits, one that computes, a dataspace, a lock, signals, sleep: restored, and checkpointed again.
  private static let zoo = """
    [ { "name": "zoo", "ram": "1MiB", "dataspaces": { "flock": { "size": "8KiB" } },
        "variables": { "n": { "in": "flock", "initial": 7 }, "x": 1 },
        "threads": [
          { "name": "idle", "body": [ { "await": "never" } ] },
          { "name": "waiter", "body": [ { "await": "bell" }, { "log": "bell" } ] },
          { "name": "spinner", "priority": 10, "body": [ { "forever": [ { "compute": "1ms" } ] } ] } ],
        "construct": [ { "forever": [ { "set": "n", "to": "n + 1" }, { "sleep": "10ms" } ] } ] } ]
    """

  /// The image as taken, and with what no component of the language asks for: handlers, a periodic timer, signals
  /// that core had not delivered, a hole a killed thread left.
  private static func enriched(_ image: CheckpointImage) -> CheckpointImage {
    var image = image
    let contexts = image.signalContexts.map(\.badge)
    image.regionMaps[0].faultHandlerBadge = contexts[0]
    image.threads[3].exceptionHandlerBadge = contexts[1]
    image.timers[0].periodic = true
    image.timers[0].timeoutPicoseconds = 50_000_000_000
    image.timers[0].remainingPicoseconds = 20_000_000_000
    return image
  }

  private static let checkpoint = TimedCommand(atMicroseconds: 25_000, .checkpoint(target: "zoo", as: "c1"))

  private static let run: Result<(before: CheckpointImage, after: CheckpointImage, run: CheckpointedRun), any Error> =
    Result {
      let first = try runCheckpointed(zoo, commands: [checkpoint], milliseconds: 40)
      let image = enriched(try #require(first.images["c1"]))
      let second = try runCheckpointed(
        zoo,
        commands: [
          TimedCommand(atMicroseconds: 2_000, .kill(target: "zoo")),
          TimedCommand(atMicroseconds: 3_000, .restore(checkpoint: "given")),
          TimedCommand(atMicroseconds: 12_000, .checkpoint(target: "zoo", as: "again")),
        ], milliseconds: 40
      ) { $0.images = [.init(name: "given", image: image)] }
      let events = second.events.map { "\($0.event)" }
      return (image, try #require(second.images["again"], "\(events)"), second)
    }

  private static func context(_ badge: UInt64, _ image: CheckpointImage) -> Int? {
    image.signalContexts.firstIndex { $0.badge == badge }
  }

  static let rows = [
    Row("data, bss, heap, stacks") { before, after in
      before.dataspaces.filter { $0.provenance == .captured }.map(\.size)
        == after.dataspaces.filter { $0.provenance == .captured }.map(\.size)
    },
    Row("text, rodata") { before, after in
      before.dataspaces.count { $0.provenance == .rom } == after.dataspaces.count { $0.provenance == .rom }
    },
    Row("region list") { before, after in
      Set(before.regions.map { [UInt64($0.map), $0.address, $0.size, $0.offset] })
        == Set(after.regions.map { [UInt64($0.map), $0.address, $0.size, $0.offset] })
    },
    Row("region-map fault handlers") { before, after in
      context(before.regionMaps[0].faultHandlerBadge, before) == context(after.regionMaps[0].faultHandlerBadge, after)
    },
    Row("exception handlers") { before, after in
      context(before.threads[3].exceptionHandlerBadge, before)
        == context(after.threads[3].exceptionHandlerBadge, after)
    },
    Row("capability map: slots and what is behind them") { before, after in
      before.capabilities.map(\.slot) == after.capabilities.map(\.slot)
        && before.capabilities.map(\.kind) == after.capabilities.map(\.kind)
    },
    Row("RPC objects' gates") { before, after in
      before.rpcObjects.map(\.threadIndex) == after.rpcObjects.map(\.threadIndex)
    },
    Row("threads: names, places, priorities, processors") { before, after in
      before.threads.map { "\($0.name) \($0.utcbAddress) \($0.priority) \($0.cpu)" }
        == after.threads.map { "\($0.name) \($0.utcbAddress) \($0.priority) \($0.cpu)" }
    },
    Row("user words of the UTCB") { before, after in
      before.threads.map { Array($0.utcb[UTCB.userWords...]) }
        == after.threads.map { Array($0.utcb[UTCB.userWords...]) }
        && before.threads.dropFirst().allSatisfy { $0.utcb[ComponentUTCB.threadObjectWord] != 0 }
    },
    Row("signal source and its interrupt, by the thread that waits") { before, after in
      after.signals.badge != 0 && after.signals.interruptBadge != 0
        && before.signals.threadIndex == after.signals.threadIndex
    },
    Row("signal contexts with their imprints") { before, after in
      before.signalContexts.map(\.imprint) == after.signalContexts.map(\.imprint)
    },
    Row("sessions with their arguments and upgrades") { before, after in
      before.sessions.map { [$0.service, $0.arguments] + $0.upgrades }
        == after.sessions.map { [$0.service, $0.arguments] + $0.upgrades }
    },
    Row("timers: handler, period") { before, after in
      before.timers.map(\.periodic) == after.timers.map(\.periodic)
        && before.timers.map(\.timeoutPicoseconds) == after.timers.map(\.timeoutPicoseconds)
        && before.timers.map { context($0.handlerBadge, before) }
          == after.timers.map { context($0.handlerBadge, after) }
    },
    Row("elapsed time of timer sessions") { before, after in
      zip(before.timers, after.timers).allSatisfy { $0.elapsedMilliseconds <= $1.elapsedMilliseconds }
        && before.timers[0].elapsedMilliseconds > 0
    },
    Row("RAM quota") { before, after in before.ramQuota == after.ramQuota },
    Row("IPC phase: partner, remaining timeout", lost: "known to the kernel alone; the policy decides"),
    Row("reply capability", lost: "made again inside one checkpoint only (policy recreate caller)"),
    Row("scheduling state", lost: "slice and place in the ready queue cannot be read or set"),
    Row("kernel clock", lost: "a machine has its own"),
  ]

  @Test(arguments: rows) func `a piece of state is restored, or known to be lost`(_ row: Row) throws {
    let (before, after, _) = try Self.run.get()
    #expect(row.check(before, after))
  }

  @Test func `the rest of a period is waited for, then whole periods`() throws {
    let (_, after, run) = try Self.run.get()
    let back = try #require(run.at { if case .restoreFinished = $0 { true } else { false } }.first)
    let left = try #require(after.timers[0].remainingPicoseconds)
    let passed = after.takenAtPicoseconds - back.picoseconds
    // 20 ms were left; the clock is read in microseconds, and the restore ends after the timer is set.
    #expect(left + passed <= 20_000_000_000 && left + passed > 19_500_000_000)
  }

  @Test func `a hole that a killed thread left is a hole again`() throws {
    let first = try runCheckpointed(Self.zoo, commands: [Self.checkpoint], milliseconds: 40)
    var image = try #require(first.images["c1"])
    let idle = try #require(image.threads.firstIndex { $0.name == "idle" })
    let places = image.threads.map(\.utcbAddress)
    image.threads.remove(at: idle)
    let run = try runCheckpointed(
      Self.zoo,
      commands: [
        TimedCommand(atMicroseconds: 2_000, .kill(target: "zoo")),
        TimedCommand(atMicroseconds: 3_000, .restore(checkpoint: "given")),
        TimedCommand(atMicroseconds: 12_000, .checkpoint(target: "zoo", as: "again")),
      ], milliseconds: 30
    ) { $0.images = [.init(name: "given", image: image)] }
    let again = try #require(run.images["again"])
    #expect(!again.threads.contains { $0.name == "idle" })
    #expect(again.threads.map(\.utcbAddress) == places.enumerated().filter { $0.offset != idle }.map(\.element))
  }

  @Test func `a child that cannot be paid for is refused before anything is made`() throws {
    let first = try runCheckpointed(Components.sheep, commands: [], milliseconds: 1)
    #expect(first.images.isEmpty)
    let run = try runCheckpointed(
      Components.sheep,
      commands: [
        TimedCommand(atMicroseconds: 25_000, .checkpoint(target: "sheep", as: "c1")),
        TimedCommand(atMicroseconds: 45_000, .restore(checkpoint: "c1", as: "twin")),
      ], milliseconds: 60, quota: 6 << 20)
    #expect(
      run.events.contains { if case .refused(.notEnoughRAM) = $0.event { true } else { false } })
    #expect(run.logged.contains { $0.at.picoseconds > 50_000_000_000 }, "the original must not suffer")
  }
}
