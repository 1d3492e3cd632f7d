import CheckpointRestore
import Testing

/// A checkpoint that waits for a good moment, and a restore that brings callers and servers together again.
@Suite struct QuiesceTests {
  private static func events(_ run: CheckpointedRun) -> [String] {
    run.events.map { "\($0.at) \($0.event)" }
  }

  private static let commands = [
    TimedCommand(atMicroseconds: 50_000, .checkpoint(target: "server", as: "c1")),
    TimedCommand(atMicroseconds: 180_000, .kill(target: "server")),
    TimedCommand(atMicroseconds: 184_000, .restore(checkpoint: "c1", policy: .quiesceFirst)),
  ]

  @Test func `an idle server is quiet at once`() throws {
    let run = try runCheckpointed(Components.sum(onError: "retry"), commands: Self.commands, milliseconds: 240) {
      $0.quiescesFirst = true
    }
    let image = try #require(run.images["c1"], "\(Self.events(run))")
    #expect(image.restlessThread == nil)
    let taken = try #require(run.at { if case .checkpointStarted = $0 { true } else { false } }.first)
    #expect(taken.picoseconds < 62_000_000_000)
    let back = try #require(run.at { if case .restoreFinished = $0 { true } else { false } }.first)
    #expect(run.logged.contains { $0.at > back && $0.text.hasSuffix("error 0") })
  }
}
