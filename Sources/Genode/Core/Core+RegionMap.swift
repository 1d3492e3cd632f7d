import FiascoABI

// Region maps: attach, detach, fault handlers. Writes regionMaps, dataspaces, entrypoint.work.

extension Core {
  mutating func handleRegionMap(
    _ opcode: RegionMapOpcode, _ map: Int, _ request: RPCRequest
  ) throws(Interruption) -> RPCReply {
    switch opcode {
    case .attach:
      guard case .dataspace(let dataspace)? = object(request.capability(0)) else { throw .refused(.invalidDataspace) }
      let place = request.word(2) != 0 ? request.word(3) : nil
      let address = try attach(dataspace, to: map, size: request.word(0), offset: request.word(1), at: place)
      return RPCReply(words: [address])
    case .detach:
      detach(request.word(0), from: map)
      return RPCReply()
    case .faultHandler:
      if case .signalContext(let context)? = object(request.capability(0)) {
        regionMaps[map].faultContext = context
      } else {
        regionMaps[map].faultContext = nil
      }
      return RPCReply()
    case .state:
      guard let fault = regionMaps[map].faults.first else {
        return RPCReply(words: [RegionMapState.ready.rawValue, 0])
      }
      return RPCReply(words: [fault.kind.rawValue, fault.address])
    case .dataspace:
      return reply(with: dataspaces[regionMaps[map].dataspace].badge)
    }
  }

  /// Makes a part of a dataspace visible. Nothing is mapped now; but whoever faulted in the range is woken and retries.
  ///
  /// Models `Region_map_component::attach`. The executable flag has no effect in 16.08, hence is not passed on.
  mutating func attach(
    _ dataspace: Int, to map: Int, size wanted: UInt64, offset: UInt64, at place: UInt64?
  ) throws(Interruption) -> UInt64 {
    charge(.attachRegion)
    let source = dataspaces[dataspace]
    guard offset.isPageAligned, offset <= source.size else { throw .refused(.invalidArgs) }
    guard wanted <= source.size else { throw .refused(.invalidArgs) }
    let size = wanted == 0 ? source.size - offset : wanted.roundedUpToPage
    guard size > 0, size + offset <= source.size else { throw .refused(.invalidArgs) }
    let address = try findPlace(for: size, of: source, offset: offset, in: map, at: place)
    try payForRegion(of: map)
    regionMaps[map].insert(AttachedRegion(address: address, size: size, dataspace: dataspace, offset: offset))
    outbox.append(.regionAttached(map: regionMaps[map].badge, address: address, bytes: size))
    for fault in regionMaps[map].takeFaults(in: address..<address + size) { wake(fault.thread) }
    return address
  }

  private func findPlace(
    for size: UInt64, of source: Dataspace, offset: UInt64, in map: Int, at place: UInt64?
  ) throws(Interruption) -> UInt64 {
    if let place {
      guard regionMaps[map].isFree(place, size: size) else { throw .refused(.regionConflict) }
      return place
    }
    let backing = source.physicalAddress == 0 ? nil : Optional(source.physicalAddress + offset)
    guard let address = regionMaps[map].place(size: size, backing: backing) else { throw .refused(.regionConflict) }
    return address
  }

  private mutating func payForRegion(of map: Int) throws(Interruption) {
    let first = regionMaps[map].regions.isEmpty
    try refusing { () throws(RPCException) in
      switch regionMaps[map].payer {
      case .pd(let pd): try pds[pd].metadata.consume(CoreMetadata.region)
      case .rm(let rm):
        if first { try rmSessions[rm].metadata.consume(CoreMetadata.regionMapFirstRegion) }
        try rmSessions[rm].metadata.consume(CoreMetadata.region)
      }
    }
  }

  private mutating func refundRegion(of map: Int) {
    switch regionMaps[map].payer {
    case .pd(let pd): pds[pd].metadata.release(CoreMetadata.region)
    case .rm(let rm):
      rmSessions[rm].metadata.release(CoreMetadata.region)
      if regionMaps[map].regions.isEmpty { rmSessions[rm].metadata.release(CoreMetadata.regionMapFirstRegion) }
    }
  }

  /// Removes the region first, so that concurrent faults see a hole, then takes the pages away.
  mutating func detach(_ address: UInt64, from map: Int) {
    charge(.detachRegion)
    guard let region = regionMaps[map].remove(at: address) else {
      warn("detach: no attachment at \(address.hexadecimal)")
      return
    }
    refundRegion(of: map)
    let pages = unmap(region, of: map)
    outbox.append(.regionDetached(map: regionMaps[map].badge, address: region.address, unmappedPages: pages))
  }

  /// Queues one kernel call per page; returns how many.
  ///
  /// The kernel unmaps from core's page downwards, so the page goes from every task that has it, not only from this
  /// map's. A managed dataspace has no page of core's own: nothing is unmapped and stale mappings remain (genode issue
  /// 976).
  private mutating func unmap(_ region: AttachedRegion, of map: Int) -> Int {
    guard case .memory(let physical) = dataspaces[region.dataspace].backing else {
      warn("unmapping of managed dataspaces not yet supported")
      return 0
    }
    guard isReachedByUnmap(map) else { return 0 }
    let pages = Int(region.size / ComponentLayout.pageSize)
    entrypoint.work.append(.revoke(address: physical + region.offset, pages: pages))
    return pages
  }

  /// Whether core finds the clients of a map when it unmaps.
  ///
  /// An address space has clients itself. A managed map is followed to the maps it is attached to, but up to 18.11 only
  /// one level: the test that should recurse compares addresses of two different coordinate systems.
  private func isReachedByUnmap(_ map: Int, depth: Int = 0) -> Bool {
    if regionMaps[map].pd != nil { return true }
    guard depth < Self.nestingLimit else { return false }
    let dataspace = regionMaps[map].dataspace
    return regionMaps.live.contains { outer in
      guard regionMaps[outer].regions.contains(where: { $0.dataspace == dataspace }) else { return false }
      switch configuration.nestedUnmap {
      case .oneLevel: return regionMaps[outer].pd != nil
      case .complete: return isReachedByUnmap(outer, depth: depth + 1)
      }
    }
  }

  /// Depth of nested maps; a deeper lookup finds nothing.
  static let nestingLimit = 5

  mutating func detachEverywhere(_ dataspace: Int) {
    for map in regionMaps.live {
      for region in regionMaps[map].regions where region.dataspace == dataspace { detach(region.address, from: map) }
    }
  }

  /// Answers the pending fault of a thread without a mapping: it runs into the fault again and finds the region.
  mutating func wake(_ thread: Int) { entrypoint.work.append(.invoke(pagerCommand(.wake, thread))) }
}
