import CheckpointRestore
import Determinism

/// Images that came from another node: their checkpoints were recorded there.
extension CheckpointCollector {
  /// What is known on the node that sends.
  struct Sender {
    var checkpoints: [CheckpointRecord]
    var captured: [Captured]
  }

  /// To be told before records are taken: nothing arrives that this does not know.
  mutating func learn(from other: CheckpointCollector) {
    sender = Sender(checkpoints: other.checkpoints, captured: other.captured)
  }

  mutating func received(_ name: String, _ generation: UInt64, at instant: Instant) {
    guard let sender, let run = sender.run(name, generation) else { return }
    arrived.append((name, generation))
    var record = sender.checkpoints[run]
    record.received = instant
    arrivals.append(record)
    captured.removeAll { $0.checkpoint == name }
    captured += sender.captured.filter { $0.run == run }
  }
}

extension CheckpointCollector.Sender {
  fileprivate func run(_ name: String, _ generation: UInt64) -> Int? {
    checkpoints.lastIndex { $0.name == name && $0.generation == generation }
  }
}
