import Genode

// Reading the copies into the image while the target runs again. Writes taking, checkpoints, background.

/// Bytes of a dataspace's copy that go into the image.
struct MemoryStretch: Hashable, BitwiseCopyable, Sendable {
  var offset: UInt64
  var size: UInt64
}

/// What was read of it, without the stretches that are zero.
struct ReadChunk: Hashable, Sendable {
  var offset: UInt64
  var bytes: [UInt8]
}

extension Checkpointer {
  /// Bytes read and written out in one step.
  static let chunk: UInt64 = 64 << 10

  mutating func carryOutWrite(_ job: CheckpointerJob, _ script: inout Script) throws(Suspension) {
    switch job {
    case .openCopy(let index): try openCopy(index, &script)
    case .writeOut(let index, let stretch, let offset): try writeOut(index, stretch, from: offset, &script)
    case .closeCopy(let index): try closeCopy(index, &script)
    case .finishImage: finishImage()
    case .freeCopy(let copy):
      _ = try script.call(environment.ram, RAMOpcode.free, [], [copy])
      slots.release(copy.slot)
    default: preconditionFailure("this job belongs to another part of the checkpointer")
    }
  }

  private mutating func openCopy(_ index: Int, _ script: inout Script) throws(Suspension) {
    if !run.isWriting {
      run.isWriting = true
      outbox.append(.phaseStarted(.write, of: run.name))
    }
    guard !run.stretches[index].isEmpty, let copy = run.copies[index] else { return closeUntouched(index) }
    guard let address = try attachHere(copy, &script) else {
      return abort(.requestFailed("attaching a copy"))
    }
    run.open = address
    run.chunks = []
    background.pushFront([
      .writeOut(dataspace: index, stretch: 0, offset: run.stretches[index][0].offset), .closeCopy(dataspace: index),
    ])
  }

  /// One chunk; the next one follows it, so that the queue does not grow with the memory.
  private mutating func writeOut(
    _ index: Int, _ position: Int, from offset: UInt64, _ script: inout Script
  ) throws(Suspension) {
    let stretch = run.stretches[index][position]
    let bytes = min(Self.chunk, stretch.offset + stretch.size - offset)
    let words = try script.read(run.open + offset, count: Int(bytes / 8))
    try script.compute(picoseconds: configuration.costs.picosecondsPerWrittenByte * bytes)
    run.counts.bytesWritten += bytes
    let isZero = words.allSatisfy { $0 == 0 }
    if !isZero || offset < UInt64(base(of: index).count) {
      run.chunks.append(ReadChunk(offset: offset, bytes: words.withUnsafeBytes { Array($0) }))
    }
    if offset + bytes < stretch.offset + stretch.size {
      background.pushFront(.writeOut(dataspace: index, stretch: position, offset: offset + bytes))
    } else if position + 1 < run.stretches[index].count {
      let next = run.stretches[index][position + 1].offset
      background.pushFront(.writeOut(dataspace: index, stretch: position + 1, offset: next))
    }
  }

  /// What the checkpoint before found, where it is known that the rest has not changed.
  private func base(of index: Int) -> [UInt8] {
    guard let row = run.dataspaces[index] else { return [] }
    return children[run.child].stored.kept.first { $0.row == row }?.contents ?? []
  }

  private mutating func closeUntouched(_ index: Int) {
    run.contents[index] = base(of: index)
  }

  private mutating func closeCopy(_ index: Int, _ script: inout Script) throws(Suspension) {
    try detachHere(run.open, &script)
    var contents = base(of: index)
    let end = run.chunks.map { Int($0.offset) + $0.bytes.count }.max() ?? 0
    if contents.count < end { contents += [UInt8](repeating: 0, count: end - contents.count) }
    for chunk in run.chunks {
      contents.replaceSubrange(Int(chunk.offset)..<Int(chunk.offset) + chunk.bytes.count, with: chunk.bytes)
    }
    let used = (contents.lastIndex { $0 != 0 } ?? -1) + 1
    contents.removeLast(contents.count - used)
    run.contents[index] = contents
    run.chunks = []
  }

  private mutating func finishImage() {
    for index in run.image.dataspaces.indices { run.image.dataspaces[index].contents = run.contents[index] }
    countHeldBytes()
    describeOrigin()
    let finished = run
    jobs += finished.unusedCopies.map { .freeCopy($0) }
    outbox.append(.phaseEnded(.write, of: finished.name, finished.counts))
    taking = nil
    if finished.member + 1 == parkedRuns.count { forgetRuns() }
    if let inconsistency = finished.image.inconsistency {
      refuse(.inconsistentImage(inconsistency))
      return jobs += finished.ownCopies.elements.map { .freeCopy($0) }
    }
    var stored = StoredCheckpoint(
      name: finished.name, target: children[finished.child].name, image: finished.image,
      copies: finished.copies.elements)
    stored.group = finished.group
    if configuration.strategy.keepsCopies { keepCopies(finished, &stored) }
    if let old = checkpoints.firstIndex(where: { $0.name == finished.name }) {
      jobs += checkpoints[old].copies.compactMap { $0 }.map { .freeCopy($0) }
      retire(checkpoints[old].image)
      checkpoints[old] = stored
    } else {
      checkpoints.append(stored)
    }
    outbox.append(.imageWritten(checkpoint: finished.name, bytes: finished.counts.bytes))
    releaseOutputs(of: finished)
    if configuration.destination != nil {
      jobs.append(.handOver(name: finished.name, bytes: finished.counts.bytes))
    }
  }

  /// Everything is there at the end: copies are allocated and never freed on the way.
  private mutating func countHeldBytes() {
    for index in run.copies.indices where run.copies[index] != nil {
      run.counts.bytesHeld += run.image.dataspaces[index].size
    }
    for mirror in mirrors where mirror.child == run.child {
      run.counts.bytesHeld += UInt64(mirror.snapshots.count) * children[run.child].dataspaces[mirror.row].size
    }
  }

  /// Name, generation, parent, and where each page comes from.
  private mutating func describeOrigin() {
    let own = run.ownCopies.elements
    let target = children[run.child].name
    var image = run.image
    image.name = run.name
    image.generation = (checkpoints.filter { $0.target == target }.map(\.image.generation).max() ?? 0) + 1
    var usesParent = false
    for index in image.dataspaces.indices {
      guard let copy = run.copies[index] else { continue }
      let isKept = !own.contains(copy) && children[run.child].stored.parent != nil
      usesParent = usesParent || isKept
      image.dataspaces[index].describePages(copied: run.stretches[index], hasParent: isKept)
    }
    image.parent = usesParent ? children[run.child].stored.parent : nil
    run.image = image
  }

  private mutating func retire(_ image: CheckpointImage) {
    guard configuration.keptGenerations > 1 else { return }
    retired.append(image)
    while retired.count(where: { $0.name == image.name }) >= configuration.keptGenerations {
      guard let oldest = retired.firstIndex(where: { $0.name == image.name }) else { return }
      retired.remove(at: oldest)
    }
  }

  // MARK: Copies that survive

  /// The next incremental checkpoint goes on with these copies; the one before lives on in its bytes.
  private mutating func keepCopies(_ finished: CheckpointRun, _ stored: inout StoredCheckpoint) {
    giveUpShared(of: finished.child)
    let before = children[finished.child].stored.kept
    var kept: [StoredState.Kept] = []
    for index in finished.copies.indices {
      guard let row = finished.dataspaces[index], let copy = finished.copies[index] else { continue }
      kept.append(
        StoredState.Kept(row: row, copy: copy, contents: finished.image.dataspaces[index].contents))
    }
    let gone = before.filter { old in !kept.contains { $0.row == old.row } }
    jobs += gone.map { .freeCopy($0.copy) }
    children[finished.child].stored.kept = children[finished.child].condition == .killed ? [] : kept
    children[finished.child].stored.parent = ParentImage(
      name: finished.image.name, generation: finished.image.generation)
    if children[finished.child].condition != .killed { stored.sharedWith = finished.child }
  }

  mutating func giveUpShared(of child: Int) {
    for index in checkpoints.indices where checkpoints[index].sharedWith == child {
      checkpoints[index].copies = []
      checkpoints[index].sharedWith = nil
    }
  }

  /// The checkpoint gets its copies for itself: it is about to change them, or the child is no more.
  mutating func claimCopies(of checkpoint: Int) {
    guard let child = checkpoints[checkpoint].sharedWith else { return }
    checkpoints[checkpoint].sharedWith = nil
    children[child].stored.kept = []
  }
}
