import CheckpointRestore

/// A range of user addresses and the bytes behind it: what becomes one program header of a core file.
struct CorePlacement: Hashable {
  var address: UInt64
  var size: UInt64
  var dataspaceIndex: Int
  var offset: UInt64
  var writable: Bool
  var executable: Bool
  /// Bytes from the start that are in the file; what follows is a hole, zero, in the parent or not captured.
  var present: UInt64 = 0
  /// Where these bytes begin in the dataspace's body.
  var bodyOffset: UInt64 = 0
}

extension CheckpointImage {
  /// The address space as a debugger sees it: managed dataspaces replaced by what is attached in them, by address, and
  /// cut where the file has pages and where it has not.
  ///
  /// The image must be consistent. Maps may contain each other, even in a circle; depth and number are limited.
  func placements(_ stored: [StoredPages], limit: UInt64) throws(ELFError) -> [CorePlacement] {
    var regions: [CorePlacement] = []
    try place(map: 0, window: 0..<regionMaps[0].size, at: 0, depth: 0, limit, &regions)
    regions.sort { $0.address < $1.address }
    var pieces: [CorePlacement] = []
    for region in regions {
      pieces += stored[region.dataspaceIndex].cut(region)
      if UInt64(pieces.count) > limit {
        throw .tooLarge(what: "number of mapped pieces", size: UInt64(pieces.count), limit: limit)
      }
    }
    return pieces
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

/// The pages of a dataspace that are in the file, one behind the other on pages of their own.
struct StoredPages: Hashable {
  /// Ascending, not touching.
  private(set) var runs: [Range<UInt64>] = []

  /// Captured pages; of other dataspaces those an image has bytes of all the same.
  init(_ dataspace: DataspaceImage) {
    self.init(dataspace, dataspace.pageRuns, length: UInt64(dataspace.contents.count))
  }

  init(_ dataspace: DataspaceImage, _ pages: [PageRun], length: UInt64) {
    if dataspace.provenance != .captured {
      let end = (length + pageBytes - 1) / pageBytes
      if end > 0 { runs = [0..<end] }
      return
    }
    var page: UInt64 = 0
    for run in pages {
      if run.provenance == .captured { runs.append(page..<page + run.count) }
      page += run.count
    }
  }

  var bytes: UInt64 { runs.reduce(0) { $0 + UInt64($1.count) } * pageBytes }

  /// Pieces of a region: each begins with what the file has, if anything, and goes on to where it has something again.
  func cut(_ region: CorePlacement) -> [CorePlacement] {
    let end = region.offset + region.size
    var pieces: [CorePlacement] = []
    var open = region
    /// Ends the open piece and begins the next one.
    func close(at next: UInt64) {
      open.size = next - open.offset
      open.present = min(open.present, open.size)
      if open.size > 0 { pieces.append(open) }
      open.address += open.size
      (open.offset, open.present) = (next, 0)
    }
    var before: UInt64 = 0
    for run in runs {
      let (first, last) = (run.lowerBound * pageBytes, run.upperBound * pageBytes)
      defer { before += last - first }
      guard last > region.offset, first < end else { continue }
      close(at: max(first, open.offset))
      open.present = last - open.offset
      open.bodyOffset = before + (open.offset - first)
    }
    close(at: end)
    return pieces
  }
}
