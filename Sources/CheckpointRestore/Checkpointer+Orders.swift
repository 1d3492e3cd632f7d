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
    children[child].threads.indices.filter { children[child].threads[$0].isLive && children[child].threads[$0].isStarted }
      .map { .command(child: child, thread: $0, opcode) }
  }

  mutating func command(
    _ opcode: CPUThreadOpcode, _ thread: Int, of child: Int, _ script: inout Script
  ) throws(Suspension) {
    guard children[child].threads[thread].isLive else { return }
    _ = try script.call(children[child].threads[thread].real, opcode)
  }

  /// The contents of one dataspace of a checkpoint for a component that runs, found by its size; everything else of the
  /// component stays its own. Models the experiment `rtcr_sheep_counter_ds_only_restore`.
  mutating func startMemoryRestore(_ name: String, into target: String, bytes: UInt64) {
    guard let checkpoint = checkpoints.lastIndex(where: { $0.name == name }) else {
      return refuse(.unknownCheckpoint(name))
    }
    guard let child = runningChild(target) else { return refuse(.targetNotRunning(target)) }
    let stored = checkpoints[checkpoint].image.dataspaces
    guard
      let source = stored.indices.first(where: { stored[$0].provenance == .captured && stored[$0].size == bytes }),
      let row = children[child].dataspaces.firstIndex(where: { $0.isLive && $0.kind == .ram && $0.size == bytes })
    else { return refuse(.requestFailed("\(target): a dataspace of \(bytes) bytes on both sides")) }
    jobs += commands(.pause, to: child)
    jobs.append(.overwrite(child: child, dataspace: row, checkpoint: checkpoint, source: source))
    jobs += commands(.resume, to: child)
  }

  mutating func overwrite(
    _ dataspace: Int, of child: Int, checkpoint: Int, _ source: Int, _ script: inout Script
  ) throws(Suspension) {
    guard checkpoints.indices.contains(checkpoint), checkpoints[checkpoint].copies.indices.contains(source),
      let copy = checkpoints[checkpoint].copies[source]
    else { return refuse(.requestFailed("\(children[child].name): the stored copy")) }
    let target = children[child].dataspaces[dataspace]
    try copyWhole(from: copy, to: target.real, bytes: target.size, &script)
    outbox.append(.dataspaceCopied(of: checkpoints[checkpoint].name, badge: target.real.badge, bytes: target.size))
  }
}
