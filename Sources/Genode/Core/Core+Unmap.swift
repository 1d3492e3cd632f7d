import FiascoABI

// What a detach takes away from address spaces. Writes entrypoint.work.

extension Core {
  /// Queues one kernel call for each page; returns how many.
  ///
  /// The kernel unmaps from core's page downwards, so a page goes from every task that has it, not only from the one
  /// that is meant; core's own mapping stays. Call it when the region is no longer in the map.
  mutating func unmap(_ region: AttachedRegion, of map: Int) -> Int {
    switch dataspaces[region.dataspace].backing {
    case .managed(let inner):
      if configuration.release.unmapsDetachedMaps { return unmapContents(of: inner, region, in: map) }
      warn("unmapping of managed dataspaces not yet supported")
      return configuration.release.unmapsThroughNestedMaps ? 0 : unmapInReferences(of: map, region, from: 0)
    case .memory(let physical):
      let source = physical + region.offset
      if configuration.release.losesUnmapThroughMaps { return unmapDirectly(region, of: map) }
      if configuration.release.unmapsThroughNestedMaps {
        return unmapEverywhere(region.address..<region.end, of: map, from: source)
      }
      let direct = hasClients(map) ? revoke(source, region.size) : 0
      return direct + unmapInReferences(of: map, region, from: physical)
    }
  }

  private mutating func unmapDirectly(_ region: AttachedRegion, of map: Int) -> Int {
    guard let pd = regionMaps[map].pd else { return 0 }
    let pages = Int(region.size / ComponentLayout.pageSize)
    entrypoint.work.append(.unmapDirectly(task: pds[pd].task, address: region.address, pages: pages))
    return pages
  }

  /// Only an address space with a thread in it has somebody to unmap from.
  private func hasClients(_ map: Int) -> Bool {
    guard let pd = regionMaps[map].pd else { return false }
    return pds[pd].places.contains { $0 != nil }
  }

  private mutating func revoke(_ address: UInt64, _ size: UInt64) -> Int {
    let pages = Int(size / ComponentLayout.pageSize)
    if pages > 0 { entrypoint.work.append(.revoke(address: address, pages: pages)) }
    return pages
  }

  /// The regions under which a map is visible in other maps.
  private func references(of map: Int) -> [(outer: Int, region: AttachedRegion)] {
    let dataspace = regionMaps[map].dataspace
    return regionMaps[map].attachedIn.flatMap { outer in
      regionMaps[outer].regions.filter { $0.dataspace == dataspace }.map { (outer, $0) }
    }
  }

  /// Depth of nested maps; a deeper lookup finds nothing.
  static let nestingLimit = 5

  /// Follows a map to where it is attached, the way it was done until 18.11.
  ///
  /// A map that is attached nowhere is taken for an address space and gets the pages of the region unmapped. To decide
  /// whether to go deeper, the place of the map in the outer one is compared with the place of the region in the map:
  /// two different coordinates, which agree only by accident. And who goes deeper takes the managed dataspace for
  /// memory at address 0. Models `unmap_managed`.
  private mutating func unmapInReferences(
    of map: Int, _ region: AttachedRegion, from start: UInt64, depth: Int = 1
  ) -> Int {
    guard depth <= Self.nestingLimit else { return 0 }
    var pages = 0
    for (outer, managed) in references(of: map) {
      let place = managed.address &- managed.offset
      if place >= region.address &- region.offset, place <= region.address + (region.size - 1) {
        pages += unmapInReferences(of: outer, managed, from: 0, depth: depth + 1)
      }
      if references(of: outer).isEmpty, hasClients(outer) { pages += revoke(start + region.offset, region.size) }
    }
    return pages
  }

  /// The same as it should be: what is visible of the range in the outer maps, level by level.
  private mutating func unmapEverywhere(
    _ range: Range<UInt64>, of map: Int, from source: UInt64, depth: Int = 0
  ) -> Int {
    guard depth < Self.nestingLimit, !range.isEmpty else { return 0 }
    var pages = hasClients(map) ? revoke(source, UInt64(range.count)) : 0
    for (outer, managed) in references(of: map) {
      let offset = configuration.release.addsOffsetsOfMaps ? managed.offset : 0
      let visible = range.clamped(to: offset..<offset + managed.size)
      let place = visible.lowerBound - offset + managed.address
      pages += unmapEverywhere(
        place..<place + UInt64(visible.count), of: outer, from: source + (visible.lowerBound - range.lowerBound),
        depth: depth + 1)
    }
    return pages
  }

  /// The memory inside a managed dataspace that is no longer visible in `map`.
  private mutating func unmapContents(
    of inner: Int, _ region: AttachedRegion, in map: Int, depth: Int = 1
  ) -> Int {
    guard depth < Self.nestingLimit else { return 0 }
    let offset = configuration.release.addsOffsetsOfMaps ? region.offset : 0
    let window = offset..<offset + region.size
    var pages = 0
    for content in regionMaps[inner].regions {
      let visible = (content.address..<content.end).clamped(to: window)
      if visible.isEmpty { continue }
      let skipped = visible.lowerBound - content.address
      let place = visible.lowerBound - offset + region.address
      switch dataspaces[content.dataspace].backing {
      case .memory(let physical):
        pages += unmapEverywhere(
          place..<place + UInt64(visible.count), of: map, from: physical + content.offset + skipped)
      case .managed(let deeper):
        let part = AttachedRegion(
          address: place, size: UInt64(visible.count), dataspace: content.dataspace, offset: content.offset + skipped)
        pages += unmapContents(of: deeper, part, in: map, depth: depth + 1)
      }
    }
    return pages
  }
}
