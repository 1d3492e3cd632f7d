import FiascoABI
import Genode

// Recording objects and copying memory while the target stands still. Writes taking.

extension Checkpointer {
  mutating func carryOutCopy(_ job: CheckpointerJob, _ script: inout Script) throws(Suspension) {
    switch job {
    case .askSignals: try askSignals(&script)
    case .openCapabilityMap: try openCapabilityMap(&script)
    case .readCapabilityMap(let piece): try readCapabilityMap(piece, &script)
    case .closeCapabilityMap:
      try closeCapabilityMap(&script)
    case .recordObjects: recordObjects()
    case .askTimer(let index): try askTimer(index, &script)
    case .announceObjects: announceObjects()
    case .prepare(let step): try prepare(step, &script)
    case .endStep(let step): end(step)
    case .allocateCopy(let index): try allocateCopy(index, &script)
    case .beginDump:
      outbox.append(.phaseEnded(.metadata, of: run.name, run.counts))
      outbox.append(.phaseStarted(.dump, of: run.name))
    case .mark: mark()
    case .rearm(let index, let part): try rearm(part, of: index, &script)
    case .copyOut(let index, let piece): try copyOut(index, piece, &script)
    case .endDump: outbox.append(.phaseEnded(.dump, of: run.name, run.counts))
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

  /// The map lies in a dataspace of the child, or in several parts of a managed one.
  private mutating func openCapabilityMap(_ script: inout Script) throws(Suspension) {
    if let place = children[run.child].place(of: run.capabilityMapAddress) {
      run.capabilityMapOffset = place.offset
      let dataspace = children[run.child].dataspaces[place.dataspace]
      let last = dataspace.pieceIndex(at: place.offset + CapMapLayout.size - 1)
      for index in dataspace.pieceIndex(at: place.offset)...last {
        jobs.append(.readCapabilityMap(dataspace.piece(index)))
      }
    }
    jobs += [.closeCapabilityMap, .recordObjects]
  }

  private mutating func readCapabilityMap(_ piece: MemoryPiece, _ script: inout Script) throws(Suspension) {
    let begin = max(piece.offset, run.capabilityMapOffset)
    let end = min(piece.offset + piece.size, run.capabilityMapOffset + CapMapLayout.size)
    guard begin < end else { return }
    guard let address = try attachHere(piece.dataspace, &script) else {
      return abort(.requestFailed("attaching the capability map"))
    }
    run.capabilityMapWords += try script.read(address + begin - piece.offset, count: Int((end - begin) / 8))
    try detachHere(address, &script)
  }

  /// Every entry is looked at; each slot in use becomes a node of the list of capabilities.
  private mutating func closeCapabilityMap(_ script: inout Script) throws(Suspension) {
    var work = ListWork(configuration.metadata)
    work.lines += 1
    try script.compute(
      picoseconds: configuration.costs.picosecondsPerCapabilityEntry * UInt64(CapMapLayout.entries))
    try settle(work, &script)
  }

  /// Everything the records of the child say becomes part of the image.
  private mutating func recordObjects() {
    (run.image, run.dataspaces) = children[run.child].image(run, kernelProfile: configuration.kernelProfile)
    run.image.services = announced.filter { $0.child == run.child }.map {
      ServiceImage(name: $0.name, rootBadge: $0.root.badge)
    }
    jobs.pushFront(run.image.timers.indices.map { .askTimer(index: $0) } + [.announceObjects])
  }

  private mutating func askTimer(_ index: Int, _ script: inout Script) throws(Suspension) {
    guard let session = children[run.child].session(own: run.image.timers[index].sessionBadge) else { return }
    let online = children[run.child].sessions[session]
    let elapsed = try script.call(online.real, TimerOpcode.elapsedMilliseconds).word(0)
    run.image.timers[index].elapsedMilliseconds = elapsed + online.timer.offsetMilliseconds
  }

  /// The image is complete but for the bytes of the memory; the records of earlier checkpoints come next.
  private mutating func announceObjects() {
    if run.quiescence != .notAsked, run.member + 1 == runs.count { jobs.pushFront(.checkQuiescence) }
    run.counts.objects = run.image.objectCounts.reduce(0) { $0 + Int($1.count) }
    run.counts.capabilities = run.image.capabilities.count
    run.counts.regions = run.image.regions.count
    for capability in run.image.capabilities {
      outbox.append(
        .capabilityRecorded(
          checkpoint: run.name, slot: capability.slot, badge: capability.badge, kind: capability.kind))
    }
    run.copies = ChunkedList(repeating: nil, count: run.image.dataspaces.count)
    run.contents = ChunkedList(repeating: [], count: run.image.dataspaces.count)
    end(.capabilityMap)
    let captured = run.image.dataspaces.indices.filter { run.image.dataspaces[$0].provenance == .captured }
    for step in [.ramSession, .pdSession, .cpuSession, .rmSessions, .logSessions, .timerSessions] as [CheckpointStep] {
      jobs.append(.prepare(step))
      if step == .ramSession { jobs += captured.map { .allocateCopy(dataspace: $0) } }
      jobs.append(.endStep(step))
    }
    enqueueDump()
  }

  private mutating func enqueueDump() {
    jobs += [.beginDump, .prepare(.memoryList), .endStep(.memoryList), .mark]
  }

  /// Decides what is to be copied: everything, or, where an older copy exists, what was touched since it was made.
  private mutating func mark() {
    let strategy = configuration.strategy
    var stretches = [[MemoryStretch]](repeating: [], count: run.image.dataspaces.count)
    var isOwn: [UInt32: Bool] = [:]  // lookup only, by slot
    for copy in run.ownCopies { isOwn[copy.slot.index] = true }
    var copies: [CheckpointerJob] = []
    var rearmed: [CheckpointerJob] = []
    var mirrored: [(row: Int, copiesAll: Bool)] = []
    for index in run.image.dataspaces.indices {
      guard let copy = run.copies[index], let row = run.dataspaces[index] else { continue }
      let dataspace = children[run.child].dataspaces[row]
      let hasOlder = run.preCopy?.copy(of: row) != nil || isOwn[copy.slot.index] == nil
      if strategy.mirrorsWrites { mirrored.append((row, !hasOlder)) }
      let onlyFirst = has(.firstDesignatedOnly) && dataspace.managed != nil
      for piece in 0..<dataspace.pieceCount {
        let extent = dataspace.piece(piece)
        let isTouched = dataspace.managed.map { $0.parts[piece].isAttached } ?? true
        let isCopied = (isTouched || !hasOlder) && (piece == 0 || !onlyFirst)
        if isCopied || !strategy.keepsCopies {
          stretches[index].append(MemoryStretch(offset: extent.offset, size: extent.size))
        }
        if isCopied, !strategy.copiesAfterThaw { copies.append(.copyOut(dataspace: index, piece: piece)) }
        if isTouched, dataspace.managed != nil, strategy.keepsCopies || strategy.copiesAfterThaw {
          rearmed.append(.rearm(dataspace: index, part: piece))
        }
      }
    }
    run.stretches = stretches
    if !rearmed.isEmpty { jobs += rearmed + [.endStep(.rearm)] }
    if strategy.copiesAfterThaw { setPending(true) } else { jobs += copies + [.endStep(.copy)] }
    for entry in mirrored { arrangeMirror(of: entry.row, copiesAll: entry.copiesAll) }
    enqueueThaw()
  }

  private mutating func allocateCopy(_ index: Int, _ script: inout Script) throws(Suspension) {
    if let kept = children[run.child].stored.kept.first(where: { $0.row == run.dataspaces[index] }) {
      run.copies[index] = kept.copy
      return
    }
    if let early = run.dataspaces[index].flatMap({ run.preCopy?.copy(of: $0) }) {
      run.copies[index] = early
      return
    }
    let size = run.image.dataspaces[index].size
    guard let copy = try allocateHere(size, &script) else { return try abortForRAM(size, &script) }
    run.copies[index] = copy
    run.ownCopies.append(copy)
  }

  mutating func abortForRAM(_ size: UInt64, _ script: inout Script) throws(Suspension) {
    let limit = try script.call(environment.ram, RAMOpcode.quota).word(0)
    let used = try script.call(environment.ram, RAMOpcode.used).word(0)
    abort(.notEnoughRAM(needed: size, available: limit - min(limit, used)))
  }

  // MARK: Memory

  /// Attach both, copy, detach both, as the original does it. The detach flushes the target's own mappings, too: it
  /// pays soft faults after the checkpoint.
  mutating func copyOut(_ index: Int, _ number: Int, _ script: inout Script) throws(Suspension) {
    guard let row = run.dataspaces[index], let copy = run.copies[index] else { return }
    try copyOut(children[run.child].dataspaces[row].piece(number), copy, &script)
  }

  mutating func copyOut(
    _ piece: MemoryPiece, _ copy: RPCCapability, _ script: inout Script
  ) throws(Suspension) {
    guard try self.copy(piece, .intoCopy, copy, &script) else {
      return abort(.requestFailed("attaching what is to be copied"))
    }
    run.counts.bytes += piece.size
    run.counts.pages += Int(piece.size / ComponentLayout.pageSize)
    var work = ListWork(configuration.metadata)
    work.lines += 1
    try script.compute(picoseconds: configuration.costs.picosecondsPerCopiedByte * piece.size)
    try settle(work, &script)
    outbox.append(.dataspaceCopied(of: run.name, badge: piece.dataspace.badge, bytes: piece.size))
  }

  /// Between a piece of a child's memory and the same stretch of its copy; false if one cannot be attached.
  func copy(
    _ piece: MemoryPiece, _ direction: CopyDirection, _ copy: RPCCapability, _ script: inout Script
  ) throws(Suspension) -> Bool {
    guard let inside = try attachHere(piece.dataspace, &script) else { return false }
    let place = try attach(
      copy, to: environment.addressSpace, size: piece.size, offset: piece.offset, payer: environment.pd, &script)
    if let place {
      switch direction {
      case .intoCopy: try script.copy(to: place, from: inside, bytes: piece.size)
      case .fromCopy: try script.copy(to: inside, from: place, bytes: piece.size)
      }
      try detachHere(place, &script)
    }
    try detachHere(inside, &script)
    return place != nil
  }
}

/// Which way bytes go between a dataspace and its copy.
enum CopyDirection: Hashable, BitwiseCopyable, Sendable { case intoCopy, fromCopy }
