import CheckpointRestore
import Determinism
import Scenarios

/// One scenario of a situation, played under one policy, beside what the real kernel did.
public struct BlockedResult: Hashable, Sendable {
  public var situation: BlockedSituation
  public var policy: BlockedThreadPolicy
  public var ours: BlockedOutcome
  public var real: RealOutcome?

  /// Whether the run shows what the real kernel showed.
  public var agrees: Bool { real.map { $0.sight.includes(ours.sight) && $0.values == ours.values } ?? false }
}

/// What one run showed, read from its record.
public struct BlockedOutcome: Hashable, Sendable {
  public enum Sight: Hashable, Sendable {
    case error(Int)
    case succeeded
    case refused(String)
    /// The thread made no system call that tells anything, or was not restored at all.
    case nothing
  }
  public var sight: Sight
  /// Final values of the situation's facts; nil where the component is gone.
  public var values: [Int64?]
  /// From the restore to the first sight.
  public var after: TimeSpan?
}

/// Plays the situations: nothing in the result comes from anywhere but the runs.
public struct BlockedStudy: Sendable {
  /// With the scenario files.
  public let folder: String

  public init(folder: String = "Scenarios/blocked") { self.folder = folder }

  public enum Failure: Error, CustomStringConvertible {
    case scenario(ScenarioErrors)
    case run(RunError)

    public var description: String {
      switch self {
      case .scenario(let errors): "\(errors)"
      case .run(let error): "\(error)"
      }
    }
  }

  /// One result for each policy; the programs are compiled once.
  public func results(
    of situation: BlockedSituation, under policies: [BlockedThreadPolicy] = BlockedThreadPolicy.allCases
  ) throws(Failure) -> [BlockedResult] {
    let scenario: Scenario
    switch loadScenario(path: "\(folder)/\(situation.file)") {
    case .failure(let errors): throw .scenario(errors)
    case .success(let loaded): scenario = loaded
    }
    let compiled: ScenarioRun
    do { compiled = try ScenarioRun(scenario) } catch { throw .run(error) }
    return policies.map { policy in
      let run = compiled.restoring(policy, patience: Self.patience)
      let record = (situation.isAboutOriginal ? run.continuing(policy) : run).playWithoutReference().record
      return BlockedResult(
        situation: situation, policy: policy, ours: outcome(of: situation, record),
        real: situation.real(under: policy))
    }
  }

  /// Time a quiescing checkpoint may take longer.
  private static let patience = DurationValue(picoseconds: 140_000_000_000, at: .start)

  private func outcome(of situation: BlockedSituation, _ record: RunRecord) -> BlockedOutcome {
    let values = situation.facts.map { value(of: $0, record) }
    if let refusal = refusal(in: record, situation) {
      return BlockedOutcome(sight: .refused(refusal), values: [], after: nil)
    }
    let restore = record.restores.last
    guard let fate = restore?.threads.first(where: { $0.name == situation.victim }) else {
      return BlockedOutcome(sight: errors(of: situation.victim, record), values: values, after: nil)
    }
    let sight: BlockedOutcome.Sight =
      switch fate.sight {
      case .error(let code): .error(code)
      case .message, .waits, .stillSends: .succeeded
      case .runs, .nothing: .nothing
      }
    return BlockedOutcome(sight: sight, values: values, after: restore.map { fate.at - $0.at })
  }

  private func value(of fact: BlockedSituation.Fact, _ record: RunRecord) -> Int64? {
    switch fact {
    case .variable(let component, let name):
      record.variables.first { $0.component == component && $0.name == name }?.value
    case .lines(let component): Int64(record.log.count { $0.component == component })
    }
  }

  private func refusal(in record: RunRecord, _ situation: BlockedSituation) -> String? {
    if let failure = record.restores.last?.failure { return failure }
    guard record.restores.isEmpty, !situation.isAboutOriginal else { return nil }
    return record.checkpoints.compactMap(\.failure).first
  }

  /// A thread that was not restored: what the checkpointer or the kernel told it.
  private func errors(of victim: ThreadName, _ record: RunRecord) -> BlockedOutcome.Sight {
    if let delivered = record.checkpoints.flatMap(\.delivered).first(where: { $0.name == victim }) {
      return .error(delivered.code)
    }
    // The cancel of the checkpoint itself is repaired before the thread runs again.
    let seen = record.threads.first { $0.name == victim }?.errors ?? []
    let cancels = record.checkpoints.flatMap(\.threads).contains { $0.name == victim && $0.situation.wasCutOff } ? 1 : 0
    let own = seen.filter { ![6, 7].contains($0.code) || $0.count > UInt64(cancels) }
    return own.first.map { .error($0.code) } ?? .succeeded
  }
}

extension RealOutcome.Sight {
  func includes(_ sight: BlockedOutcome.Sight) -> Bool {
    switch (self, sight) {
    case (.error(let real), .error(let ours)): real == ours
    case (.succeeds, .succeeded), (.succeeds, .nothing): true
    case (.refused, .refused): true
    case (.any, .refused): false
    case (.any, _): true
    default: false
    }
  }
}
