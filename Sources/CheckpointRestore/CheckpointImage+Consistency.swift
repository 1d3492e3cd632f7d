extension CheckpointImage {
  /// Says what contradicts itself in the image, or nil. Checked before an image is written, after it was read
  /// and before it is restored, so that nobody else has to doubt an index.
  public var inconsistency: String? {
    threadInconsistency ?? dataspaceInconsistency ?? mapInconsistency ?? regionInconsistency ?? objectInconsistency
  }

  private var objectInconsistency: String? {
    for (index, object) in rpcObjects.enumerated() where !threads.indices.contains(object.threadIndex) {
      return "RPC object \(index) names no existing thread"
    }
    if let thread = signals.threadIndex, !threads.indices.contains(thread) {
      return "the signal source names no existing thread"
    }
    return nil
  }

  private var threadInconsistency: String? {
    for (index, thread) in threads.enumerated() {
      if thread.registers.count != ThreadImage.registerCount {
        return "thread \(index) has \(thread.registers.count) registers, expected \(ThreadImage.registerCount)"
      }
      if thread.registers[0] != 0 { return "thread \(index) has \(thread.registers[0]) in x0" }
      if !thread.utcb.isEmpty && thread.utcb.count != ThreadImage.utcbWordCount {
        return "thread \(index) has \(thread.utcb.count) UTCB words, expected none or \(ThreadImage.utcbWordCount)"
      }
    }
    return nil
  }

  private static let addressSpaceBytes: UInt64 = 1 << 47

  private var dataspaceInconsistency: String? {
    for (index, dataspace) in dataspaces.enumerated() where dataspace.size > Self.addressSpaceBytes {
      return "dataspace \(index) has \(dataspace.size) bytes, more than any address space"
    }
    for (index, dataspace) in dataspaces.enumerated() where UInt64(dataspace.contents.count) > dataspace.size {
      return "dataspace \(index) holds \(dataspace.contents.count) bytes, its size is \(dataspace.size)"
    }
    for (index, dataspace) in dataspaces.enumerated() where !dataspace.pages.isEmpty {
      if let fact = pageInconsistency(dataspace) { return "dataspace \(index) \(fact)" }
    }
    return nil
  }

  private func pageInconsistency(_ dataspace: DataspaceImage) -> String? {
    if dataspace.provenance != .captured { return "is not captured, but its pages are described" }
    var page: UInt64 = 0
    for run in dataspace.pages {
      let (end, overflow) = page.addingReportingOverflow(run.count)
      if overflow || run.count == 0 || end > dataspace.pageCount { return "does not have the pages it describes" }
      if run.provenance == .inParent, parent == nil { return "has pages in a parent, but there is none" }
      if run.provenance == .zero {
        let present = UInt64(dataspace.contents.count) / DataspaceImage.pageBytes + 1
        for number in page..<max(page, min(end, present)) where !dataspace.isZero(page: number) {
          return "is said to be zero in page \(number), but is not"
        }
      }
      page = end
    }
    return page == dataspace.pageCount ? nil : "has \(dataspace.pageCount) pages and describes \(page)"
  }

  private var mapInconsistency: String? {
    guard let addressSpace = regionMaps.first else { return "there is no address space" }
    for (index, map) in regionMaps.enumerated() where map.size > Self.addressSpaceBytes {
      return "region map \(index) has \(map.size) bytes, more than any address space"
    }
    if addressSpace.dataspaceIndex != nil { return "the address space claims to be a managed dataspace" }
    for (index, map) in regionMaps.enumerated().dropFirst() {
      guard let dataspace = map.dataspaceIndex, dataspaces.indices.contains(dataspace) else {
        return "region map \(index) names no existing dataspace"
      }
    }
    return nil
  }

  private var regionInconsistency: String? {
    for (index, region) in regions.enumerated() {
      if !regionMaps.indices.contains(region.map) { return "region \(index) names no existing region map" }
      if !dataspaces.indices.contains(region.dataspaceIndex) { return "region \(index) names no existing dataspace" }
      let (end, overflow) = region.address.addingReportingOverflow(region.size)
      if overflow || region.size == 0 || end > regionMaps[region.map].size {
        return "region \(index) is empty or ends outside its region map"
      }
      if region.offset.addingReportingOverflow(region.size).overflow { return "region \(index) wraps around" }
    }
    return overlap
  }

  /// Adjacent regions are fine, common bytes are not.
  private var overlap: String? {
    let order = regions.indices.sorted {
      (regions[$0].map, regions[$0].address, $0) < (regions[$1].map, regions[$1].address, $1)
    }
    for (first, second) in zip(order, order.dropFirst()) where regions[first].map == regions[second].map {
      if regions[second].address < regions[first].address + regions[first].size {
        return "regions \(min(first, second)) and \(max(first, second)) overlap"
      }
    }
    return nil
  }
}
