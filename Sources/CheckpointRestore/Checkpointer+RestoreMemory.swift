import FiascoABI
import Genode

// Memory, regions, capability space and threads of a restored child. Writes restoring, children, checkpoints[].copies.

extension Checkpointer {
  private static let mapPages = 8
  private static let entriesPerPage = CapMapLayout.entries / mapPages

  private func copy(of dataspace: Int) -> RPCCapability? {
    let copies = checkpoints[restore.checkpoint].copies
    return dataspace < copies.count ? copies[dataspace] : nil
  }

  // MARK: Capability map

  /// The map lies in the memory that is about to be copied, so it is patched in the stored copy, before.
  mutating func openCapabilityMapCopy(_ script: inout Script) throws(Suspension) {
    guard let place = restore.image.capabilityMapPlace else { return }
    try script.compute(picoseconds: configuration.costs.picosecondsPerCapabilityEntry * UInt64(CapMapLayout.entries))
    guard let copy = copy(of: place.dataspace), let address = try attachHere(copy, &script) else { return }
    restore.open = address
    jobs.pushFront((0...Self.mapPages).map { .patchCapabilityMap(page: $0) })
  }

  /// The page after the last one closes the copy.
  mutating func patchCapabilityMap(page: Int, _ script: inout Script) throws(Suspension) {
    guard let place = restore.image.capabilityMapPlace else { return }
    guard page < Self.mapPages else { return try detachHere(restore.open, &script) }
    let words = patchedMap(at: place)
    let first = page * Self.entriesPerPage
    let offset = place.offset + UInt64(first) * CapMapLayout.entrySize
    try script.write(restore.open + offset, Array(words[first..<first + Self.entriesPerPage]))
  }

  private func patchedMap(at place: (dataspace: Int, offset: UInt64)) -> [UInt64] {
    let contents = restore.image.dataspaces[place.dataspace].contents
    let words = (0..<CapMapLayout.entries).map { Self.word(contents, at: Int(place.offset) + 8 * $0) }
    return CapabilityMapPatch.patched(words, by: restore.translation)
  }

  /// Bytes left out at the end of an image's contents are zero.
  private static func word(_ bytes: [UInt8], at index: Int) -> UInt64 {
    var word: UInt64 = 0
    for position in 0..<8 where index + position < bytes.count {
      word |= UInt64(bytes[index + position]) << UInt64(8 * position)
    }
    return word
  }

  // MARK: Contents

  mutating func restoreContents(_ index: Int, _ script: inout Script) throws(Suspension) {
    guard let target = restore.dataspaces[index] else { return }
    let image = restore.image.dataspaces[index]
    restore.counts.bytes += image.size
    if let row = children[restore.child].dataspace(badge: target.badge),
      children[restore.child].dataspaces[row].managed != nil
    {
      return restoreManaged(index, row)
    }
    if let copy = copy(of: index) {
      let backwards = restore.mode == .bootstrap && configuration.bootstrapCopy == .intoCheckpoint
      let whole = MemoryPiece(dataspace: target, offset: 0, size: image.size)
      try self.copy(whole, backwards ? .intoCopy : .fromCopy, copy, &script)
      outbox.append(
        .dataspaceCopied(of: checkpoints[restore.checkpoint].name, badge: target.badge, bytes: image.size))
      return
    }
    // A checkpoint made elsewhere has no copy here, only its bytes.
    guard let address = try attachHere(target, &script) else { return giveUpRestore("contents") }
    restore.open = address
    let size = UInt64(image.contents.count)
    var next: [CheckpointerJob] = stride(from: 0, to: size, by: UInt64.Stride(Self.chunk)).map {
      .fill(dataspace: index, offset: $0)
    }
    next.append(.fill(dataspace: index, offset: .max))
    jobs.pushFront(next)
  }

  /// All parts are attached, but to the child: they are filled one by one, from the copy or from the image's bytes.
  private mutating func restoreManaged(_ index: Int, _ row: Int) {
    let dataspace = children[restore.child].dataspaces[row]
    let backwards = restore.mode == .bootstrap && configuration.bootstrapCopy == .intoCheckpoint
    jobs.pushFront(
      (0..<dataspace.pieceCount).map { number in
        guard let copy = copy(of: index) else { return .fillPiece(dataspace: index, dataspace.piece(number)) }
        return .transfer(dataspace.piece(number), backwards ? .intoCopy : .fromCopy, copy: copy)
      })
    outbox.append(
      .dataspaceCopied(
        of: checkpoints[restore.checkpoint].name, badge: dataspace.real.badge, bytes: dataspace.size))
  }

  mutating func fill(_ index: Int, _ piece: MemoryPiece, _ script: inout Script) throws(Suspension) {
    let size = UInt64(restore.image.dataspaces[index].contents.count)
    guard piece.offset < size, let address = try attachHere(piece.dataspace, &script) else { return }
    try script.write(address, words(of: index, from: piece.offset, bytes: min(piece.size, size - piece.offset)))
    try detachHere(address, &script)
  }

  /// One piece of an image's bytes; the piece beyond the end closes the dataspace.
  mutating func fill(_ index: Int, from offset: UInt64, _ script: inout Script) throws(Suspension) {
    guard offset != .max else { return try detachHere(restore.open, &script) }
    let size = UInt64(restore.image.dataspaces[index].contents.count)
    try script.write(restore.open + offset, words(of: index, from: offset, bytes: min(Self.chunk, size - offset)))
  }

  /// Bytes of the image, with the new capability map where that lies.
  private func words(of index: Int, from offset: UInt64, bytes: UInt64) -> [UInt64] {
    let contents = restore.image.dataspaces[index].contents
    let count = (bytes + 7) / 8
    var words = (0..<count).map { Self.word(contents, at: Int(offset + 8 * $0)) }
    if let place = restore.image.capabilityMapPlace, place.dataspace == index {
      let map = patchedMap(at: place)
      for position in words.indices {
        let at = Int(offset) + 8 * position - Int(place.offset)
        if at >= 0, at / 8 < map.count { words[position] = map[at / 8] }
      }
    }
    return words
  }

  // MARK: Regions and capabilities

  mutating func restoreRegion(_ index: Int, _ script: inout Script) throws(Suspension) {
    let image = restore.image.regions[index]
    guard let map = restore.maps[image.map], let dataspace = restore.dataspaces[image.dataspaceIndex] else {
      return giveUpRestore("region without map or dataspace")
    }
    restore.counts.regions += 1
    let regions = children[restore.child].maps[map].regions
    if regions.contains(where: { $0.address == image.address }) { return }
    let attached = try attach(
      dataspace, toMap: map, of: restore.child, at: image.address, size: image.size, offset: image.offset,
      executable: image.executable, &script)
    if !attached { giveUpRestore("attach at 0x\(String(image.address, radix: 16))") }
  }

  /// Slots below the first user slot arise with the protection domain and its threads.
  mutating func installCapability(_ index: Int, _ script: inout Script) throws(Suspension) {
    let image = restore.image.capabilities[index]
    let name = checkpoints[restore.checkpoint].name
    guard image.slot >= UInt64(ComponentSlots.firstUser.index) else { return }
    guard let new = restore.translation[image.badge], let native = children[restore.child].nativePD else {
      outbox.append(.capabilityLost(checkpoint: name, slot: image.slot, badge: image.badge))
      return
    }
    let reply = try script.call(native, NativePDOpcode.install, [image.slot], [new])
    guard reply.exception == nil else {
      outbox.append(.capabilityLost(checkpoint: name, slot: image.slot, badge: image.badge))
      return
    }
    restore.counts.capabilities += 1
    outbox.append(
      .capabilityRestored(checkpoint: name, slot: image.slot, oldBadge: image.badge, newBadge: new.badge))
  }

  // MARK: Threads

  /// Starts the thread in the code that loads its UTCB and traps; the trap's answer then brings all registers.
  mutating func startThread(_ index: Int, _ script: inout Script) throws(Suspension) {
    guard let row = restore.threads[index] else { return }
    if restore.mode == .bootstrap { return try startIgnored(index, row, &script) }
    if restore.stubPlace == 0 {
      try attachStub(to: restore.child, &script)
      guard restoring != nil else { return }
    }
    let thread = children[restore.child].threads[row]
    try reportExceptions(of: row, restore.child, &script)
    var utcb = restore.image.threads[index].utcb
    if utcb.isEmpty { utcb = Array(repeating: 0, count: UTCB.words) }
    utcb[UTCB.ownAddress] = thread.utcb
    try script.write(children[restore.child].stubAddress + UTCBStub.image, utcb)
    let page = restore.stubPlace
    _ = try script.call(thread.real, CPUThreadOpcode.start, [page + UTCBStub.load, page + UTCBStub.image])
    children[restore.child].threads[row].isStarted = true
    restore.attempts = 0
    jobs.pushFront(.awaitLoad(thread: index))
  }

  mutating func awaitLoad(of index: Int, _ script: inout Script) throws(Suspension) {
    guard let row = restore.threads[index] else { return }
    let thread = children[restore.child].threads[row]
    let name = checkpoints[restore.checkpoint].name
    let trap = restore.stubPlace + UTCBStub.loadTrap
    switch try awaitTrap(of: thread.real, at: trap, attempts: restore.attempts, &script) {
    case nil:
      restore.attempts += 1
      jobs.pushFront(.awaitLoad(thread: index))
    case false?:
      outbox.append(.threadLost(checkpoint: name, thread: thread.name))
    case true?:
      let image = restore.image.threads[index]
      let resumption = restore.policy.resumption(of: image)
      let words = ThreadImage.exceptionWords(
        registers: resumption.registers, pc: resumption.pc, status: image.status)
      try setState(of: thread.real, .inException, 1, words, &script)
      _ = try script.call(thread.real, CPUThreadOpcode.resume)
      outbox.append(
        .threadRestored(checkpoint: name, thread: thread.name, resumption.applied, ip: resumption.pc))
    }
    let last = !jobs.contains { if case .plan(.start) = $0 { true } else { false } }
    if last, !jobs.contains(.awaitLoad(thread: index)) { jobs.pushFront(.detachStub(child: restore.child)) }
  }

  /// What the original did to threads that ran already: both calls succeed and change nothing.
  private mutating func startIgnored(_ index: Int, _ row: Int, _ script: inout Script) throws(Suspension) {
    let image = restore.image.threads[index]
    let thread = children[restore.child].threads[row]
    let words = ThreadImage.exceptionWords(registers: image.registers, pc: image.pc, status: image.status)
    try setState(of: thread.real, [], 0, words, &script)
    _ = try script.call(
      thread.real, CPUThreadOpcode.start, [image.pc, image.registers[RegisterIndex.sp]])
    let name = checkpoints[restore.checkpoint].name
    outbox.append(.threadStateIgnored(checkpoint: name, thread: thread.name))
    outbox.append(.threadRestored(checkpoint: name, thread: thread.name, .unchanged, ip: image.pc))
  }
}

// Restore as `master` did it, inside the child's LOG request. Writes restoring, jobs.
extension Checkpointer {
  /// The child has been loaded and runs; its thread waits for the answer to its request while its memory is replaced.
  mutating func startBootstrapRestore(_ order: BootstrapOrder, into child: Int) {
    let image = checkpoints[order.checkpoint].image
    guard let plan = RestorePlan(image).order else { return refuse(.cyclicPlan) }
    outbox.append(.phaseStarted(.restore, of: checkpoints[order.checkpoint].name))
    restoring = RestoreRun(
      checkpoint: order.checkpoint, child: child, policy: order.policy, mode: .bootstrap, image: image)
    jobs += plan.map { .plan($0) }
    jobs.append(.endRestore)
  }
}
