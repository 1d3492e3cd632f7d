import Genode

// Checkpoints and restores that cannot be completed. Writes taking, jobs, background, checkpoints.

extension Checkpointer {
  /// Ends a checkpoint in the middle: the target goes on as after a complete one, the copies are freed, and what earlier
  /// checkpoints hold stays as it was.
  mutating func abort(_ reason: RefusalReason) {
    jobs.removeAll { if case .wake = $0 { false } else { true } }
    background.removeAll()
    for run in runs {
      jobs.append(.turnTo(run.member))
      if run.isFrozen, !run.isThawed {
        jobs += run.threads.indices.filter { run.threads[$0].image == nil }.map { .classify(thread: $0) }
        if run.stubPlace != 0 { jobs.append(.detachStub(child: run.child)) }
        jobs += run.pendingSignals.indices.map { .returnSignals(position: $0) }
        jobs += run.threads.indices.map { .resume(thread: $0) }
      }
      giveUpKept(of: run)
    }
    stopCopyingBehind()
    jobs.append(.abandonCheckpoint(reason))
  }

  /// Some of the copies may be newer than the rest: nobody can go on with them.
  private mutating func giveUpKept(of run: CheckpointRun) {
    guard configuration.strategy.keepsCopies else { return }
    jobs += children[run.child].stored.kept.map { .freeCopy($0.copy) }
    children[run.child].stored.kept = []
    giveUpShared(of: run.child)
  }

  mutating func abandonCheckpoint(_ reason: RefusalReason) {
    for run in runs where run.isFrozen && !run.isThawed {
      outbox.append(.phaseEnded(.frozen, of: run.name, run.counts))
    }
    abandon(reason)
    serveFaults()
  }

  /// Whether the capability table has room for components like the images'.
  func hasSlots(for images: [CheckpointImage]) -> Bool {
    let objects = images.reduce(0) { sum, image in
      sum + 2 * (image.threads.count + image.sessions.count + image.regionMaps.count) + image.rpcObjects.count
        + image.signalContexts.count + image.dataspaces.count
    }
    guard hasManagedMemory else { return slots.free > objects + Self.slotReserve }
    let granularity = UInt64(configuration.granularity) * ComponentLayout.pageSize
    let parts = images.flatMap(\.dataspaces).filter { $0.provenance == .captured }.reduce(UInt64(0)) {
      $0 + $1.size / granularity + 2
    }
    return UInt64(slots.free) > UInt64(objects + Self.slotReserve) + parts
  }
}

extension TargetChild {
  /// What a freshly loaded child has that the image does not know; restoring by order and name needs the same program.
  func misfit(_ image: CheckpointImage) -> String? {
    let wanted = image.dataspaces.filter { $0.provenance == .captured }.map(\.size)
    let found = dataspaces.filter { $0.isLive && $0.kind == .ram }.map(\.size)
    if found.count > wanted.count { return "\(found.count) RAM dataspaces, the image has \(wanted.count)" }
    for (position, size) in found.enumerated() where wanted[position] != size {
      return "RAM dataspace \(position) of \(size) bytes, the image has one of \(wanted[position])"
    }
    let stranger = threads.first { thread in thread.isLive && !image.threads.contains { $0.name == thread.name } }
    return stranger.map { "a thread `\($0.name)` that the image does not have" }
  }
}
