import Scenarios

/// The answer to the question of the field as a table: situation, policy, ours, the real kernel's.
public enum BlockedReport {
  public static func heading(style: TextStyle = TextStyle()) -> String {
    var layout = TextLayout(style: style)
    layout.line()
    layout.line(style.marked("Ours and the real kernel's, from running them now", .bold))
    return layout.text
  }

  /// The second table: the same question to another kernel on another processor.
  public static func headingOf2019(style: TextStyle = TextStyle()) -> String {
    var layout = TextLayout(style: style)
    layout.line()
    layout.line(style.marked("The kernel of 2019, as seen on amd64, and ours of that profile", .bold))
    return layout.text
  }

  /// What was seen there and cannot be played here.
  public static func notPlayed(style: TextStyle = TextStyle()) -> String {
    var layout = TextLayout(style: style)
    layout.line()
    layout.line("  not played:")
    for entry in BlockedSituation.notPlayed { layout.entry("  \(entry.observation)", entry.reason) }
    return layout.text
  }

  /// One situation with all its policies.
  public static func text(of results: [BlockedResult], style: TextStyle = TextStyle()) -> String {
    guard let situation = results.first?.situation else { return "" }
    var layout = TextLayout(style: style)
    layout.line()
    layout.line("  (\(situation.letter)) \(situation.title): Scenarios/blocked/\(situation.file)")
    layout.table("", [["policy", "ours", "real kernel", "agree", "case"]] + results.map(row), leftColumns: 5)
    return layout.text
  }

  private static func row(_ result: BlockedResult) -> [String] {
    [
      result.policy.rawValue, sentence(result.ours, result.situation),
      result.real.map { sentence($0, result.situation) } ?? "unknown", result.agrees ? "yes" : "NO",
      result.real.map { $0.evidence + ($0.isDerived ? " *" : "") } ?? "",
    ]
  }

  public static func summary(of results: [BlockedResult], style: TextStyle = TextStyle()) -> String {
    var layout = TextLayout(style: style)
    let agreeing = results.count { $0.agrees }
    layout.line()
    layout.line("  \(agreeing) of \(results.count) agree")
    layout.line(
      "  * the program did not try this policy; what it leads to follows from the case that is named")
    return layout.text
  }

  private static func sentence(_ outcome: BlockedOutcome, _ situation: BlockedSituation) -> String {
    let sight: String =
      switch outcome.sight {
      case .error(let code): "error \(code)"
      case .succeeded: "no error"
      case .refused: "refused"
      case .nothing: "runs on"
      }
    return ([sight] + facts(outcome.values, situation)).joined(separator: ", ")
  }

  private static func sentence(_ outcome: RealOutcome, _ situation: BlockedSituation) -> String {
    let sight: String? =
      switch outcome.sight {
      case .error(let code): "error \(code)"
      case .succeeds: "no error"
      case .refused: "no say in it"
      case .any: nil
      }
    return ((sight.map { [$0] } ?? []) + facts(outcome.values, situation)).joined(separator: ", ")
  }

  private static func facts(_ values: [Int64?], _ situation: BlockedSituation) -> [String] {
    zip(situation.facts, values).map { fact, value in
      let number = value.map(String.init) ?? "unreadable"
      return switch fact {
      case .variable(_, let name): "\(name) \(number)"
      case .lines(let component): value == 0 ? "\(component) silent" : "\(component) prints \(number)"
      }
    }
  }
}
