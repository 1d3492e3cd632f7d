import CheckpointRestore
import Determinism
import FiascoKernel

/// Follows the checkpointer: phases, counts, and what restored threads meet.
struct CheckpointCollector {
  var checkpoints: [CheckpointRecord] = []
  var restores: [RestoreRecord] = []

  mutating func take(_ event: KernelEvent, at instant: Instant, tracker: ThreadTracker) {}
}
