import Scenarios

/// Every figure of a platform with its source and how it is known.
public enum CostReport {
  public static func text(of costs: CostTable, style: TextStyle = TextStyle()) -> String {
    var layout = TextLayout(style: style)
    layout.line(style.marked("Costs of \(costs.platform)", .bold))
    layout.line("  \(costs.about)")
    layout.line("  one cycle is \(grouped(costs.picosecondsPerCycle)) ps; an instruction takes one cycle")
    layout.line()
    let sources = costs.rows.reduce(into: [String]()) { if !$0.contains($1.source) { $0.append($1.source) } }
    var rows = [["work", "status", "once", "each unit", "source"]]
    for row in costs.rows {
      let number = (sources.firstIndex(of: row.source) ?? 0) + 1
      let once = row.unit == .cycles ? "\(grouped(row.base)) cycles" : ""
      let each = row.unit == .cycles ? (row.perUnit > 0 ? "\(grouped(row.perUnit)) cycles" : "") : "\(row.perUnit) ps/B"
      rows.append([row.work, row.status.rawValue, once, each, "[\(number)]"])
    }
    layout.table("", rows, leftColumns: 2)
    layout.line()
    for (index, source) in sources.enumerated() { layout.entry("[\(index + 1)]", source) }
    layout.line()
    let counts = costs.statuses.map { "\($0.count) \($0.status.rawValue)" }.joined(separator: ", ")
    layout.entry("known", "\(counts)")
    return layout.text
  }
}
