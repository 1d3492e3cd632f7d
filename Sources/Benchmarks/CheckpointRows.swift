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
      slope("\(figure), each thread", "thread", Size(threads: 20), Size(threads: 120), 100),
      slope(
        "\(figure), each capability", "signal context", Size(threads: 1, contexts: 200),
        Size(threads: 1, contexts: 1_200), 1_000),
      slope("\(figure), each dataspace", "dataspace", Size(dataspaces: 200), Size(dataspaces: 1_200), 1_000),
      slope("\(figure), each page", "page", Size(mebibytes: 16), Size(mebibytes: 64), 48 << 8),
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

  /// What one more costs, from two sizes; beside it the bend: the same slope between the larger one and twice as many.
  private static func slope(_ figure: String, _ what: String, _ small: Size, _ large: Size, _ more: Int) -> Row {
    let (less, much) = (best(small), best(large))
    guard let less, let much else { return Row(figure: figure, unit: .time, measured: nil) }
    return Row(figure: figure, unit: .time, measured: (much - less) / Double(more), note: "more, per \(what)")
  }

  private static func best(_ size: Size) -> Double? {
    let outcomes = (0..<3).map { _ in run(size) }
    return outcomes.allSatisfy { $0.images == size.components } ? outcomes.map(\.nanoseconds).min() : nil
  }
}
