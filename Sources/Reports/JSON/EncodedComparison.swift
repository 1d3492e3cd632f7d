import Scenarios
import Studies

/// The machine-readable form of a comparison. Times are whole picoseconds, overhead is millionths.
public enum EncodedComparison {
  public static let version: Int64 = 1

  public static func document(of comparison: StrategyComparison) -> String {
    JSONNode.object([
      .init("format", .string("stasis-comparison")), .init("version", .integer(version)),
      .init("scenario", .string(comparison.scenario.file)), .init("title", .string(comparison.scenario.title)),
      .init("platform", .string(comparison.machine.platform.platform)),
      .init("kernel", .string(comparison.machine.kernel.rawValue)), .init("end", EncodedRun.time(comparison.end)),
      .init("strategies", .array(comparison.rows.map { row(of: $0, in: comparison) })),
    ]).document
  }

  private static func row(of row: StrategyComparison.Row, in comparison: StrategyComparison) -> JSONNode {
    let name = JSONNode.Member("strategy", .string(row.contender.name))
    switch row.outcome {
    case .refused(let reason): return .object([name, .init("refused", .string(reason))])
    case .played(let figures):
      let best = BestFigures(comparison.played.map(\.figures))
      return .object([name] + members(of: figures) + [.init("best", .array(columns(of: figures, best)))])
    }
  }

  private static func members(of figures: StrategyFigures) -> [JSONNode.Member] {
    [
      .init("checkpoints", .count(figures.checkpoints)), .init("threads", .count(figures.threads)),
      .init("knownThreads", .count(figures.knownThreads)), .init("pause", EncodedRun.span(figures.pause)),
      .init("total", EncodedRun.span(figures.total)), .init("overheadMillionths", .integer(figures.overhead)),
      .init("faults", .count(figures.faults)), .init("written", .unsigned(figures.written)),
      .init("memory", .unsigned(figures.held)), .init("jobs", .count(figures.jobs)),
      .init("misses", .count(figures.misses)), .init("restore", EncodedRun.span(figures.restore)),
      .init("verdict", .text(figures.verdict?.rawValue)), .init("lost", .array(figures.losses.map(JSONNode.string))),
    ]
  }

  private static func columns(of figures: StrategyFigures, _ best: BestFigures) -> [JSONNode] {
    let columns: [(String, Bool)] = [
      ("state", best.isBest(\.unknown, figures)), ("pause", best.isBest(\.pause, figures)),
      ("total", best.isBest(\.total, figures)), ("running", best.isBest(\.overhead, figures)),
      ("faults", best.isBest(\.faults, figures)), ("written", best.isBest(\.written, figures)),
      ("memory", best.isBest(\.held, figures)), ("misses", best.isBest(\.misses, figures)),
      ("restore", best.isBest(\.restoreOrNever, figures)),
    ]
    return columns.filter(\.1).map { .string($0.0) }
  }
}
