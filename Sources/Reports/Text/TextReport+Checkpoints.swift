import CheckpointRestore
import Determinism
import Scenarios

extension TextReport {
  /// One line for a checkpoint, and what its threads were doing where that matters.
  mutating func describe(_ checkpoint: CheckpointRecord) {
    if let failure = checkpoint.failure {
      layout.entry("checkpoint \(checkpoint.name)", "of \(checkpoint.component): refused, \(failure)", mark: .bad)
      layout.line()
      return
    }
    let counts = checkpoint.counts
    let taken = [
      counted(counts.threads, "thread"), counted(counts.objects, "object"),
      counted(counts.capabilities, "capability", plural: "capabilities"), counted(counts.regions, "region"),
      size(counts.bytes),
    ].joined(separator: ", ")
    var parts = ["of \(checkpoint.component)"]
    for phase in CheckpointPhase.allCases where phase != .restore {
      guard let duration = checkpoint.duration(of: phase) else { continue }
      parts.append("\(phase.rawValue) \(duration.short)" + (phase == .frozen ? " (\(taken))" : ""))
    }
    layout.entry("checkpoint \(checkpoint.name)", parts.joined(separator: " · "), hanging: 2)
    for thread in checkpoint.threads where thread.situation != .runnable {
      layout.entry("", "\(thread.name) \(thread.situation.sentence)", hanging: 2)
    }
    layout.line()
  }

  /// A restore: policy, what each thread met, the verdict, and why.
  mutating func describe(_ restore: RestoreRecord) {
    let label = "restored \(restore.checkpoint)"
    if let failure = restore.failure {
      layout.entry(label, "not restored: \(failure)", mark: .bad)
      layout.line()
      return
    }
    let took = restore.duration.map { " in \($0.short)" } ?? ""
    layout.entry(
      label, "\(restore.component) at \(restore.at.short)\(took) · \(restore.child.words) · policy `\(restore.policy.rawValue)`")
    let rows = restore.threads.map { ["\($0.name)", $0.situation.sentence + "; " + $0.sentence] }
    let width = rows.map { $0[0].count }.max() ?? 0
    for row in rows {
      let name = row[0] + String(repeating: " ", count: width - row[0].count)
      layout.entry("", "\(name)  \(row[1])", hanging: width + 2)
    }
    if let judgement = restore.judgement {
      layout.entry("", "verdict: \(judgement.verdict.rawValue)", mark: judgement.verdict.mark)
      for reason in judgement.reasons { layout.entry("", "- \(reason)", hanging: 2) }
    }
    explain(restore)
    layout.line()
  }

  /// The reasons behind what was seen, each once.
  private mutating func explain(_ restore: RestoreRecord) {
    var told: [Explanation] = []
    for fate in restore.threads {
      guard let explanation = Explanation.of(fate, policy: restore.policy), !told.contains(explanation) else { continue }
      // What went as it should needs an explanation only if nothing else does.
      if explanation.heal == nil, restore.threads.contains(where: { needsHealing($0, restore) }) { continue }
      told.append(explanation)
      let subject = restore.threads.count > 1 ? "\(fate.name): " : ""
      layout.entry("  why", subject + explanation.why)
      if let heal = explanation.heal {
        layout.entry("  heal", "\(heal)  (stasis explain \(explanation.topic))")
      }
      layout.entry("  proof", "the real kernel does the same: conformance \(explanation.evidence)")
    }
  }

  private func needsHealing(_ fate: ThreadFate, _ restore: RestoreRecord) -> Bool {
    Explanation.of(fate, policy: restore.policy)?.heal != nil
  }
}

extension RestoredChild {
  var words: String {
    switch self {
    case .withoutELF: "child without ELF"
    case .bootstrap: "child loaded as usual, then overwritten"
    }
  }
}

extension Verdict {
  var mark: TextStyle.Mark {
    switch self {
    case .equivalent: .good
    case .harmless: .doubtful
    case .divergent, .duplicated, .lost, .stuck, .crashed, .late: .bad
    }
  }
}
