import Determinism
import Scenarios

extension TextReport {
  /// What it cost to keep messages back, and what it saved the world from.
  mutating func outputs() {
    for (index, outputs) in record.outputs.enumerated() {
      var parts = ["\(outputs.component): \(counted(outputs.delays.count, "line")) held until the state was safe"]
      if let delays = SpanStatistics(outputs.delays) {
        parts.append("later by \(delays.average.short) on average, \(delays.maximum.short) at most")
      }
      if outputs.discarded > 0 { parts.append("\(outputs.discarded) never shown: their state was lost") }
      if outputs.refused > 0 { parts.append("\(outputs.refused) refused: too many were held") }
      if outputs.waiting > 0 { parts.append("\(outputs.waiting) still held at the end") }
      layout.entry(index == 0 ? "outputs" : "", parts.joined(separator: " · "), hanging: 2)
    }
    if !record.outputs.isEmpty { layout.line() }
  }

  /// Lines of a state that a restore has undone.
  mutating func exposed(by restore: RestoreRecord) {
    guard let first = restore.exposed.first else { return }
    let orphans = restore.exposed.count { $0.fate == .orphaned }
    let repeated = restore.exposed.count - orphans
    var parts: [String] = []
    if repeated > 0 { parts.append("\(repeated) written again") }
    if orphans > 0 { parts.append("\(orphans) never written again") }
    layout.entry(
      "  exposed",
      "\(counted(restore.exposed.count, "line")) came out after the checkpoint and before the loss, from \(first.at.short) "
        + "on (\(parts.joined(separator: ", "))); with \"outputs\": \"held\" nobody would have seen them", hanging: 2)
  }
}
