import Determinism
import Scenarios

extension TextReport {
  /// The entries of the timeline in words, and below them the run as one line.
  mutating func timeline() {
    guard !record.marks.isEmpty else { return }
    layout.entry("timeline", record.marks.map { "\($0.at.short) \($0.words)" }.joined(separator: " · "))
    let axis = TimeAxis(record: record, columns: layout.bodyWidth)
    layout.entry("", axis.line)
    if !axis.legend.isEmpty { layout.entry("", axis.legend, mark: .faint) }
    layout.line()
  }

  /// What the components printed, with the timeline between the lines.
  mutating func log() {
    let rows = LogExcerpt(record: record).rows
    guard !rows.isEmpty else { return }
    layout.list("log", rows.map { [$0.time, $0.component, $0.text] })
    layout.line()
  }
}

extension TimelineMark {
  var words: String {
    switch kind {
    case .checkpoint: "checkpoint \(name)"
    case .kill: "\(name) killed"
    case .restore: "restore \(name)"
    case .stop: "stop"
    case .signal: "signal \(name)"
    case .interrupt: "interrupt \(name)"
    case .start: "\(name) started"
    case .pause: "\(name) paused"
    case .resume: "\(name) resumed"
    case .detach: "memory of \(name) detached"
    }
  }
}

/// A run drawn on one line: marks of the timeline, frozen and absent stretches, missed deadlines.
struct TimeAxis {
  private(set) var line: String
  private(set) var legend = ""

  init(record: RunRecord, columns: Int) {
    let width = max(columns - 2, 10)
    var cells = [Character](repeating: "-", count: width)
    let end = max(record.end.picoseconds, 1)
    func column(_ instant: Instant) -> Int {
      // In two steps: picoseconds times columns may not fit into 64 bits.
      let product = min(instant.picoseconds, end).multipliedFullWidth(by: UInt64(width - 1))
      return Int(end.dividingFullWidth(product).quotient)
    }
    var used: [(Character, String)] = []
    func note(_ symbol: Character, _ meaning: String) {
      if !used.contains(where: { $0.0 == symbol }) { used.append((symbol, meaning)) }
    }
    for gap in TimeAxis.gaps(in: record) {
      for index in column(gap.from)...column(gap.until) { cells[index] = "." }
      note(".", "component absent")
    }
    for checkpoint in record.checkpoints {
      guard let frozen = checkpoint.phases.first(where: { $0.part == .frozen }) else { continue }
      for index in column(frozen.from)...column(frozen.from + frozen.duration) { cells[index] = "=" }
      note("=", "frozen")
    }
    for stream in record.jobs {
      for miss in stream.misses(end: record.end) {
        cells[column(miss.job.release)] = "!"
        note("!", "deadline missed")
      }
    }
    for mark in record.marks {
      guard let symbol = mark.kind.symbol else { continue }
      cells[column(mark.at)] = symbol
      note(symbol, mark.kind.rawValue)
    }
    line = "|" + String(cells) + "|"
    // A mark may have been drawn over by a later one.
    legend = used.filter { cells.contains($0.0) }.map { "\($0.0) \($0.1)" }.joined(separator: "   ")
  }

  /// Stretches between the end of a component's life and its next one.
  private static func gaps(in record: RunRecord) -> [(from: Instant, until: Instant)] {
    record.components.flatMap { component in
      zip(component.lives, component.lives.dropFirst()).compactMap { life, next in
        life.until.map { ($0, max($0, next.from)) }
      }
    }
  }
}

extension TimelineMark.Kind {
  fileprivate var symbol: Character? {
    switch self {
    case .checkpoint: "C"
    case .kill: "K"
    case .restore: "R"
    case .signal: "S"
    case .interrupt: "I"
    case .start: "B"
    case .pause: "P"
    case .resume: "r"
    case .detach: "D"
    case .stop: nil
    }
  }
}

/// The lines of the log that a reader needs: the first ones, and those around what the timeline did.
struct LogExcerpt {
  struct Row: Hashable {
    var time: String
    var component: String
    var text: String
  }
  /// Lines kept at the start and on each side of a mark.
  private static let around = 2
  private static let most = 24

  private(set) var rows: [Row] = []

  init(record: RunRecord) {
    let log = record.log
    guard !log.isEmpty else { return }
    let marks = record.marks.filter { $0.kind != .stop }
    // For each mark the number of lines before it; a mark stands before the line of that number.
    let positions = marks.map { mark in log.firstIndex { $0.at > mark.at } ?? log.count }
    func isShown(_ index: Int) -> Bool {
      if log.count <= LogExcerpt.most { return true }
      if index < LogExcerpt.around || index >= log.count - LogExcerpt.around { return true }
      return positions.contains { index >= $0 - LogExcerpt.around && index < $0 + LogExcerpt.around }
    }
    var hidden = 0
    for index in 0...log.count {
      for (mark, position) in zip(marks, positions) where position == index {
        closeGap(&hidden)
        rows.append(Row(time: mark.at.short, component: "", text: "-- \(mark.words) --"))
      }
      guard index < log.count else { break }
      if !isShown(index) {
        hidden += 1
        continue
      }
      closeGap(&hidden)
      rows.append(Row(time: log[index].at.short, component: log[index].component, text: log[index].text))
    }
    closeGap(&hidden)
  }

  private mutating func closeGap(_ hidden: inout Int) {
    if hidden > 0 { rows.append(Row(time: "", component: "", text: "... \(counted(hidden, "more line"))")) }
    hidden = 0
  }
}
