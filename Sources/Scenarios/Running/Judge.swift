import Determinism

/// Compares a run with one in which nothing was killed, and says what the restored component lost or did twice.
///
/// Observable are the lines of all logs. The restored component's lines between its checkpoint and its end were taken back by
/// the restore and do not count; everybody else's all do.
struct Judge {
  let reference: RunRecord

  func judge(_ record: inout RunRecord) {
    for index in record.restores.indices where record.restores[index].failure == nil {
      record.restores[index].judgement = judgement(of: record.restores[index], in: record)
    }
  }

  private func judgement(of restore: RestoreRecord, in record: RunRecord) -> Judgement {
    var reasons: [String] = []
    if let again = constructedAgain(restore, record) { reasons.append(again) }
    if !restore.ignoredStarts.isEmpty {
      reasons.append("start had no effect on \(restore.ignoredStarts.joined(separator: ", ")): they ran already")
    }
    if let crash = crash(of: restore, in: record) { return Judgement(.crashed, reasons: reasons + [crash]) }
    let findings = record.components.compactMap { compare($0.name, restore, record) }
    reasons += findings.map(\.reason)
    if let verdict = worst(findings.map(\.verdict)) { return Judgement(verdict, reasons: reasons) }
    if let stuck = stuckThread(of: restore) { return Judgement(.stuck, reasons: reasons + [stuck]) }
    if !reasons.isEmpty { return Judgement(.divergent, reasons: reasons) }
    let errors = restore.threads.compactMap { fate -> String? in
      if case .error(let code) = fate.sight { return "\(fate.name) saw error \(code)" }
      return nil
    }
    if !errors.isEmpty { return Judgement(.harmless, reasons: errors + ["all output is as without the restore"]) }
    return Judgement(.equivalent, reasons: ["all output is as without the restore"])
  }

  private func crash(of restore: RestoreRecord, in record: RunRecord) -> String? {
    for thread in record.threads where thread.name.component == restore.component {
      if let fault = (thread.strandedFaults + thread.exceptions).first(where: { $0.at >= restore.at }) {
        return "\(thread.name) faulted at \(fault.symbol ?? "0x" + String(fault.ip, radix: 16))"
      }
    }
    return nil
  }

  private func constructedAgain(_ restore: RestoreRecord, _ record: RunRecord) -> String? {
    let life = record.components.first { $0.name == restore.component }?.lives.last {
      $0.restoredFrom == restore.checkpoint
    }
    guard let entered = life?.constructEntries.first else { return nil }
    return "Component::construct was entered again at \(entered)"
  }

  private func stuckThread(of restore: RestoreRecord) -> String? {
    restore.threads.first { fate in
      if case .error = fate.sight {
        return !fate.hasWaited && max(fate.repetitions, fate.following?.repetitions ?? 0) >= Repetition.limit
      }
      return fate.sight == .nothing && fate.situation != .unknown
    }.map { "\($0.name) makes no progress" }
  }

  /// From the worst to the mildest.
  private func worst(_ verdicts: [Verdict]) -> Verdict? {
    [Verdict.stuck, .divergent, .lost, .duplicated, .late].first { verdicts.contains($0) }
  }

  // MARK: Logs

  private func compare(
    _ component: String, _ restore: RestoreRecord, _ record: RunRecord
  ) -> (verdict: Verdict, reason: String)? {
    let expected = reference.log.filter { $0.component == component }
    let found = record.log.filter { $0.component == component && !isTakenBack($0, restore, record) }
    let (own, other) = (found.map(\.text), expected.map(\.text))
    guard own != other else { return nil }
    if other.starts(with: own) { return shortfall(component, found, expected, restore, record) }
    if own.starts(with: other) { return nil }
    let index = zip(own, other).prefix { $0 == $1 }.count
    let line = "\(component) wrote \"\(own[index])\" where \"\(other[index])\" would have been written"
    if own[..<index].contains(own[index]) { return (.duplicated, line + "; that line was written before") }
    if other[index...].contains(own[index]) { return (.lost, line) }
    return (.divergent, line)
  }

  private func isTakenBack(_ line: LoggedLine, _ restore: RestoreRecord, _ record: RunRecord) -> Bool {
    guard line.component == restore.component,
      let checkpoint = record.checkpoints.last(where: { $0.name == restore.checkpoint && $0.at < restore.at })
    else { return false }
    return line.at > checkpoint.at && line.at < restore.at
  }

  /// Fewer lines are right if only the time was too short: what was missed while the component was gone.
  private func shortfall(
    _ component: String, _ found: [LoggedLine], _ expected: [LoggedLine], _ restore: RestoreRecord, _ record: RunRecord
  ) -> (verdict: Verdict, reason: String)? {
    guard let checkpoint = record.checkpoints.last(where: { $0.name == restore.checkpoint && $0.at < restore.at })
    else {
      return nil
    }
    let rolledBack = restore.at + (restore.duration ?? .zero) - checkpoint.at
    // What the undisturbed component had written by the time the restored one has lived for.
    let due = expected.filter { $0.at + rolledBack <= record.end }.count
    let missing = due - found.count
    guard missing > 1 else { return nil }
    let since = found.last { $0.at >= restore.at }
    guard let since else {
      return (.stuck, "\(component) wrote nothing after the restore; \(missing) lines are missing")
    }
    let rest = expected[found.count...].prefix { $0.at + rolledBack <= record.end }.count
    return since.at + rolledBack < record.end && rest > 2
      ? (.stuck, "\(component) wrote nothing after \(since.at); \(missing) lines are missing")
      : (.late, "\(component) is \(missing) lines behind")
  }
}
