import Determinism
import FiascoABI

/// Compares a run with one that nothing disturbed, and says what the restored component lost or did twice.
///
/// Observable are the lines of all logs, in the time from the restore to the end of that life of the component.
struct Judge {
  let reference: RunRecord

  /// A thread that failed so often in a row without once waiting will not stop by itself.
  private static let endlessRepetitions: UInt64 = 100

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
    let findings = LogComparison(
      reference: reference.log, record: record, restore: restore, life: life(of: restore, in: record)
    ).findings
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

  /// The life that began with a restore.
  private func life(of restore: RestoreRecord, in record: RunRecord) -> ComponentRecord.Life? {
    record.components.first { $0.name == restore.component }?.lives.first {
      $0.restoredFrom == restore.checkpoint && $0.from >= restore.at
    }
  }

  private func crash(of restore: RestoreRecord, in record: RunRecord) -> String? {
    for thread in record.threads where thread.name.component == restore.component {
      if let fault = (thread.strandedFaults + thread.exceptions).first(where: { $0.at >= restore.at }) {
        return "\(thread.name) faulted at \(fault.symbol ?? "0x" + String(fault.ip, radix: 16))"
      }
    }
    return nil
  }

  /// Not if the checkpoint is older than the first time.
  private func constructedAgain(_ restore: RestoreRecord, _ record: RunRecord) -> String? {
    guard let entered = life(of: restore, in: record)?.constructEntries.first,
      let taken = record.checkpoints.last(where: { $0.name == restore.checkpoint }),
      record.components.contains(where: { component in
        component.name == taken.component
          && component.lives.contains { $0.constructEntries.contains { $0 < taken.at } }
      })
    else { return nil }
    return "Component::construct was entered again at \(entered)"
  }

  private func stuckThread(of restore: RestoreRecord) -> String? {
    restore.threads.first { fate in
      // Time that runs out in a wait is what `yield` looks like; the original's threads do that as well.
      if fate.sight == .error(code: Int(IPCError.receiveTimeout.rawValue)) { return false }
      if case .error = fate.sight {
        return !fate.hasWaited && max(fate.repetitions, fate.following?.repetitions ?? 0) >= Judge.endlessRepetitions
      }
      return fate.sight == .nothing && fate.situation != .unknown
    }.map { "\($0.name) makes no progress" }
  }

  /// From the worst to the mildest.
  private func worst(_ verdicts: [Verdict]) -> Verdict? {
    [Verdict.stuck, .divergent, .lost, .duplicated, .late].first { verdicts.contains($0) }
  }
}
