import Determinism

/// What an outage cost: work that was lost, time until work went on, jobs that nobody did.
extension RunRecord {
  /// Joins the job streams of the second node to those of the first.
  ///
  /// A restored component goes on where its checkpoint was taken: as many of its first releases as the original made
  /// since then are repetitions. Releases that would have been due in between were missed by everybody.
  mutating func addJobs(_ others: [JobStreamRecord]) {
    for (index, other) in others.enumerated() where !other.jobs.isEmpty {
      let period = jobs[index].period
      let rolledBack = rolledBackJobs(of: jobs[index])
      let missing = JobStreamRecord.releases(
        between: jobs[index].jobs.last?.release, and: other.jobs.first?.release, period: period)
      jobs[index].jobs += missing.map { JobRecord(release: $0, kind: .notReleased) }
      for (position, job) in other.jobs.enumerated() {
        var job = job
        if position < rolledBack { job.kind = .repeated }
        jobs[index].jobs.append(job)
      }
    }
  }

  /// Jobs of the first node that the state restored on the second one knows nothing of.
  private func rolledBackJobs(of stream: JobStreamRecord) -> Int {
    guard let restore = restores.first(where: { $0.node > 0 && isOrigin(stream.component, of: $0) }),
      let frozen = restored(by: restore)?.frozenAt
    else { return 0 }
    return stream.jobs.count { ($0.began ?? .zero) > frozen }
  }

  private func isOrigin(_ component: String, of restore: RestoreRecord) -> Bool {
    restored(by: restore)?.component == component
  }

  /// The checkpoint a restore brought back.
  private func restored(by restore: RestoreRecord) -> CheckpointRecord? {
    checkpoints.last {
      $0.name == restore.checkpoint && $0.at < restore.at && $0.failure == nil
        && (restore.generation == nil || $0.generation == restore.generation)
    }
  }

  /// Fills in what each restore lost and how long its component was away.
  mutating func measureRecovery() {
    for index in restores.indices {
      let restore = restores[index]
      guard restore.failure == nil, let duration = restore.duration, let checkpoint = restored(by: restore),
        let end = end(of: checkpoint.component, before: restore.at)
      else { continue }
      restores[index].recoveryPoint = end - checkpoint.frozenAt
      let completions = jobs.filter { $0.component == checkpoint.component }.flatMap(\.jobs).compactMap(\.completion)
      let next = completions.filter { $0 > restore.at }.min()
      restores[index].recoveryTime = (next ?? restore.at + duration) - end
    }
  }

  private func end(of component: String, before instant: Instant) -> Instant? {
    let lives = components.first { $0.name == component }?.lives ?? []
    return lives.compactMap(\.until).last { $0 <= instant }
  }
}

extension JobStreamRecord {
  /// Nominal releases after the last one that was seen and before the next one.
  static func releases(between last: Instant?, and next: Instant?, period: TimeSpan) -> [Instant] {
    guard let last, let next, period > .zero else { return [] }
    var result: [Instant] = []
    var release = last + period
    while release < next {
      result.append(release)
      release = release + period
    }
    return result
  }
}

// MARK: Claims

extension RunRecord {
  /// What contradicts the bounds of a claim; nil if nothing does.
  func recoveryFailure(_ checkpoint: String, _ bounds: RecoveryBounds) -> String? {
    guard let restore = restores.last(where: { $0.checkpoint == checkpoint }) else { return "it was never restored" }
    return failure(restore.recoveryPoint, bounds.point, "recovery point")
      ?? failure(restore.recoveryTime, bounds.time, "recovery time")
  }

  private func failure(_ found: TimeSpan?, _ bound: SpanComparison?, _ name: String) -> String? {
    guard let bound else { return nil }
    guard let found else { return "there is no \(name): the component did not end, or nothing came back" }
    return bound.comparison.holds(for: found.picoseconds) ? nil : "the \(name) is \(found)"
  }
}

extension RecoveryBounds {
  /// For the claim in words; empty without bounds.
  var text: String {
    (point.map { ", recovery point \($0.text)" } ?? "") + (time.map { ", recovery time \($0.text)" } ?? "")
  }
}
