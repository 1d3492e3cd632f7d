import FiascoABI
import Genode

// Recording objects, copying memory, writing the image. Writes taking, checkpoints.

extension Checkpointer {
  mutating func carryOutCopy(_ job: CheckpointerJob, _ script: inout Script) throws(Suspension) {
    switch job {
    case .askSignals: try askSignals(&script)
    case .openCapabilityMap: try openCapabilityMap(&script)
    case .readCapabilityMap(let page): try readCapabilityMap(page: page, &script)
    case .closeCapabilityMap:
      try closeCapabilityMap(&script)
    case .recordObjects: try recordObjects(&script)
    case .prepare(let step): try prepare(step, &script)
    case .endStep(let step): end(step)
    case .allocateCopy(let index): try allocateCopy(index, &script)
    case .beginDump:
      outbox.append(.phaseEnded(.metadata, of: run.name, run.counts))
      outbox.append(.phaseStarted(.dump, of: run.name))
    case .copyOut(let index): try copyOut(index, &script)
    case .endDump: outbox.append(.phaseEnded(.dump, of: run.name, run.counts))
    case .openCopy(let index): try openCopy(index, &script)
    case .writeOut(let index, let offset): try writeOut(index, from: offset, &script)
    case .closeCopy(let index): try closeCopy(index, &script)
    case .finishImage: finishImage()
    case .freeCopy(let copy):
      _ = try script.call(environment.ram, RAMOpcode.free, [], [copy])
      slots.release(copy.slot)
    default: preconditionFailure("this job belongs to another part of the checkpointer")
    }
  }

  // MARK: Metadata

  /// The interrupt behind the signal source is core's; asking for it again gives its badge.
  private mutating func askSignals(_ script: inout Script) throws(Suspension) {
    guard let source = children[run.child].signalSource else { return }
    let slot = slots.take()
    let reply = try script.call(source, SignalSourceOpcode.requestSemaphore, receiveInto: [slot])
    run.interrupt = reply.capability
    if let interrupt = reply.capability { _ = try script.invoke(KernelCall.dropObject(interrupt.slot)) }
    slots.release(slot)
  }

  private static let entriesPerPage = CapMapLayout.entries / 8

  private mutating func openCapabilityMap(_ script: inout Script) throws(Suspension) {
    guard let place = children[run.child].place(of: run.capabilityMapAddress) else { return }
    let dataspace = children[run.child].dataspaces[place.dataspace].real
    if let address = try attachHere(dataspace, &script) {
      run.capabilityMap = AttachedHere(badge: dataspace.badge, address: address + place.offset)
      jobs += (0..<8).map { .readCapabilityMap(page: $0) }
    }
    jobs += [.closeCapabilityMap, .recordObjects]
  }

  private mutating func readCapabilityMap(page: Int, _ script: inout Script) throws(Suspension) {
    guard let map = run.capabilityMap else { return }
    let offset = UInt64(page * Self.entriesPerPage) * CapMapLayout.entrySize
    run.capabilityMapWords += try script.read(map.address + offset, count: Self.entriesPerPage)
  }

  /// Every entry is looked at; each slot in use becomes a node of the list of capabilities.
  private mutating func closeCapabilityMap(_ script: inout Script) throws(Suspension) {
    if let map = run.capabilityMap { try detachHere(map.address, &script) }
    run.capabilityMap = nil
    var work = ListWork(configuration.metadata)
    work.lines += 1
    try script.compute(
      picoseconds: configuration.costs.picosecondsPerCapabilityEntry * UInt64(CapMapLayout.entries))
    try settle(work, &script)
  }

  /// Everything the records of the child say becomes part of the image.
  private mutating func recordObjects(_ script: inout Script) throws(Suspension) {
    (run.image, run.dataspaces) = children[run.child].image(run, kernelProfile: configuration.kernelProfile)
    run.image.services = announced.filter { $0.child == run.child }.map {
      ServiceImage(name: $0.name, rootBadge: $0.root.badge)
    }
    for index in run.image.timers.indices {
      guard let session = children[run.child].session(own: run.image.timers[index].sessionBadge) else { continue }
      let online = children[run.child].sessions[session]
      let elapsed = try script.call(online.real, TimerOpcode.elapsedMilliseconds).word(0)
      run.image.timers[index].elapsedMilliseconds = elapsed + online.timer.offsetMilliseconds
    }
    run.counts.objects = run.image.objectCounts.reduce(0) { $0 + Int($1.count) }
    run.counts.capabilities = run.image.capabilities.count
    run.counts.regions = run.image.regions.count
    for capability in run.image.capabilities {
      outbox.append(
        .capabilityRecorded(
          checkpoint: run.name, slot: capability.slot, badge: capability.badge, kind: capability.kind))
    }
    run.copies = Array(repeating: nil, count: run.image.dataspaces.count)
    end(.capabilityMap)
    let captured = run.image.dataspaces.indices.filter { run.image.dataspaces[$0].provenance == .captured }
    for step in [.ramSession, .pdSession, .cpuSession, .rmSessions, .logSessions, .timerSessions] as [CheckpointStep] {
      jobs.append(.prepare(step))
      if step == .ramSession { jobs += captured.map { .allocateCopy(dataspace: $0) } }
      jobs.append(.endStep(step))
    }
    enqueueDump(captured)
  }

  private mutating func enqueueDump(_ captured: [Int]) {
    jobs += [.beginDump, .prepare(.memoryList), .endStep(.memoryList)]
    jobs += captured.map { .copyOut(dataspace: $0) }
    jobs += [.endStep(.copy), .endDump]
    jobs += run.threads.indices.map { .resume(thread: $0) }
    jobs.append(.endStep(.resume))
    jobs.append(.endFrozen)
    jobs += captured.map { .openCopy(dataspace: $0) }
    jobs.append(.finishImage)
  }

  private mutating func allocateCopy(_ index: Int, _ script: inout Script) throws(Suspension) {
    run.copies[index] = try allocateHere(run.image.dataspaces[index].size, &script)
    if run.copies[index] == nil { run.image.dataspaces[index].provenance = .notCaptured }
  }

  // MARK: Memory

  /// Attach both, copy, detach both, as the original does it. The detach flushes the target's own mappings, too: it
  /// pays soft faults after the checkpoint.
  private mutating func copyOut(_ index: Int, _ script: inout Script) throws(Suspension) {
    guard let row = run.dataspaces[index], let copy = run.copies[index] else { return }
    let source = children[run.child].dataspaces[row]
    try copyWhole(from: source.real, to: copy, bytes: source.size, &script)
    run.counts.bytes += source.size
    run.counts.pages += Int(source.size / ComponentLayout.pageSize)
    var work = ListWork(configuration.metadata)
    work.lines += 1
    try script.compute(picoseconds: configuration.costs.picosecondsPerCopiedByte * source.size)
    try settle(work, &script)
    outbox.append(.dataspaceCopied(of: run.name, badge: source.real.badge, bytes: source.size))
  }

  func copyWhole(
    from source: RPCCapability, to target: RPCCapability, bytes: UInt64, _ script: inout Script
  ) throws(Suspension) {
    guard let from = try attachHere(source, &script) else { return }
    if let to = try attachHere(target, &script) {
      try script.copy(to: to, from: from, bytes: bytes)
      try detachHere(to, &script)
    }
    try detachHere(from, &script)
  }

  // MARK: Writing

  /// Bytes read and written out in one step.
  static let chunk: UInt64 = 64 << 10

  private mutating func openCopy(_ index: Int, _ script: inout Script) throws(Suspension) {
    if index == run.copies.firstIndex(where: { $0 != nil }) { outbox.append(.phaseStarted(.write, of: run.name)) }
    guard let copy = run.copies[index], let address = try attachHere(copy, &script) else { return }
    run.open = address
    run.chunks = []
    let size = run.image.dataspaces[index].size
    var next: [CheckpointerJob] = stride(from: 0, to: size, by: UInt64.Stride(Self.chunk)).map {
      .writeOut(dataspace: index, offset: $0)
    }
    next.append(.closeCopy(dataspace: index))
    jobs.insert(contentsOf: next, at: 0)
  }

  private mutating func writeOut(_ index: Int, from offset: UInt64, _ script: inout Script) throws(Suspension) {
    let bytes = min(Self.chunk, run.image.dataspaces[index].size - offset)
    let words = try script.read(run.open + offset, count: Int(bytes / 8))
    try script.compute(picoseconds: configuration.costs.picosecondsPerWrittenByte * bytes)
    run.chunks.append(words.withUnsafeBytes { Array($0) })
  }

  private mutating func closeCopy(_ index: Int, _ script: inout Script) throws(Suspension) {
    try detachHere(run.open, &script)
    run.image.dataspaces[index].contents = Self.withoutTrailingZeros(run.chunks)
    run.chunks = []
  }

  private static func withoutTrailingZeros(_ chunks: [[UInt8]]) -> [UInt8] {
    guard let last = chunks.lastIndex(where: { $0.contains { $0 != 0 } }) else { return [] }
    var bytes = Array(chunks[...last].joined())
    let end = bytes.lastIndex { $0 != 0 } ?? 0
    bytes.removeLast(bytes.count - 1 - end)
    return bytes
  }

  private mutating func finishImage() {
    let finished = run
    outbox.append(.phaseEnded(.write, of: finished.name, finished.counts))
    if let inconsistency = finished.image.inconsistency { refuse(.inconsistentImage(inconsistency)) }
    let stored = StoredCheckpoint(
      name: finished.name, target: children[finished.child].name, image: finished.image, copies: finished.copies)
    if let old = checkpoints.firstIndex(where: { $0.name == finished.name }) {
      jobs += checkpoints[old].copies.compactMap { $0 }.map { .freeCopy($0) }
      checkpoints[old] = stored
    } else {
      checkpoints.append(stored)
    }
    outbox.append(.imageWritten(checkpoint: finished.name, bytes: finished.counts.bytes))
    taking = nil
  }
}
