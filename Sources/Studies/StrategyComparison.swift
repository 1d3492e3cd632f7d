import Determinism
import Scenarios

/// One scenario, played once for each way of checkpointing: nothing in a row comes from anywhere but its runs.
public struct StrategyComparison: Hashable, Sendable {
  public struct Row: Hashable, Sendable {
    public var contender: Contender
    public var outcome: Outcome
  }

  public enum Outcome: Hashable, Sendable {
    case played(StrategyFigures)
    /// The checkpointer or the simulator refused, and why.
    case refused(String)
  }

  public var scenario: ScenarioHeading
  public var machine: MachineHeading
  /// Simulated time of each run.
  public var end: Instant
  /// In the order in which the contenders were named.
  public var rows: [Row]

  /// Plays all contenders, several at a time; the result does not depend on how many.
  public static func play(_ scenario: Scenario, _ contenders: [Contender]) async throws(ComparisonError) -> Self {
    guard scenario.checkpointer != nil else { throw .noCheckpointer }
    guard scenario.timeline.contains(where: \.action.isCheckpoint) else { throw .noCheckpoint }
    let reference = try reference(of: scenario)
    // Compiled here, because programs may nest deeper than the stack of a task's thread allows.
    let matches = contenders.map { StrategyMatch($0, scenario) }
    var outcomes = [Outcome?](repeating: nil, count: matches.count)
    await withTaskGroup(of: (index: Int, outcome: Outcome).self) { group in
      for (index, match) in matches.enumerated() {
        group.addTask { (index, match.play(reference: reference)) }
      }
      for await result in group { outcomes[result.index] = result.outcome }
    }
    let rows = zip(contenders, outcomes).compactMap { contender, outcome in
      outcome.map { Row(contender: contender, outcome: $0) }
    }
    return Self(scenario: reference.scenario, machine: reference.machine, end: reference.end, rows: rows)
  }

  /// The run without checkpoints, of the plainest way: what every other one adds is its price.
  private static func reference(of scenario: Scenario) throws(ComparisonError) -> RunRecord {
    var plain = scenario.withoutRestores
    plain.checkpointer?.strategy = .stopAndCopy
    do { return try ScenarioRun(plain).playUndisturbed() } catch { throw .unplayable(error) }
  }
}
