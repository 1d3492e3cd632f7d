import CheckpointRestore
import FiascoKernel
import Testing

/// Checkpoint, kill and restore of a component in machine code, on both kernels.
@Suite struct SheepTests {
  static let checkpoint = TimedCommand(atMicroseconds: 25_000, .checkpoint(target: "sheep", as: "c1"))
  static let kill = TimedCommand(atMicroseconds: 45_000, .kill(target: "sheep"))

  private func sheep(_ numbers: ClosedRange<Int>) -> [String] { numbers.map { "\($0) sheep" } }

  private func restoring(_ mode: ChildMode) -> TimedCommand {
    TimedCommand(atMicroseconds: 47_000, .restore(checkpoint: "c1", mode: mode))
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `the count goes on where the checkpoint was taken`(_ profile: KernelProfile.Name) throws {
    let run = try runCheckpointed(
      Components.sheep, commands: [Self.checkpoint, Self.kill, restoring(.withoutELF)], milliseconds: 80,
      profile: profile)
    let taken = try #require(run.at { if case .checkpointStarted = $0 { true } else { false } }.first)
    let back = try #require(run.at { if case .restoreFinished = $0 { true } else { false } }.first)
    let before = run.logged.prefix { $0.at < taken }.count
    let after = run.logged.filter { $0.at > back }.map(\.text)
    #expect(Array(run.lines.prefix(before)) == sheep(1...before))
    #expect(after.count > 2)
    #expect(after == sheep(before + 1...before + after.count))
    #expect(run.constructs == 1)
    #expect(!run.events.contains { if case .refused = $0.event { true } else { false } })
  }

  @Test func `one checkpoint can be restored again and again`() throws {
    let again = [
      TimedCommand(atMicroseconds: 70_000, .kill(target: "sheep")),
      TimedCommand(atMicroseconds: 72_000, .restore(checkpoint: "c1")),
    ]
    let run = try runCheckpointed(
      Components.sheep, commands: [Self.checkpoint, Self.kill, restoring(.withoutELF)] + again, milliseconds: 100)
    let counts = run.lines.compactMap { Int($0.prefix { $0.isNumber }) }
    let falls = zip(counts, counts.dropFirst()).filter { $1 <= $0 }.map(\.1)
    #expect(falls.count == 2)
    #expect(falls.first == falls.last)
    let image = try #require(run.images["c1"])
    #expect(image.inconsistency == nil)
  }

  @Test func `a checkpoint under the same name replaces the old one and its memory`() throws {
    let commands = (1...8).map {
      TimedCommand(atMicroseconds: 10_000 + UInt64($0) * 7_000, .checkpoint(target: "sheep", as: "c1"))
    }
    // What is left of this quota holds four copies of 370 KB.
    let run = try runCheckpointed(Components.sheep, commands: commands, milliseconds: 80, quota: 6 << 20)
    #expect(run.events.count { if case .imageWritten = $0.event { true } else { false } } == 8)
    #expect(run.images.count == 1)
  }

  @Test func `copies that do not fit are refused before anybody stands still`() throws {
    let commands = (1...6).map {
      TimedCommand(atMicroseconds: 10_000 + UInt64($0) * 7_000, .checkpoint(target: "sheep", as: "c\($0)"))
    }
    let run = try runCheckpointed(Components.sheep, commands: commands, milliseconds: 70, quota: 6 << 20)
    let refused = run.events.count {
      if case .refused(.notEnoughRAM(let needed, let available)) = $0.event { needed >= available } else { false }
    }
    #expect(refused > 0)
    #expect(run.images.count == 6 - refused)
    #expect(run.events.count { if case .checkpointStarted = $0.event { true } else { false } } == 6 - refused)
  }

  @Test func `the image holds what the component had`() throws {
    let run = try runCheckpointed(Components.sheep, commands: [Self.checkpoint], milliseconds: 40)
    let image = try #require(run.images["c1"])
    #expect(image.inconsistency == nil)
    #expect(image.threads.map(\.name) == ["sheep", "ep", "signal handler"])
    #expect(image.threads.map(\.situation) == [.callReceivePhase, .closedReceive, .closedReceive])
    #expect(image.threads.allSatisfy { $0.registersValid && $0.utcb.count == ThreadImage.utcbWordCount })
    #expect(image.threads.map { $0.utcb[63] } == image.threads.map(\.utcbAddress))
    #expect(image.sessions.map(\.service) == ["PD", "RAM", "CPU", "LOG", "Timer"])
    #expect(image.regionMaps.map(\.name) == ["address space", "stack area", "linker area"])
    #expect(!image.capabilities.contains { $0.kind == "unknown" })
    #expect(image.signals.threadIndex == 2)
    #expect(image.timers.count == 1)
    #expect(image.timers[0].remainingPicoseconds ?? 0 > 0)
    let place = try #require(image.capabilityMapPlace)
    #expect(image.dataspaces[place.dataspace].provenance == .captured)
  }

  @Test func `phases begin and end in order, and freeze is a part of frozen`() throws {
    let run = try runCheckpointed(Components.sheep, commands: [Self.checkpoint], milliseconds: 40)
    func began(_ phase: CheckpointPhase) throws -> UInt64 {
      try #require(run.at { if case .phaseStarted(phase, of: "c1") = $0 { true } else { false } }.first).picoseconds
    }
    func ended(_ phase: CheckpointPhase) throws -> UInt64 {
      try #require(run.at { if case .phaseEnded(phase, of: "c1", _) = $0 { true } else { false } }.first).picoseconds
    }
    let instants = try [
      began(.freeze), ended(.freeze), ended(.metadata), began(.dump), ended(.dump), ended(.frozen), began(.write),
      ended(.write),
    ]
    #expect(instants == instants.sorted())
    #expect(try began(.frozen) == began(.freeze))
    #expect(try ended(.freeze) > began(.freeze))
    #expect(try ended(.write) > began(.write))
  }

  /// Restore into a child that has been loaded and runs: `construct` begins a second time, registers cannot be set.
  @Test func `bootstrap and overwrite runs construct again and ignores state and start`() throws {
    let run = try runCheckpointed(
      Components.sheep, commands: [Self.checkpoint, Self.kill, restoring(.bootstrap)], milliseconds: 70)
    #expect(run.constructs == 2)
    #expect(run.events.count { if case .threadStateIgnored = $0.event { true } else { false } } == 3)
    #expect(run.warnings.count { $0.contains("l4_thread_control_commit") } == 3)
    // The stack under the waiting thread was replaced: it returns to nowhere.
    #expect(run.warnings.contains { $0.contains("pf_ip=0x0") })
  }

  @Test func `with source and target exchanged the count begins again, and the checkpoint is destroyed`() throws {
    let run = try runCheckpointed(
      Components.sheep,
      commands: [Self.checkpoint, Self.kill, restoring(.bootstrap)], milliseconds: 80
    ) { $0.bootstrapCopy = .intoCheckpoint }
    #expect(run.constructs == 2)
    #expect(run.lines.count { $0 == "1 sheep" } == 2)
    #expect(run.lines.count { $0 == "2 sheep" } == 2)
  }

  @Test func `an image made elsewhere is restored from its bytes alone`() throws {
    let image = try #require(
      try runCheckpointed(Components.sheep, commands: [Self.checkpoint], milliseconds: 40).images["c1"])
    let run = try runCheckpointed(
      Components.sheep,
      commands: [
        TimedCommand(atMicroseconds: 5_000, .kill(target: "sheep")),
        TimedCommand(atMicroseconds: 6_000, .restore(checkpoint: "given")),
      ], milliseconds: 40
    ) { $0.images = [.init(name: "given", image: image)] }
    let back = try #require(run.at { if case .restoreFinished = $0 { true } else { false } }.first)
    let after = run.logged.filter { $0.at > back }.map(\.text)
    #expect(after.first == "4 sheep")
    #expect(after.count > 1)
  }

  /// The stop without cancel knows no registers of blocked threads: what is restored from it is no component.
  @Test func `a stop without cancel captures no blocked thread`() throws {
    let run = try runCheckpointed(
      Components.sheep, commands: [Self.checkpoint, Self.kill, restoring(.withoutELF)], milliseconds: 70
    ) { $0.freeze = .trigger }
    let image = try #require(run.images["c1"])
    #expect(image.threads.allSatisfy { !$0.registersValid && $0.situation == .unknown && $0.utcb.isEmpty })
    let taken = try #require(run.at { if case .checkpointStarted = $0 { true } else { false } }.first)
    let killed = try #require(run.at { if case .targetKilled = $0 { true } else { false } }.first)
    #expect(run.logged.contains { $0.at > taken && $0.at < killed })
    #expect(!run.logged.contains { $0.at > killed })
  }

  @Test(arguments: [25_030, 25_500, 26_000, 47_100])
  func `a fork in the middle of the work changes nothing`(_ instant: Int64) throws {
    let commands = [Self.checkpoint, Self.kill, restoring(.withoutELF)]
    let straight = try runCheckpointed(Components.sheep, commands: commands, milliseconds: 60)
    let forked = try runCheckpointed(
      Components.sheep, commands: commands, milliseconds: 60, forkingAtMicroseconds: instant)
    #expect(straight.events.map(\.at) == forked.events.map(\.at))
    #expect(straight.events.map(\.event) == forked.events.map(\.event))
    #expect(straight.logged.map(\.at) == forked.logged.map(\.at))
  }

  @Test func `what cannot be done is refused with a reason`() throws {
    let run = try runCheckpointed(
      Components.sheep,
      commands: [
        TimedCommand(atMicroseconds: 5_000, .checkpoint(target: "wolf", as: "c0")),
        TimedCommand(atMicroseconds: 6_000, .restore(checkpoint: "c9")), Self.kill,
        TimedCommand(atMicroseconds: 50_000, .kill(target: "sheep")),
        TimedCommand(atMicroseconds: 51_000, .checkpoint(target: "sheep", as: "c2")),
      ], milliseconds: 60)
    let reasons = run.events.compactMap { if case .refused(let reason) = $0.event { reason } else { nil } }
    #expect(
      reasons == [
        .unknownTarget("wolf"), .unknownCheckpoint("c9"), .targetNotRunning("sheep"), .targetNotRunning("sheep"),
      ])
    #expect(run.images.isEmpty)
  }
}
