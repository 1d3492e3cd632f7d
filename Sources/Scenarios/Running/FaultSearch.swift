import CheckpointRestore
import Determinism

/// Gives the time that the checkpointer spends on faults to the checkpoint or restore that caused them.
struct FaultSearch {
  private enum Cause {
    case checkpoint(Int)
    case restore(Int)
  }
  /// Since when the present search has found nothing.
  private var since: Instant?
  private var last: Cause?

  mutating func take(
    _ event: CheckpointEvent, at instant: Instant, _ checkpoints: inout [CheckpointRecord],
    _ restores: inout [RestoreRecord]
  ) {
    switch event {
    case .faultSearchStarted: (since, last) = (instant, nil)
    case .partTouched(let child, _, _), .accessEmulated(let child, _, _):
      last = cause(child, checkpoints, restores)
      add(instant, 1, &checkpoints, &restores)
      since = instant
    case .faultSearchEnded:
      add(instant, 0, &checkpoints, &restores)
      since = nil
    default: break
    }
  }

  /// A restore whose memory is not complete, else the component's last checkpoint.
  private func cause(_ child: String, _ checkpoints: [CheckpointRecord], _ restores: [RestoreRecord]) -> Cause? {
    if let index = restores.lastIndex(where: { $0.component == child }), restores[index].complete == nil,
      checkpoints.last(where: { $0.component == child }).map({ $0.at < restores[index].at }) ?? true
    {
      return .restore(index)
    }
    return checkpoints.lastIndex { $0.component == child && $0.failure == nil }.map { .checkpoint($0) }
  }

  private func add(
    _ instant: Instant, _ count: Int, _ checkpoints: inout [CheckpointRecord], _ restores: inout [RestoreRecord]
  ) {
    let time = since.map { instant - $0 } ?? .zero
    switch last {
    case .checkpoint(let index)?:
      checkpoints[index].faults.count += count
      checkpoints[index].faults.time = checkpoints[index].faults.time + time
    case .restore(let index)?:
      restores[index].faults.count += count
      restores[index].faults.time = restores[index].faults.time + time
    case nil: break
    }
  }
}
