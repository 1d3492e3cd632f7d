/// The exit codes of the command; documented because scripts depend on them.
public enum ExitCode: Int32, Hashable, Sendable, CaseIterable {
  case expectationsMet = 0
  case expectationFailed = 1
  case badInput = 2
  case stuck = 3
  case nondeterminism = 4
  case limitHit = 5
  /// A defect of the simulator.
  case defect = 70
}

extension RunRecord {
  /// Being stuck or hitting a limit is a failure of the run unless the scenario says that it must happen.
  public var exitCode: ExitCode {
    let failed = expectations.contains { !$0.isMet }
    let isExpected = expectations.contains { $0.isMet && $0.outcome == ending.outcome }
    if !isExpected {
      switch ending.outcome {
      case .stuck: return .stuck
      case .limit: return .limitHit
      case .stopped, .finished: break
      }
    }
    return failed ? .expectationFailed : .expectationsMet
  }
}
