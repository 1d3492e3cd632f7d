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
      guard let first = regionMaps[map].faulters.head else {
        return RPCReply(words: [RegionMapState.ready.rawValue, 0])
      }
      return RPCReply(words: [threads[first].faulter.kind.rawValue, threads[first].faulter.address])
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
    try consume(priceOfRegion(of: map), of: regionMaps[map].payer)
    regionMaps[map].insert(AttachedRegion(address: address, size: size, dataspace: dataspace, offset: offset))
    dataspaces[dataspace].attachments += 1
    outbox.append(.regionAttached(map: regionMaps[map].badge, address: address, bytes: size))
    if case .managed(let inner) = source.backing, !regionMaps[inner].attachedIn.contains(map) {
      regionMaps[inner].attachedIn.append(map)
    }
    wakeFaulters(in: address..<address + size, of: map)
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

  private func priceOfRegion(of map: Int) -> UInt64 {
    let count = regionMaps[map].regions.count
    return CoreMetadata.regions(count + 1) - CoreMetadata.regions(count)
  }

  /// Removes the region first, so that concurrent faults see a hole, then takes the pages away.
  mutating func detach(_ address: UInt64, from map: Int) {
    charge(.detachRegion)
    guard let region = regionMaps[map].remove(at: address) else {
      warn("detach: no attachment at \(address.hexadecimal)")
      return
    }
    release(priceOfRegion(of: map), of: regionMaps[map].payer)
    dataspaces[region.dataspace].attachments -= 1
    forgetReference(to: region.dataspace, in: map)
    let pages = unmap(region, of: map)
    outbox.append(.regionDetached(map: regionMaps[map].badge, address: region.address, unmappedPages: pages))
  }

  private mutating func forgetReference(to dataspace: Int, in map: Int) {
    guard case .managed(let inner) = dataspaces[dataspace].backing,
      !regionMaps[map].regions.contains(where: { $0.dataspace == dataspace })
    else { return }
    regionMaps[inner].attachedIn.removeAll { $0 == map }
  }

  mutating func detachEverywhere(_ dataspace: Int) {
    for map in regionMaps.live where dataspaces[dataspace].attachments > 0 {
      for region in regionMaps[map].regions where region.dataspace == dataspace { detach(region.address, from: map) }
    }
  }
}
