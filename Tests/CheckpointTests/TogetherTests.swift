import CheckpointRestore
import Determinism
import FiascoABI
import Genode
import Testing

/// Components whose threads wait for each other, checkpointed and restored together or not.
@Suite struct TogetherTests {
  /// The server works 20 ms on each request; the client calls it after 10 ms.
  private static let pair = """
    [ { "name": "server", "variables": { "total": 0, "amount": 0 },
        "construct": [ { "serve": "sum", "into": ["amount"], "on error": "wait", "reply": ["total"],
          "handler": [ { "set": "total", "to": "total + amount" }, { "compute": "20ms" } ] } ] },
      { "name": "client", "variables": { "answer": 0, "error": 0 },
        "construct": [
          { "sleep": "10ms" }, { "call": "sum", "words": [1], "into": ["answer"], "error": "error" },
          { "log": "{answer} error {error}" }, { "sleep": "10s" } ] } ]
    """

  private static func run(
    _ commands: [TimedCommand], milliseconds: Int64 = 160, policy: ResumptionPolicy = .recreateCaller,
    freeze: FreezeKind = .triggerAndCancel, quiescesFirst: Bool = false, quota: UInt64 = 24 << 20
  ) throws -> CheckpointedRun {
    try runCheckpointed(pair, commands: commands, milliseconds: milliseconds, quota: quota) {
      $0.defaultPolicy = policy
      $0.freeze = freeze
      $0.findsOutsideCallers = true
      $0.quiescesFirst = quiescesFirst
    }
  }

  /// The instant at which the client is inside its call and the server works on it.
  private static func busyInstant() throws -> UInt64 {
    let run = try run([])
    let answered = try #require(run.logged.first?.at)
    return UInt64(answered.picoseconds / 1_000_000) - 10_000
  }

  private static func commands(at instant: UInt64, _ names: [String], _ restored: [String]) -> [TimedCommand] {
    [TimedCommand(atMicroseconds: instant, .checkpointTogether(names, as: "c1"))]
      + ["server", "client"].map { TimedCommand(atMicroseconds: instant + 6_000, .kill(target: $0)) }
      + restored.map { TimedCommand(atMicroseconds: instant + 10_000, .restore(checkpoint: $0)) }
  }

  private static func refusals(_ run: CheckpointedRun) -> [RefusalReason] {
    run.events.compactMap { if case .refused(let reason) = $0.event { reason } else { nil } }
  }

  @Test func `server and client restored together find each other, the request is served once`() throws {
    let instant = try Self.busyInstant()
    let run = try Self.run(Self.commands(at: instant, ["server", "client"], ["c1"]))
    #expect(run.lines == ["1 error 0"], "\(run.events)")
    #expect(Self.refusals(run).isEmpty)
    #expect(run.events.contains { $0.event == .callerRecreated(checkpoint: "c1", caller: "client/ep", holder: "ep") })
    let images = [try #require(run.images["c1"]), try #require(run.images["c1.client"])]
    #expect(CallerRelation.all(in: images).contains { $0.holder.image == 0 && $0.caller.image == 1 })
    #expect(images[0].takenAtPicoseconds <= images[1].takenAtPicoseconds)
  }

  @Test func `without the policy the reply finds nobody and the request is served twice`() throws {
    let instant = try Self.busyInstant()
    let run = try Self.run(
      Self.commands(at: instant, ["server", "client"], ["c1"]), policy: .reissueReceiveHalf)
    #expect(run.lines == ["2 error 0"])
  }

  @Test func `any name of the group restores all of it`() throws {
    let instant = try Self.busyInstant()
    let run = try Self.run(Self.commands(at: instant, ["client", "server"], ["c1.server"]))
    #expect(run.lines == ["1 error 0"])
    #expect(run.events.count { if case .restoreFinished = $0.event { true } else { false } } == 2)
  }

  @Test func `everybody stands still from the first stop until the last copy`() throws {
    let instant = try Self.busyInstant()
    let run = try Self.run(Self.commands(at: instant, ["server", "client"], []))
    let frozen = run.at { if case .phaseEnded(.freeze, _, _) = $0 { true } else { false } }
    let dumped = run.at { if case .phaseEnded(.dump, _, _) = $0 { true } else { false } }
    let went = run.at { if case .threadContinued = $0 { true } else { false } }
    let (stopped, copied, first) = (try #require(frozen.last), try #require(dumped.last), try #require(went.first))
    #expect(dumped.count == 2 && stopped < dumped[0] && copied < first)
  }

  @Test(arguments: [ResumptionPolicy.recreateCaller, .refuse])
  func `a server whose caller was not checkpointed with it is refused by the caller's name`(
    _ policy: ResumptionPolicy
  ) throws {
    let instant = try Self.busyInstant()
    let run = try Self.run(Self.commands(at: instant, ["server"], ["c1"]), policy: policy)
    #expect(Self.refusals(run) == [.callerOutside(caller: "client/ep", holder: "ep")])
    #expect(try #require(run.images["c1"]).threads.compactMap(\.outsideCaller) == ["client/ep"])
    #expect(!run.events.contains { if case .restoreStarted = $0.event { true } else { false } })
  }

  @Test func `an idle server has no caller outside`() throws {
    let run = try Self.run([TimedCommand(atMicroseconds: 100_000, .checkpoint(target: "server", as: "c1"))])
    #expect(run.lines == ["1 error 0"])
    #expect(try #require(run.images["c1"]).threads.allSatisfy { $0.outsideCaller == nil })
  }

  @Test func `the originals go on as if nothing had been`() throws {
    let instant = try Self.busyInstant()
    let order = TimedCommand(atMicroseconds: instant, .checkpointTogether(["server", "client"], as: "c1"))
    #expect(try Self.run([order]).lines == ["1 error 0"])
    #expect(try Self.run([order], policy: .reissueReceiveHalf).lines == ["2 error 0"])
    #expect(try Self.run([order], policy: .resumeAtIP).lines == ["0 error 7"])
  }

  @Test func `a group of which one cannot be checkpointed is refused whole`() throws {
    let order = TimedCommand(atMicroseconds: 60_000, .checkpointTogether(["server", "nobody"], as: "c1"))
    let run = try Self.run([order])
    #expect(Self.refusals(run) == [.unknownTarget("nobody")])
    #expect(run.images.isEmpty && run.lines == ["1 error 0"])
  }

  @Test func `orders wait for a checkpoint that waits for a good moment`() throws {
    let instant = try Self.busyInstant()
    let commands = [
      TimedCommand(atMicroseconds: instant, .checkpoint(target: "server", as: "c1")),
      TimedCommand(atMicroseconds: instant + 500, .checkpoint(target: "client", as: "c2")),
      TimedCommand(atMicroseconds: instant + 600, .checkpoint(target: "server", as: "c3")),
    ]
    let run = try Self.run(commands, milliseconds: 400, quiescesFirst: true)
    #expect(run.lines == ["1 error 0"], "\(run.events)")
    let starts = run.events.compactMap { entry -> String? in
      if case .checkpointStarted(let name, _) = entry.event { name } else { nil }
    }
    #expect(starts == ["c1", "c2", "c3"])
    #expect(Set(run.images.keys) == ["c1", "c2", "c3"])
    #expect(Self.refusals(run).isEmpty)
  }

  @Test func `a target that is killed while its checkpoint waits ends the wait`() throws {
    let instant = try Self.busyInstant()
    let commands = [
      TimedCommand(atMicroseconds: instant, .checkpoint(target: "server", as: "c1")),
      TimedCommand(atMicroseconds: instant + 1_000, .kill(target: "server")),
      TimedCommand(atMicroseconds: instant + 1_000, .checkpoint(target: "client", as: "c2")),
    ]
    let run = try Self.run(commands, milliseconds: 400, quiescesFirst: true)
    #expect(Self.refusals(run).contains(.targetNotRunning("server")))
    #expect(run.images["c1"] == nil)
  }
}
