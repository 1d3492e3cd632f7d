import FiascoABI
import Genode

// Orders beside checkpoint, kill and restore: what the experiments with the original did by hand. Writes jobs, children.

extension Checkpointer {
  /// `pause` or `resume` for each thread of a child, as the original's `Child::pause` and `resume` do: nothing is written
  /// down, and nothing says whether a thread inside a system call was stopped. Models `Cpu_session_component::pause`.
  mutating func startCommand(_ opcode: CPUThreadOpcode, to target: String) {
    guard let child = runningChild(target) else { return refuse(.targetNotRunning(target)) }
    jobs += commands(opcode, to: child)
  }

  private func commands(_ opcode: CPUThreadOpcode, to child: Int) -> [CheckpointerJob] {
    let threads = children[child].threads
    return threads.indices.filter { threads[$0].isLive && threads[$0].isStarted }.map {
      .command(child: child, thread: $0, opcode)
    }
  }

  mutating func command(
    _ opcode: CPUThreadOpcode, _ thread: Int, of child: Int, _ script: inout Script
  ) throws(Suspension) {
    guard children[child].threads[thread].isLive else { return }
    _ = try script.call(children[child].threads[thread].real, opcode)
  }

  /// Models the experiment `rtcr_detach_ds`; without managed memory there is nothing to detach.
  mutating func startDetach(of target: String) {
    guard let child = runningChild(target) else { return refuse(.targetNotRunning(target)) }
    for row in children[child].dataspaces.indices where children[child].dataspaces[row].isLive {
      let parts = children[child].dataspaces[row].managed?.parts ?? []
      jobs += parts.indices.filter { parts[$0].isAttached }.map { .detachPart(child: child, dataspace: row, part: $0) }
    }
  }

  mutating func detachPart(_ part: Int, of row: Int, _ child: Int, _ script: inout Script) throws(Suspension) {
    guard let managed = children[child].dataspaces[row].managed, managed.parts[part].isAttached else { return }
    try script.detach(UInt64(part) * managed.granularity, from: managed.map)
    children[child].dataspaces[row].managed?.parts[part].isAttached = false
  }

  /// The contents of one dataspace of a checkpoint for a component that runs, found by its size; everything else of the
  /// component stays its own. Models the experiment `rtcr_sheep_counter_ds_only_restore`.
  mutating func startMemoryRestore(_ name: String, into target: String, bytes: UInt64) {
    guard let checkpoint = checkpoints.lastIndex(where: { $0.name == name }) else {
      return refuse(.unknownCheckpoint(name))
    }
    guard let child = runningChild(target) else { return refuse(.targetNotRunning(target)) }
    let stored = checkpoints[checkpoint]
    let rows = children[child].dataspaces
    guard
      let source = stored.image.dataspaces.indices.first(where: {
        stored.image.dataspaces[$0].provenance == .captured && stored.image.dataspaces[$0].size == bytes
      }), stored.copies.indices.contains(source), let copy = stored.copies[source],
      let target = rows.first(where: { $0.isLive && $0.kind == .ram && $0.size == bytes })
    else { return refuse(.requestFailed("\(target): a dataspace of \(bytes) bytes on both sides")) }
    jobs += commands(.pause, to: child)
    jobs += (0..<target.pieceCount).map { .transfer(target.piece($0), .fromCopy, copy: copy) }
    jobs += commands(.resume, to: child)
    outbox.append(.dataspaceCopied(of: stored.name, badge: target.real.badge, bytes: bytes))
  }
}
