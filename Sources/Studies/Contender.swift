import Scenarios

/// A way of checkpointing that takes part in a comparison.
public struct Contender: Hashable, Sendable {
  public let name: String
  public let strategy: CheckpointStrategy

  /// In the order of the table: what everybody knows first, what needs a changed system last.
  public static let all: [Contender] = CheckpointStrategy.allCases.map {
    Contender(name: $0.rawValue, strategy: $0)
  }

  public static func named(_ name: String) -> Contender? { all.first { $0.name == name } }

  /// The scenario as this contender plays it.
  func scenario(_ scenario: Scenario) -> Scenario {
    var changed = scenario
    changed.checkpointer?.strategy = strategy
    return changed
  }
}

/// Why a scenario cannot be compared at all.
public enum ComparisonError: Error, Hashable, Sendable {
  /// There is nobody who could take a checkpoint.
  case noCheckpointer
  /// Nobody orders a checkpoint.
  case noCheckpoint
  /// Not even the plainest way can be played.
  case unplayable(RunError)
}
