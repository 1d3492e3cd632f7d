import Determinism

/// Compares what was written since a restore with what an undisturbed run writes from the checkpoint on.
struct LogComparison {
  struct Finding: Hashable {
    var verdict: Verdict
    var reason: String
  }

  private let reference: [LoggedLine]
  private let record: RunRecord
  private let restore: RestoreRecord
  /// The instant whose state came back, and when.
  private let checkpoint: Instant
  private let resumed: Instant
  private let end: Instant
  /// Whose state came back: under another name the restored component must write what this one would have.
  private let original: String

  init(reference: [LoggedLine], record: RunRecord, restore: RestoreRecord, life: ComponentRecord.Life?) {
    self.reference = reference
    self.record = record
    self.restore = restore
    checkpoint = record.checkpoints.last { $0.name == restore.checkpoint && $0.at < restore.at }?.frozenAt ?? .zero
    original = record.checkpoints.last { $0.name == restore.checkpoint }?.component ?? restore.component
    resumed = restore.at + (restore.duration ?? .zero)
    end = life?.until ?? record.end
  }

  var findings: [Finding] {
    record.components.compactMap { component in
      if component.name == restore.component { return restoredFinding }
      return isStopped(component.name) ? nil : otherFinding(component.name)
    }
  }

  /// The timeline paused or killed it for good: its silence is not the restore's doing.
  private func isStopped(_ name: String) -> Bool {
    let last = record.marks.last { $0.name == name && [.pause, .resume, .kill].contains($0.kind) }
    return last.map { $0.kind != .resume && $0.at < end } ?? false
  }

  /// How far the undisturbed run gets in the time that the restored component had.
  private var horizon: Instant { end > resumed ? checkpoint + (end - resumed) : checkpoint }

  private func lines(of component: String, in log: [LoggedLine], from: Instant, until: Instant) -> [String] {
    log.filter { $0.component == component && $0.at >= from && $0.at <= until }.map(\.text)
  }

  // MARK: The restored component

  /// Its lines up to the checkpoint and those since the restore must be what the undisturbed one writes.
  private var restoredFinding: Finding? {
    let name = restore.component
    let before = lines(of: original, in: record.log, from: .zero, until: checkpoint)
    let after = lines(of: name, in: record.log, from: restore.at, until: end)
    let all = reference.filter { $0.component == original }.map(\.text)
    let found = before + after
    if all.starts(with: found) {
      let due = lines(of: original, in: reference, from: .zero, until: horizon).count
      return shortfall(name, missing: due - found.count, written: after.count)
    }
    if found.starts(with: all) { return nil }
    let index = zip(found, all).prefix { $0 == $1 }.count
    let line = "\(name) wrote \"\(found[index])\" where \"\(all[index])\" would have been written"
    if found[..<index].contains(found[index]) {
      return Finding(verdict: .duplicated, reason: line + "; that line was written before")
    }
    if all[index...].contains(found[index]) { return Finding(verdict: .lost, reason: line) }
    return Finding(verdict: .divergent, reason: line)
  }

  /// One line may be due just now.
  private func shortfall(_ name: String, missing: Int, written: Int) -> Finding? {
    guard missing > 1 else { return nil }
    if written == 0 {
      return Finding(verdict: .stuck, reason: "\(name) wrote nothing after the restore; \(missing) lines are missing")
    }
    let last = record.log.last { $0.component == name && $0.at <= end }?.at ?? resumed
    // As long silent as it takes to write all that is missing: it does not write any more.
    let pace = TimeSpan.picoseconds((last - resumed).picoseconds / Int64(written))
    return end - last > pace * Int64(max(missing, 3))
      ? Finding(verdict: .stuck, reason: "\(name) wrote nothing after \(last); \(missing) lines are missing")
      : Finding(verdict: .late, reason: "\(name) is \(missing) lines behind")
  }

  // MARK: Everybody else

  /// Others went on in between, and saw that the component was gone. From their first line that the undisturbed run has
  /// too, they must go on as there; what they wrote before belongs to the outage.
  private func otherFinding(_ name: String) -> Finding? {
    let all = reference.filter { $0.component == name }.map(\.text)
    let since = lines(of: name, in: record.log, from: resumed, until: end)
    let good = since.drop { !all.contains($0) }
    let due = lines(of: name, in: reference, from: checkpoint, until: horizon).count
    guard let first = good.first else {
      guard due > 1 else { return nil }
      let last = since.last.map { "only lines such as \"\($0)\"" } ?? "nothing"
      return Finding(verdict: .stuck, reason: "\(name) wrote \(last) after the restore; \(due) lines are missing")
    }
    if let wrong = good.first(where: { !all.contains($0) }) {
      return Finding(verdict: .divergent, reason: "\(name) wrote \"\(wrong)\", which it would never have written")
    }
    let earlier = lines(of: name, in: record.log, from: .zero, until: restore.at)
    if earlier.contains(first), all.filter({ $0 == first }).count == 1 {
      return Finding(verdict: .duplicated, reason: "\(name) wrote \"\(first)\" a second time")
    }
    return nil
  }
}
