import CheckpointRestore

extension CheckpointBench {
  /// One large checkpoint, what each thing more of it costs, and what standing between a component and core costs.
  static func rows(_ figure: String) -> [Row] {
    let large = Size(components: 8, threads: 122, contexts: 860, mebibytes: 128)
    let whole = run(large, .linkedLists)
    var rows = [
      Row(
        figure: "\(figure), 1,000 threads, 10,000 caps, 1 GiB", floor: "1 s", unit: .time,
        measured: whole.images == large.components ? whole.nanoseconds : nil, note: told(whole.totals))
    ]
    rows += [
      slope("\(figure), each thread", "thread", (20...120).halves.map { Size(threads: $0) }, 50),
      slope(
        "\(figure), each capability", "signal context",
        (200...2_200).halves.map { Size(threads: 1, contexts: $0) }, 1_000),
      slope("\(figure), each dataspace", "dataspace", (200...1_200).halves.map { Size(dataspaces: $0) }, 500),
      slope("\(figure), each page", "page", (16...112).halves.map { Size(mebibytes: $0) }, 48 << 8),
    ]
    let (direct, interposed) = (logLine(isInterposed: false), logLine(isInterposed: true))
    if let direct, let interposed {
      rows.append(
        Row(
          figure: "\(figure), a LOG call through the interposer", unit: .time, measured: interposed,
          note: "simulated; \(decimal(interposed / direct, 2)) x the direct call"))
    }
    return rows
  }

  private static func told(_ totals: CheckpointTotals) -> String {
    "\(totals.threads) thr, \(totals.capabilities) cap, \(totals.pages) pages, \(totals.nodes) nodes"
  }

  /// What one more costs, between the smallest and the largest of three sizes; beside it the bend: how much more it
  /// costs in the upper half than in the lower one.
  private static func slope(_ figure: String, _ what: String, _ sizes: [Size], _ more: Int) -> Row {
    let times = sizes.compactMap(best)
    guard times.count == 3 else { return Row(figure: figure, unit: .time, measured: nil) }
    let (lower, upper) = (times[1] - times[0], times[2] - times[1])
    return Row(
      figure: figure, unit: .time, measured: (lower + upper) / Double(2 * more),
      note: "more, per \(what); bend \(decimal(upper / lower, 2))")
  }

  private static func best(_ size: Size) -> Double? {
    let outcomes = (0..<3).map { _ in run(size) }
    return outcomes.allSatisfy { $0.images == size.components } ? outcomes.map(\.nanoseconds).min() : nil
  }
}

extension ClosedRange<Int> {
  /// Both ends and what lies between them.
  fileprivate var halves: [Int] { [lowerBound, (lowerBound + upperBound) / 2, upperBound] }
}
