import CheckpointRestore
import Determinism
import Scenarios

extension TextReport {
  /// One line for a checkpoint, and what its threads were doing where that matters.
  mutating func describe(_ checkpoint: CheckpointRecord) {
    if let failure = checkpoint.failure {
      // An order that was refused before anything began has no checkpoint of its own.
      guard !checkpoint.name.isEmpty else { return layout.entry("refused", failure, mark: .bad) }
      layout.entry("checkpoint \(checkpoint.name)", "of \(checkpoint.component): refused, \(failure)", mark: .bad)
      layout.line()
      return
    }
    if checkpoint.isGiven {
      let text = "of \(checkpoint.component) · given: an earlier run took it at \(checkpoint.at.short)"
      layout.entry("checkpoint \(checkpoint.name)", text, hanging: 2)
      layout.list("", checkpoint.threads.map { [$0.name.thread, $0.situation.sentence] })
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
    for phase in [CheckpointPhase.preCopy, .freeze, .frozen, .copyOnWrite, .write] {
      guard let duration = checkpoint.duration(of: phase) else { continue }
      var part = "\(phase.rawValue) \(duration.short)"
      if phase == .frozen { part += frozenParts(of: checkpoint) + " (\(taken))" }
      if phase == .preCopy { part += rounds(of: checkpoint) }
      parts.append(part)
    }
    parts += travel(of: checkpoint)
    layout.entry("checkpoint \(checkpoint.name)", parts.joined(separator: " · "), hanging: 2)
    describeCosts(of: checkpoint)
    if !checkpoint.leftOut.isEmpty {
      layout.entry("", "not in the image: what the server keeps for \(list(checkpoint.leftOut))", mark: .doubtful)
    }
    layout.list("", checkpoint.threads.map { [$0.name.thread, $0.situation.sentence] })
    for repair in checkpoint.repairs { layout.entry("  goes on", repair.sentence, hanging: 2) }
    layout.line()
  }

  /// Between nodes: when the image was complete on the other one.
  private func travel(of checkpoint: CheckpointRecord) -> [String] {
    guard let generation = checkpoint.generation, let sent = checkpoint.sent else { return [] }
    let arrival = checkpoint.received.map { "arrived at \($0.short)" } ?? "never arrived"
    return ["generation \(generation) sent at \(sent.short), \(arrival)"]
  }

  private func list(_ services: [String]) -> String {
    services.map { "the session of `\($0)`" }.joined(separator: ", ")
  }

  private func frozenParts(of checkpoint: CheckpointRecord) -> String {
    let parts = [CheckpointPhase.metadata, .dump].compactMap { phase in
      checkpoint.duration(of: phase).map { "\(phase.rawValue) \($0.short)" }
    }
    return parts.isEmpty ? "" : " with " + parts.joined(separator: " and ")
  }

  private func rounds(of checkpoint: CheckpointRecord) -> String {
    guard let stop = checkpoint.stop else { return "" }
    let left = checkpoint.rounds.last.map { size($0.remaining) } ?? "nothing"
    return " in \(counted(checkpoint.rounds.count, "round")), \(left) left, ended by `\(stop.rawValue)`"
  }

  /// What it cost beside the time the component stood still.
  private mutating func describeCosts(of checkpoint: CheckpointRecord) {
    guard let total = checkpoint.total else { return }
    let counts = checkpoint.counts
    var parts = [
      "stable after \(total.short)", "\(size(counts.bytesWritten)) written", "\(size(counts.bytesHeld)) held",
    ]
    if checkpoint.bytesMirrored > 0 { parts.append("\(size(checkpoint.bytesMirrored)) mirrored from here on") }
    if checkpoint.faults.count > 0 { parts.append(served(checkpoint.faults, awaited: counts.partsAwaited)) }
    layout.entry("", parts.joined(separator: " · "), hanging: 2)
  }

  private func served(_ faults: FaultService, awaited: Int) -> String {
    let waits = awaited > 0 ? ", \(awaited) of them with a copy" : ""
    return "\(counted(faults.count, "fault")) served in \(faults.time.short)\(waits)"
  }

  /// A restore: policy, what each thread met, the verdict, and why.
  mutating func describe(_ restore: RestoreRecord) {
    let label = "restored \(restore.checkpoint)"
    if let failure = restore.failure {
      layout.entry(label, "not restored: \(failure)", mark: .bad)
      layout.line()
      return
    }
    var took = restore.duration.map { " in \($0.short)" } ?? ""
    if let complete = restore.complete {
      let faults = served(restore.faults, awaited: restore.counts.partsAwaited)
      took += ", memory complete after \(complete.short), \(faults)"
    }
    layout.entry(
      label,
      "\(restore.component) at \(restore.at.short)\(took) · \(restore.child.words) · policy `\(restore.policy.rawValue)`"
    )
    if let recovery = recovery(of: restore) { layout.entry("", recovery, hanging: 2) }
    layout.list("", restore.threads.map { [$0.name.thread, $0.situation.sentence + ", " + $0.sentence] })
    for relation in restore.recreated {
      layout.entry("", "\(relation.caller) waits again for the answer of \(relation.holder)", hanging: 2)
    }
    if let judgement = restore.judgement {
      layout.entry("", "verdict: \(judgement.verdict.rawValue)", mark: judgement.verdict.mark)
      for reason in judgement.reasons { layout.entry("", "- \(reason)", hanging: 2) }
    }
    exposed(by: restore)
    if restore.ignoredStarts.isEmpty {
      explain(restore)
    } else {
      explain(.startIgnored, subject: "")
    }
    layout.line()
  }

  /// With several nodes: where, from which image, what was lost and how long it took.
  private func recovery(of restore: RestoreRecord) -> String? {
    guard record.machine.nodes > 1 else { return nil }
    var parts = ["on node \(restore.node)"]
    if let generation = restore.generation { parts.append("generation \(generation)") }
    if let point = restore.recoveryPoint { parts.append("recovery point \(point.short)") }
    if let time = restore.recoveryTime { parts.append("recovery time \(time.short)") }
    return parts.joined(separator: " · ")
  }

  /// The reason behind the gravest thing that was seen; the others are named only, or nobody would read any.
  private mutating func explain(_ restore: RestoreRecord) {
    // What a thread met may be harmless in this program; then there is nothing to heal.
    let isFine = restore.judgement?.verdict == .equivalent
    let explained = restore.threads.compactMap { fate in
      Explanation.of(fate, policy: restore.policy).map { (fate: fate, explanation: $0) }
    }
    let suitable = explained.filter { ($0.explanation.heal == nil) == isFine }
    let gravest = suitable.min { Explanation.rank($0.explanation) < Explanation.rank($1.explanation) }
    guard let gravest else { return }
    explain(gravest.explanation, subject: restore.threads.count > 1 ? "\(gravest.fate.name.thread): " : "")
    let others = suitable.filter { $0.explanation != gravest.explanation }
    guard !isFine, !others.isEmpty else { return }
    layout.entry(
      "  also",
      others.map { "\($0.fate.name.thread) (stasis explain \($0.explanation.topic))" }.joined(separator: ", "))
  }

  private mutating func explain(_ explanation: Explanation, subject: String) {
    layout.entry("  why", subject + explanation.why)
    if let heal = explanation.heal {
      layout.entry("  heal", "\(heal)  (stasis explain \(explanation.topic))")
    }
    layout.entry("  proof", "the real kernel does the same: conformance \(explanation.evidence)")
  }
}

extension CheckpointRecord.Repair {
  var sentence: String {
    switch self {
    case .callerRecreated(let caller, let holder): "\(caller) waits again for the answer of \(holder)"
    case .callRepeated(let thread): "\(thread) calls again: its request is served at least once, perhaps twice"
    case .emptyMessage(let thread): "\(thread) sends an empty message: the tag of its own was lost"
    }
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
