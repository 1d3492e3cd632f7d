import CheckpointRestore
import FiascoKernel
import Testing

@Suite struct SheepTests {
  @Test func `debug`() throws {
    let run = try runCheckpointed(Components.sheep, commands: [
      TimedCommand(atMicroseconds: 350_000, .checkpoint(target: "sheep", as: "c1")),
      TimedCommand(atMicroseconds: 520_000, .kill(target: "sheep")),
      TimedCommand(atMicroseconds: 530_000, .restore(checkpoint: "c1")),
    ], milliseconds: 1000)
    for line in run.lines { print(line) }
    for event in run.events { print(event.at.microseconds, event.event) }
    for line in run.warnings { print(line) }
    print(run.constructs)
  }
}
