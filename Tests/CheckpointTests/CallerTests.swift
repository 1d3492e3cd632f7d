import CheckpointRestore
import FiascoABI
import Testing

/// Who waits for whom inside a component, and the signals that are on their way: made again by the restore.
@Suite struct CallerTests {
  /// Construct ends only after the checkpoint: the main thread waits for the answer of "ep" all the time.
  private static let late = """
    [ { "name": "late", "variables": { "n": 0 },
        "construct": [
          { "repeat": [ { "set": "n", "to": "n + 1" }, { "log": "step {n}" }, { "sleep": "10ms" } ], "times": 5 } ] } ]
    """

  private func run(_ policy: ResumptionPolicy) throws -> CheckpointedRun {
    try runCheckpointed(
      Self.late,
      commands: [
        TimedCommand(atMicroseconds: 25_000, .checkpoint(target: "late", as: "c1")),
        TimedCommand(atMicroseconds: 27_000, .kill(target: "late")),
        TimedCommand(atMicroseconds: 29_000, .restore(checkpoint: "c1", policy: policy)),
      ], milliseconds: 75)
  }

  @Test func `a component that is checkpointed in construct has its answer to the main thread again`() throws {
    let run = try run(.recreateCaller)
    let image = try #require(run.images["c1"])
    #expect(image.callerRelations == [CallerRelation(caller: 0, holder: 1)])
    #expect(run.events.contains { if case .callerRecreated(_, "late", "ep") = $0.event { true } else { false } })
    #expect(run.lines == (1...5).map { "step \($0)" })
    #expect(run.constructs == 1)
  }

  @Test func `without it the answer finds nobody, and construct is called again`() throws {
    let run = try run(.reissueReceiveHalf)
    #expect(run.lines.count { $0 == "step 5" } == 1)
    #expect(!run.events.contains { if case .callerRecreated = $0.event { true } else { false } })
  }

  @Test func `the image tells who cannot go on exactly`() throws {
    let image = try #require(try run(.recreateCaller).images["c1"])
    #expect(image.inexactThread == nil)
    var alone = image
    alone.rpcObjects = []
    #expect(alone.inexactThread == InexactThread(thread: 0, reason: .requestTaken))
  }

  /// A thread that keeps the processor busy: signals arrive at core, and nobody fetches them before the checkpoint.
  private static let busy = """
    [ { "name": "busy", "variables": { "n": 0 },
        "threads": [ { "name": "waiter", "body": [ { "sleep": "12ms" }, { "log": "woken" } ] } ],
        "construct": [ { "sleep": "2ms" }, { "repeat": [ { "compute": "10ms" } ], "times": 4 }, { "log": "done" } ] } ]
    """

  @Test func `signals that core had not delivered arrive after the restore`() throws {
    var found = false
    for instant in stride(from: 14_000 as UInt64, to: 26_000, by: 1_500) {
      let run = try runCheckpointed(
        Self.busy,
        commands: [
          TimedCommand(atMicroseconds: instant, .checkpoint(target: "busy", as: "c1")),
          TimedCommand(atMicroseconds: instant + 1_000, .kill(target: "busy")),
          TimedCommand(atMicroseconds: instant + 2_000, .restore(checkpoint: "c1", policy: .recreateCaller)),
        ], milliseconds: 110)
      let image = try #require(run.images["c1"])
      if image.signalContexts.contains(where: { $0.pendingCount > 0 }) { found = true }
      #expect(run.lines.contains("woken"), "checkpoint at \(instant) us: \(run.lines)")
      #expect(run.lines.contains("done"), "checkpoint at \(instant) us: \(run.lines)")
    }
    #expect(found, "no checkpoint has found a signal on its way")
  }
}
