import Genode

// Output commit: what a component writes is kept back until the state that wrote it can be restored. Otherwise the
// world has seen something that, after a failure, never happened. Writes children[].held, jobs.

/// A message for the log that waits for the next complete image.
struct HeldOutput: Hashable, Sendable {
  /// Row of the session.
  var session: Int
  /// As the component sent it.
  var words: [UInt64]
}

extension Checkpointer {
  /// Messages kept back for one component; what comes beyond is refused, and the component is told so.
  static let mostHeldOutputs = 4_096

  /// The component goes on as if the message had been written.
  mutating func hold(
    _ request: RPCRequest, _ session: Int, of child: Int, _ script: inout Script
  ) throws(Suspension) -> RPCReply {
    let bytes = UInt64(request.string(at: 0)?.utf8.count ?? 0)
    try script.compute(picoseconds: configuration.costs.picosecondsPerWrittenByte * bytes)
    guard children[child].held.count < Self.mostHeldOutputs else {
      outbox.append(.outputRefused(child: children[child].name))
      return RPCReply(words: [0])
    }
    children[child].held.append(HeldOutput(session: session, words: request.words))
    outbox.append(.outputHeld(child: children[child].name))
    return RPCReply(words: [bytes])
  }

  /// What had been written when the component stood still can be restored now.
  mutating func releaseOutputs(of finished: CheckpointRun) {
    jobs += (0..<finished.heldOutputs).map { _ in .releaseOutput(child: finished.child) }
  }

  mutating func releaseOutput(of child: Int, _ script: inout Script) throws(Suspension) {
    guard !children[child].held.isEmpty else { return }
    let output = children[child].held.removeFirst()
    let session = children[child].sessions[output.session]
    if session.isLive { _ = try script.call(session.real, LOGOpcode.write, output.words) }
    outbox.append(.outputReleased(child: children[child].name))
  }

  /// The component is gone, and with it the state that wrote them.
  mutating func discardOutputs(of child: Int) {
    guard !children[child].held.isEmpty else { return }
    outbox.append(.outputsDiscarded(child: children[child].name, count: children[child].held.count))
    children[child].held = []
  }
}
