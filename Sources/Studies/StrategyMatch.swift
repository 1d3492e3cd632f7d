import Determinism
import Scenarios

/// The runs of one contender, compiled: one that shows what checkpoints cost, and one that ends with a restore.
struct StrategyMatch: Sendable {
  private let costs: Result<ScenarioRun, RunError>
  private let restore: ScenarioRun?
  private let components: [String]

  init(_ contender: Contender, _ scenario: Scenario) {
    let own = contender.scenario(scenario)
    components = scenario.components.map(\.name.text)
    let plain = own.withoutRestores
    costs = Result { () throws(RunError) in try ScenarioRun(plain) }
    // If the first can be played, so can the second: they differ in orders only.
    restore = own.withRestore.flatMap { try? ScenarioRun($0) }
  }

  func play(reference: RunRecord) -> StrategyComparison.Outcome {
    let run: ScenarioRun
    switch costs {
    case .failure(let error): return .refused(error.reason)
    case .success(let compiled): run = compiled
    }
    let record = run.playWithoutReference().record
    var figures = StrategyFigures(costs: record, reference: reference, components: components)
    if figures.checkpoints == 0 {
      return .refused(record.checkpoints.compactMap(\.failure).first ?? "no checkpoint became complete")
    }
    if let restore { figures.add(restoreOf: restore.play().record) }
    return .played(figures)
  }
}

extension Scenario {
  /// Only checkpoints disturb the components.
  var withoutRestores: Scenario {
    var changed = self
    changed.timeline.removeAll {
      switch $0.action {
      case .kill, .restore: true
      default: false
      }
    }
    changed.expectations = []
    return changed
  }

  /// The scenario itself if it restores something. Otherwise the component of the last checkpoint dies at the end, comes
  /// back, and has as much time as it lost; nil if the run has no end that can be moved.
  var withRestore: Scenario? {
    var changed = self
    changed.expectations = []
    if timeline.contains(where: \.action.isRestore) { return changed }
    let stops = timeline.indices.filter { timeline[$0].action == .stop }
    guard let stop = stops.min(by: { timeline[$0].at.picoseconds < timeline[$1].at.picoseconds }) else { return nil }
    let orders = timeline.compactMap { entry -> (at: Int64, order: CheckpointOrder)? in
      if case .checkpoint(let order) = entry.action { (entry.at.picoseconds, order) } else { nil }
    }
    guard let last = orders.max(by: { $0.at < $1.at }) else { return nil }
    let end = timeline[stop]
    let lost = max(end.at.picoseconds - last.at, Self.shortestLoss)
    func entry(_ action: TimelineEntry.Action, after delay: Int64) -> TimelineEntry {
      let at = DurationValue(picoseconds: end.at.picoseconds + delay, at: end.at.position)
      return TimelineEntry(position: end.position, at: at, action: action)
    }
    changed.timeline.remove(at: stop)
    // The last generation may still be on its way to the store.
    changed.timeline.append(entry(.kill(component: last.order.component), after: lost))
    let restore = RestoreOrder(checkpoint: last.order.name)
    changed.timeline.append(entry(.restore(restore), after: lost + Self.outage))
    changed.timeline.append(entry(.stop, after: 3 * lost + Self.outage))
    return changed
  }

  /// Picoseconds.
  private static let outage: Int64 = 1_000_000_000
  private static let shortestLoss: Int64 = 10_000_000_000
}

extension TimelineEntry.Action {
  var isCheckpoint: Bool { if case .checkpoint = self { true } else { false } }
  var isRestore: Bool { if case .restore = self { true } else { false } }
}
