import Determinism
import Scenarios
import Studies

/// The table of a comparison, what each way loses, and which one to take.
public enum ComparisonReport {
  public static func text(of comparison: StrategyComparison, style: TextStyle = TextStyle()) -> String {
    var layout = TextLayout(style: style)
    for part in layout.wrap(comparison.scenario.title, width: style.width) { layout.line(style.marked(part, .bold)) }
    let span = comparison.end - Instant.zero
    layout.line(
      "  platform \(comparison.machine.platform.platform) · kernel \(comparison.machine.kernel.rawValue)"
        + " · \(span.short) simulated for each strategy")
    layout.line()
    let played = comparison.played
    if !played.isEmpty {
      layout.wideTable(rows(of: played))
      layout.line()
      for part in layout.wrap(legend, width: style.width - 2) { layout.line("  " + style.marked(part, .faint)) }
      layout.line()
      for (index, row) in played.filter({ !$0.figures.losses.isEmpty }).enumerated() {
        layout.entry(index == 0 ? "lost" : "", "\(row.name): \(row.figures.losses.joined(separator: "; "))", hanging: 2)
      }
    }
    for (index, row) in comparison.refused.enumerated() {
      layout.entry(index == 0 ? "not played" : "", "\(row.name): \(row.reason)", hanging: 2)
    }
    for (index, line) in ComparisonAdvice(comparison).sentences.enumerated() {
      layout.entry(index == 0 ? "advice" : "", line, hanging: 2)
    }
    return layout.text
  }

  private static let legend =
    "* best of its column. state: threads whose state was known. pause: longest stand-still. total: longest time from "
    + "the order to a complete image. running: processor time of core and the checkpointer while the component runs, "
    + "beyond what they take anyway. faults: accesses that waited for the checkpointer. written: bytes of all images. "
    + "memory: held for copies at most. misses: deadlines. restore: from the order to the last started thread. "
    + "verdict: the restored component compared with a run that nothing disturbed."

  private static func rows(of played: [(name: String, figures: StrategyFigures)]) -> [[String]] {
    let best = BestFigures(played.map(\.figures))
    let heads = [
      "strategy", "state", "pause", "total", "running", "faults", "written", "memory", "misses", "restore", "verdict",
    ]
    return [heads]
      + played.map { row in
        let figures = row.figures
        return [
          row.name, best.mark(\.unknown, figures, "\(figures.knownThreads)/\(figures.threads)"),
          best.mark(\.pause, figures, figures.pause.short), best.mark(\.total, figures, figures.total.short),
          best.mark(\.overhead, figures, percent(figures.overhead)),
          best.mark(\.faults, figures, grouped(UInt64(figures.faults))),
          best.mark(\.written, figures, size(figures.written)), best.mark(\.held, figures, size(figures.held)),
          figures.jobs == 0 ? "no jobs" : best.mark(\.misses, figures, "\(figures.misses)"),
          figures.restore.map { best.mark(\.restoreOrNever, figures, $0.short) } ?? "-",
          figures.verdict?.rawValue ?? "-",
        ]
      }
  }

  /// Of millionths: two decimals, rounded down.
  static func percent(_ millionths: Int64) -> String {
    let hundredths = millionths / 100
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) %"
  }
}

extension StrategyComparison {
  public var played: [(name: String, figures: StrategyFigures)] {
    rows.compactMap { row in
      if case .played(let figures) = row.outcome { (row.contender.name, figures) } else { nil }
    }
  }

  public var refused: [(name: String, reason: String)] {
    rows.compactMap { row in
      if case .refused(let reason) = row.outcome { (row.contender.name, reason) } else { nil }
    }
  }
}

extension StrategyFigures {
  var unknown: Int { threads - knownThreads }
  var restoreOrNever: TimeSpan { restore ?? .picoseconds(.max) }
}

/// Which figures are the best of their column; one that everybody has is no merit.
struct BestFigures {
  private let all: [StrategyFigures]

  init(_ all: [StrategyFigures]) { self.all = all }

  func isBest<Value: Comparable>(_ column: KeyPath<StrategyFigures, Value>, _ figures: StrategyFigures) -> Bool {
    let values = all.map { $0[keyPath: column] }
    guard let least = values.min(), let most = values.max(), least < most else { return false }
    return figures[keyPath: column] == least
  }

  func mark<Value: Comparable>(
    _ column: KeyPath<StrategyFigures, Value>, _ figures: StrategyFigures, _ text: String
  ) -> String {
    // The same width with and without the mark keeps figures below each other.
    text + (isBest(column, figures) ? "*" : " ")
  }
}
