import CheckpointRestore
import Determinism
import Scenarios

/// What one way of checkpointing costs and keeps, read from the records of its runs.
public struct StrategyFigures: Hashable, Sendable {
  /// Checkpoints with an image.
  public var checkpoints = 0
  /// Threads of all checkpoints, and those whose state the checkpointer knew.
  public var threads = 0
  public var knownThreads = 0
  /// The longest time a component stood still.
  public var pause = TimeSpan.zero
  /// The longest time from the order to a complete image.
  public var total = TimeSpan.zero
  /// Processor time that core, parents and the checkpointer take while nobody stands still, beyond what they take
  /// without checkpoints: millionths of that time.
  public var overhead: Int64 = 0
  /// Accesses of the components that waited for the checkpointer.
  public var faults = 0
  /// Bytes written to the store by all checkpoints.
  public var written: UInt64 = 0
  /// The most memory the checkpointer held for one of them, bytes.
  public var held: UInt64 = 0
  public var jobs = 0
  public var misses = 0
  /// From the order to the last started thread.
  public var restore: TimeSpan?
  public var verdict: Verdict?
  /// What a restored component lost, one sentence each.
  public var losses: [String] = []
}

extension StrategyFigures {
  /// `costs` is a run in which only checkpoints were taken, `reference` one without any.
  init(costs: RunRecord, reference: RunRecord, components: [String]) {
    for checkpoint in costs.checkpoints where checkpoint.failure == nil { add(checkpoint) }
    overhead = Self.overhead(of: costs, reference, components)
    jobs = costs.jobs.reduce(0) { $0 + $1.jobs.count }
    misses = costs.jobs.reduce(0) { $0 + $1.misses(end: costs.end).count }
  }

  private mutating func add(_ checkpoint: CheckpointRecord) {
    checkpoints += 1
    threads += checkpoint.threads.count
    knownThreads += checkpoint.threads.count { $0.situation != .unknown }
    pause = max(pause, checkpoint.duration(of: .frozen) ?? .zero)
    let end = checkpoint.phases.map { $0.from + $0.duration }.max() ?? checkpoint.at
    total = max(total, end - checkpoint.at)
    faults += checkpoint.faults.count
    written += checkpoint.counts.bytesWritten
    held = max(held, checkpoint.counts.bytesHeld)
  }

  private static func overhead(of costs: RunRecord, _ reference: RunRecord, _ components: [String]) -> Int64 {
    func systemTime(_ record: RunRecord) -> TimeSpan {
      record.processors.filter { !components.contains($0.component) }
        .reduce(TimeSpan.zero) { $0 + ($1.time - $1.whileFrozen) }
    }
    let frozen = costs.checkpoints.compactMap { $0.duration(of: .frozen) }.reduce(TimeSpan.zero, +)
    let running = (costs.end - .zero) - frozen
    guard running > .zero else { return 0 }
    let extra = max(systemTime(costs) - systemTime(reference), .zero)
    // Millionths, without overflow: spans of a run stay below 2^63 ps / 10^6.
    return extra.picoseconds / max(running.picoseconds / 1_000_000, 1)
  }

  /// `run` ends with a restore.
  mutating func add(restoreOf run: RunRecord) {
    guard let last = run.restores.last else { return }
    restore = last.duration
    verdict = last.judgement?.verdict
    losses = last.failure.map { ["not restored: \($0)"] } ?? []
    if let judgement = last.judgement, judgement.verdict != .equivalent { losses += judgement.reasons }
  }
}
