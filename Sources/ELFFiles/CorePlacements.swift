import CheckpointRestore

/// A range of user addresses and the bytes behind it: what becomes one program header of a core file.
struct CorePlacement {
  var address: UInt64
  var size: UInt64
  var dataspaceIndex: Int
  var offset: UInt64
  var writable: Bool
  var executable: Bool
}

extension CheckpointImage {
  /// The address space as a debugger sees it: managed dataspaces replaced by what is attached in them, by address.
  ///
  /// The image must be consistent. Maps may contain each other, even in a circle; depth and number are limited.
  func placements(limit: UInt64) throws(ELFError) -> [CorePlacement] {
    var result: [CorePlacement] = []
    try place(map: 0, window: 0..<regionMaps[0].size, at: 0, depth: 0, limit, &result)
    result.sort { $0.address < $1.address }
    return result
  }

  private func place(
    map: Int, window: Range<UInt64>, at base: UInt64, depth: Int, _ limit: UInt64, _ result: inout [CorePlacement]
  ) throws(ELFError) {
    if depth > 8 { throw .tooLarge(what: "nesting of region maps", size: UInt64(depth), limit: 8) }
    for region in regions where region.map == map {
      let visible = (region.address..<region.address + region.size).clamped(to: window)
      if visible.isEmpty { continue }
      let address = base + (visible.lowerBound - window.lowerBound)
      let offset = region.offset + (visible.lowerBound - region.address)
      let size = visible.upperBound - visible.lowerBound
      if let inner = regionMaps.firstIndex(where: { $0.dataspaceIndex == region.dataspaceIndex }) {
        try place(map: inner, window: offset..<offset + size, at: address, depth: depth + 1, limit, &result)
        continue
      }
      result.append(
        CorePlacement(
          address: address, size: size, dataspaceIndex: region.dataspaceIndex, offset: offset,
          writable: region.writable, executable: region.executable))
      if UInt64(result.count) > limit {
        throw .tooLarge(what: "number of mapped pieces", size: UInt64(result.count), limit: limit)
      }
    }
  }
}
