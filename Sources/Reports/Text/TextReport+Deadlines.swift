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
          stream.fullName, grouped(UInt64(stream.releasedCount)),
          grouped(UInt64(stream.completedCount)),
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
    for stream in streams { outage(of: stream) }
    layout.line()
  }

  private mutating func firstMiss(of stream: JobStreamRecord) {
    guard let miss = stream.misses(end: record.end).first else { return }
    let due = miss.job.release + stream.deadline
    if miss.verdict == .notReleased {
      let text = "\(stream.fullName): first miss is job \(miss.number + 1), due at \(miss.job.release.short)"
      return layout.entry("", text + ": nobody was there to do it", hanging: 2, mark: .bad)
    }
    var text = "\(stream.fullName): first miss is job \(miss.number + 1), released at \(miss.job.release.short), "
    switch miss.verdict {
    case .late(let by): text += "completed \(by.short) after its deadline at \(due.short)"
    case .unfinished, .notReleased, .met, .open:
      text += "not completed by its deadline at \(due.short), nor until the end"
    }
    if let cause = interruption(from: miss.job.release, until: due) { text += "; \(cause)" }
    layout.entry("", text, hanging: 2, mark: .bad)
  }

  /// Jobs that nobody did while the component was away, and those that were done twice because of it.
  private mutating func outage(of stream: JobStreamRecord) {
    let missing = stream.jobs.count { $0.kind == .notReleased }
    let repeated = stream.jobs.count { $0.kind == .repeated }
    guard missing + repeated > 0 else { return }
    let text = "\(counted(missing, "job")) not released in the outage, \(repeated) repeated after it"
    layout.entry("", "\(stream.fullName): \(text)", hanging: 2)
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
