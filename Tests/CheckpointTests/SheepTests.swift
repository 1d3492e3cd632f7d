import CheckpointRestore
import FiascoKernel
import Testing

@Suite struct SheepTests {
  private func show(_ run: CheckpointedRun) {
    print(run.lines)
    for event in run.events {
      switch event.event { case .capabilityRecorded, .capabilityRestored, .dataspaceCopied, .phaseStarted: break
      default: print(event.at.microseconds, event.event) }
    }
    for line in run.warnings where !line.contains("unexpected call") { print(line) }
    print(run.constructs)
  }
  @Test(arguments: ResumptionPolicy.allCases, ["retry", "wait"])
  func `debug`(_ policy: ResumptionPolicy, _ onError: String) throws {
    print("=====", policy, onError)
    show(try runCheckpointed(Components.sum(onError: onError), commands: [
      TimedCommand(atMicroseconds: 230_000, .checkpoint(target: "server", as: "c1")),
      TimedCommand(atMicroseconds: 300_000, .kill(target: "server")),
      TimedCommand(atMicroseconds: 320_000, .restore(checkpoint: "c1", policy: policy)),
    ], milliseconds: 600) { $0.continuePolicy = .reissueReceiveHalf })
  }
}
