import Determinism
import Scenarios
import Studies

/// Which strategy to take, from the figures alone.
struct ComparisonAdvice {
  let sentences: [String]

  private typealias Row = (name: String, figures: StrategyFigures)

  init(_ comparison: StrategyComparison) {
    let played = comparison.played
    guard !played.isEmpty else {
      sentences = ["no strategy could be played"]
      return
    }
    let exact = played.filter { $0.figures.isFaithful }
    guard let fewest = exact.map(\.figures.misses).min() else {
      sentences = ["none of these brings the component back as it was: see what is lost"]
      return
    }
    // A deadline is a promise, a short pause is a comfort, and what is left is price.
    let punctual = exact.filter { $0.figures.misses == fewest }
    guard let first = punctual.min(by: { $0.figures.pause < $1.figures.pause }) else {
      sentences = []
      return
    }
    var lines = ["take \(first.name): \(Self.reason(first, punctual, fewest))"]
    let cheapest = punctual.min { ($0.figures.overhead, $0.figures.total) < ($1.figures.overhead, $1.figures.total) }
    if let cheapest, cheapest.name != first.name {
      lines.append(
        "if processor time matters more than the pause, \(cheapest.name) takes "
          + "\(ComparisonReport.percent(cheapest.figures.overhead)) while running and pauses for "
          + cheapest.figures.pause.short)
    }
    sentences = lines
  }

  private static func reason(_ row: Row, _ punctual: [Row], _ misses: Int) -> String {
    let deadlines =
      row.figures.jobs == 0
      ? "the component comes back as it was"
      : misses == 0 ? "it misses no deadline" : "nobody misses fewer deadlines (\(misses))"
    let pause =
      punctual.count > 1
      ? ", and of the \(punctual.count) for which that is true it has the shortest pause (\(row.figures.pause.short))"
      : ", which is true of no other one (pause \(row.figures.pause.short))"
    return deadlines + pause
  }
}

extension StrategyFigures {
  /// Nothing is known against the restored component.
  fileprivate var isFaithful: Bool {
    switch verdict {
    case nil, .equivalent, .harmless: true
    default: false
    }
  }
}
