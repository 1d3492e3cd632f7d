import CheckpointRestore
import Determinism

/// What became of the messages of a component whose outputs are kept back.
public struct HeldOutputs: Hashable, Sendable {
  public var component: String
  /// Kept back and not yet written.
  public var waiting = 0
  /// Written when the state behind them could be restored: when the component wrote each, and after so long.
  public var released: [Released] = []
  /// Never written: the state that wrote them is gone.
  public var discarded = 0
  /// Not accepted, because too many were kept back.
  public var refused = 0

  public init(component: String) { self.component = component }

  public struct Released: Hashable, Sendable {
    public var heldAt: Instant
    public var delay: TimeSpan
  }
  public var delays: [TimeSpan] { released.map(\.delay) }
}

/// A line that the world saw although the state that wrote it was lost.
public struct ExposedOutput: Hashable, Sendable {
  public enum Fate: String, Hashable, Sendable, CaseIterable {
    /// The restored component wrote it once more.
    case repeated
    /// The restored component never wrote it: what the world saw did not happen.
    case orphaned
  }
  public var at: Instant
  public var text: String
  public var fate: Fate

  public init(at: Instant, text: String, fate: Fate) {
    self.at = at
    self.text = text
    self.fate = fate
  }
}

/// Follows the messages that are kept back, oldest first.
struct OutputAccount {
  private(set) var outputs: [HeldOutputs] = []
  private var since: [[Instant]] = []

  mutating func take(_ event: CheckpointEvent, at instant: Instant) {
    switch event {
    case .outputHeld(let child): since[row(child)].append(instant)
    case .outputReleased(let child):
      let row = row(child)
      guard !since[row].isEmpty else { return }
      let heldAt = since[row].removeFirst()
      outputs[row].released.append(.init(heldAt: heldAt, delay: instant - heldAt))
    case .outputsDiscarded(let child, let count):
      let row = row(child)
      outputs[row].discarded += count
      since[row].removeFirst(min(count, since[row].count))
    case .outputRefused(let child): outputs[row(child)].refused += 1
    default: return
    }
    for row in outputs.indices { outputs[row].waiting = since[row].count }
  }

  private mutating func row(_ component: String) -> Int {
    if let row = outputs.firstIndex(where: { $0.component == component }) { return row }
    outputs.append(HeldOutputs(component: component))
    since.append([])
    return outputs.count - 1
  }
}

extension RunRecord {
  /// For each restore the lines that came out between the restored state and its loss.
  mutating func findExposedOutputs() {
    for index in restores.indices where restores[index].failure == nil {
      restores[index].exposed = exposed(by: restores[index])
    }
  }

  private func exposed(by restore: RestoreRecord) -> [ExposedOutput] {
    guard
      let checkpoint = checkpoints.last(where: {
        $0.name == restore.checkpoint && $0.at < restore.at && $0.failure == nil
      })
    else { return [] }
    let frozen = checkpoint.phases.first { $0.part == .freeze }.map { $0.from + $0.duration } ?? checkpoint.at
    let lives = components.first { $0.name == checkpoint.component }?.lives ?? []
    // A restore under another name loses nothing while the original lives.
    guard let lost = lives.last(where: { $0.from <= checkpoint.at })?.until, lost <= restore.at else { return [] }
    var later = log.filter { $0.component == restore.component && $0.at >= restore.at }.map(\.text)
    return written(by: checkpoint.component).filter { $0.written > frozen && $0.line.at <= lost }.map { _, line in
      let again = later.firstIndex(of: line.text)
      if let again { later.remove(at: again) }
      return ExposedOutput(at: line.at, text: line.text, fate: again == nil ? .orphaned : .repeated)
    }
  }

  /// The lines of a component with the instants at which it wrote them: earlier, if they were kept back.
  private func written(by component: String) -> [(written: Instant, line: LoggedLine)] {
    let held = outputs.first { $0.component == component }?.released ?? []
    return log.filter { $0.component == component }.enumerated().map { number, line in
      (held.indices.contains(number) ? held[number].heldAt : line.at, line)
    }
  }
}
