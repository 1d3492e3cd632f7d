import CheckpointRestore
import Scenarios

/// A way of checkpointing that takes part in a comparison.
public struct Contender: Hashable, Sendable {
  public let name: String
  public let strategy: CheckpointStrategy
  /// When restored memory gets its contents; nil leaves it to the scenario.
  public let memory: RestoredMemory?

  /// In the order of the table: what everybody knows first, what needs a changed system last.
  public static let all: [Contender] = CheckpointStrategy.allCases.flatMap { strategy in
    let contender = Contender(name: strategy.rawValue, strategy: strategy, memory: nil)
    // Differs from the plainest one in the restore only.
    return strategy == .copyOnWrite ? [contender, postCopy] : [contender]
  }

  private static let postCopy = Contender(name: "post-copy", strategy: .stopAndCopy, memory: .lazy)

  public static func named(_ name: String) -> Contender? { all.first { $0.name == name } }

  /// The scenario as this contender plays it.
  func scenario(_ scenario: Scenario) -> Scenario {
    var changed = scenario
    changed.checkpointer?.strategy = strategy
    if let memory { changed.checkpointer?.memory = memory }
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
