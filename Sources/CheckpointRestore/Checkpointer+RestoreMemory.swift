import FiascoABI
import Genode

// Memory, regions and capability space of a restored child. Writes restoring, children, checkpoints[].copies.

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
    if let row = children[restore.child].dataspace(badge: target.badge),
      children[restore.child].dataspaces[row].managed != nil
    {
      if children[restore.child].isPostCopied { return postpone(index, row, copy: copy(of: index)) }
      restore.counts.bytes += image.size
      return restoreManaged(index, row)
    }
    restore.counts.bytes += image.size
    if let copy = copy(of: index) {
      let whole = MemoryPiece(dataspace: target, offset: 0, size: image.size)
      guard try self.copy(whole, restoreDirection, copy, &script) else { return giveUpRestore("contents") }
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

  private var restoreDirection: CopyDirection {
    let exchanged = restore.mode == .bootstrap && configuration.bootstrapCopy == .intoCheckpoint
    return exchanged || has(.wrongCopyDirection) ? .intoCopy : .fromCopy
  }

  /// All parts are attached, but to the child: they are filled one by one, from the copy or from the image's bytes.
  private mutating func restoreManaged(_ index: Int, _ row: Int) {
    let dataspace = children[restore.child].dataspaces[row]
    jobs.pushFront(
      (0..<dataspace.pieceCount).map { number in
        guard let copy = copy(of: index) else { return .fillPiece(dataspace: index, dataspace.piece(number)) }
        return .transfer(dataspace.piece(number), restoreDirection, copy: copy)
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
    var words = Self.words(restore.image.dataspaces[index].contents, from: offset, bytes: bytes)
    if let place = restore.image.capabilityMapPlace, place.dataspace == index {
      let map = patchedMap(at: place)
      for position in words.indices {
        let at = Int(offset) + 8 * position - Int(place.offset)
        if at >= 0, at / 8 < map.count { words[position] = map[at / 8] }
      }
    }
    return words
  }

  static func words(_ contents: [UInt8], from offset: UInt64, bytes: UInt64) -> [UInt64] {
    (0..<(bytes + 7) / 8).map { word(contents, at: Int(offset + 8 * $0)) }
  }

  /// All of a dataspace as it is to be in the restored child.
  func patchedContents(of index: Int) -> [UInt8] {
    let contents = restore.image.dataspaces[index].contents
    guard restore.image.capabilityMapPlace?.dataspace == index else { return contents }
    let words = words(of: index, from: 0, bytes: UInt64(contents.count))
    return words.withUnsafeBytes { Array($0.prefix(contents.count)) }
  }

  // MARK: Regions and capabilities

  mutating func restoreRegion(_ index: Int, _ script: inout Script) throws(Suspension) {
    let image = restore.image.regions[index]
    guard let map = restore.maps[image.map], let dataspace = restore.dataspaces[image.dataspaceIndex] else {
      return giveUpRestore("region without map or dataspace")
    }
    restore.counts.regions += 1
    let regions = children[restore.child].maps[map].regions
    let isInclusive = has(.inclusiveRegionEnd)
    if regions.contains(where: { isInclusive ? $0.reaches(image.address) : $0.address == image.address }) { return }
    let attached = try attach(
      dataspace, toMap: map, of: restore.child, at: image.address, size: image.size,
      offset: has(.offsetIgnored) ? 0 : image.offset,
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
}
