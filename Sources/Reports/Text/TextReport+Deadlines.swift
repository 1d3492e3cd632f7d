import Determinism
import Scenarios

extension TextReport {
  /// Response times of all job streams as a table, and the first miss of each.
  mutating func deadlines() {
    let streams = record.jobs.filter { !$0.jobs.isEmpty }
    guard !streams.isEmpty else { return }
    var rows = [["job", "released", "done", "missed", "min", "average", "p95", "p99", "max", "deadline"]]
    for stream in streams {
      let responses = stream.responses
      let figures = [responses?.minimum, responses?.average, responses?.p95, responses?.p99, responses?.maximum]
      rows.append(
        [
          stream.fullName, grouped(UInt64(stream.jobs.count)),
          grouped(UInt64(stream.jobs.filter { $0.completion != nil }.count)),
          grouped(UInt64(stream.misses(end: record.end).count)),
        ] + figures.map { $0?.short ?? "-" } + [stream.deadline.short])
    }
    if layout.fits(rows) {
      layout.table("deadlines", rows)
    } else {
      for (index, row) in rows.dropFirst().enumerated() {
        let facts = zip(rows[0], row).dropFirst().map { "\($0) \($1)" }
        layout.entry(index == 0 ? "deadlines" : "", "\(row[0]): \(facts.joined(separator: ", "))", hanging: 2)
      }
    }
    for stream in streams { firstMiss(of: stream) }
    layout.line()
  }

  private mutating func firstMiss(of stream: JobStreamRecord) {
    guard let miss = stream.misses(end: record.end).first else { return }
    let due = miss.job.release + stream.deadline
    var text = "\(stream.fullName): first miss is job \(miss.number + 1), released at \(miss.job.release.short), "
    switch miss.verdict {
    case .late(let by): text += "completed \(by.short) after its deadline at \(due.short)"
    case .unfinished, .met, .open: text += "not completed by its deadline at \(due.short), nor until the end"
    }
    if let cause = interruption(from: miss.job.release, until: due) { text += "; \(cause)" }
    layout.entry("", text, hanging: 2, mark: .bad)
  }

  /// What of the checkpointing fell between a release and its deadline; observed, not inferred from the miss.
  private func interruption(from release: Instant, until due: Instant) -> String? {
    for checkpoint in record.checkpoints {
      for span in checkpoint.phases where span.part == .frozen {
        guard span.from < due, span.from + span.duration > release else { continue }
        return
          "checkpoint \(checkpoint.name) froze \(checkpoint.component) from \(span.from.short) for \(span.duration.short)"
      }
    }
    return nil
  }
}
