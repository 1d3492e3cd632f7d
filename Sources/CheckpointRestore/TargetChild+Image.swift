import FiascoABI
import Genode

// From the records of a child to an image. Reads only.

extension TargetChild {
  /// The image without the bytes of the memory, and for each of its dataspaces the row of the child's table.
  func image(_ run: CheckpointRun, kernelProfile: String) -> (CheckpointImage, [Int?]) {
    var image = CheckpointImage(
      componentName: name, romName: romName, takenAtPicoseconds: run.startedAt * 1_000_000,
      kernelProfile: kernelProfile, threads: run.threads.compactMap(\.image))
    image.capabilityMapAddress = run.capabilityMapAddress
    image.parentBadge = parent?.badge ?? 0
    image.nativePDBadge = nativePD?.badge ?? 0
    image.ramQuota = ramQuota
    image.sessions = sessions.filter(\.isLive).map {
      SessionImage(service: $0.service, arguments: $0.arguments, upgrades: $0.upgrades, badge: $0.own.badge)
    }
    let rows = addMemory(to: &image)
    addObjects(to: &image, run)
    addTimers(to: &image, run)
    let kinds = BadgeKinds(image)
    image.capabilities = CapabilityMapPatch.entries(run.capabilityMapWords).map {
      CapabilityImage(slot: $0.slot, badge: $0.badge, kind: kinds[$0.badge])
    }
    image.objectCounts = counts(of: image)
    return (image, rows)
  }

  private var romName: String {
    guard case .elf(let rom) = configuration.program else { return "" }
    return rom
  }

  private func addMemory(to image: inout CheckpointImage) -> [Int?] {
    var rows: [Int?] = []
    for (row, dataspace) in dataspaces.enumerated() where dataspace.isLive {
      if case .managed = dataspace.kind { continue }
      image.dataspaces.append(self.image(of: dataspace))
      rows.append(row)
    }
    let liveMaps = maps.indices.filter { maps[$0].isLive }
    image.regionMaps = []
    for map in liveMaps {
      let row = dataspaces.firstIndex { $0.isLive && $0.kind == .managed(map: map) }
      var entry = RegionMapImage(name: maps[map].name, badge: maps[map].own.badge, size: maps[map].size)
      entry.sessionBadge = maps[map].session
      entry.faultHandlerBadge = maps[map].faultHandler
      if map > 0 {
        entry.dataspaceIndex = image.dataspaces.count
        image.dataspaces.append(
          DataspaceImage(
            badge: row.map { dataspaces[$0].real.badge } ?? 0, size: maps[map].size, provenance: .managed))
        rows.append(row)
      }
      image.regionMaps.append(entry)
    }
    var places: [UInt64: Int] = [:]  // lookup only
    for index in image.dataspaces.indices.reversed() { places[image.dataspaces[index].badge] = index }
    for (position, map) in liveMaps.enumerated() {
      for region in maps[map].regions {
        guard let index = places[region.dataspace] else { continue }
        image.regions.append(self.image(of: region, in: position, index, image.dataspaces[index]))
      }
    }
    return rows
  }

  private func image(of dataspace: OnlineDataspace) -> DataspaceImage {
    var image = DataspaceImage(badge: dataspace.real.badge, size: dataspace.size)
    switch dataspace.kind {
    case .ram: image.provenance = .captured
    case .program: image.provenance = .rom
    case .rom(let session):
      image.provenance = .rom
      image.sessionBadge = session
    case .traceControl(let session):
      image.provenance = .notCaptured
      image.sessionBadge = session
    case .managed: image.provenance = .managed
    case .foreign: image.provenance = .shared
    }
    return image
  }

  private func image(
    of region: OnlineRegion, in map: Int, _ index: Int, _ dataspace: DataspaceImage
  ) -> RegionImage {
    let source: RegionImage.Source =
      switch dataspace.provenance {
      case .rom: .rom
      case .managed: .managed
      case .captured, .notCaptured, .shared: .ram
      }
    return RegionImage(
      map: map, address: region.address, size: region.size, dataspaceIndex: index, offset: region.offset,
      writable: source != .rom, executable: region.executable, source: source)
  }

  private func addObjects(to image: inout CheckpointImage, _ run: CheckpointRun) {
    var position = [Int?](repeating: nil, count: threads.count)
    for index in run.threads.indices { position[run.threads[index].thread] = index }
    for object in rpcObjects where object.isLive {
      guard let thread = position[object.thread] else { continue }
      image.rpcObjects.append(RPCObjectImage(badge: object.real.badge, threadIndex: thread))
    }
    image.signals = SignalSourceImage(
      badge: signalSource?.badge ?? 0, interruptBadge: run.interrupt?.badge ?? 0,
      threadIndex: signalSource == nil
        ? nil : image.threads.firstIndex { $0.name == ComponentLayout.signalHandlerName })
    image.signalContexts = contexts.filter(\.isLive).map {
      SignalContextImage(badge: $0.real.badge, sourceBadge: signalSource?.badge ?? 0, imprint: $0.imprint)
    }
    for (place, pending) in run.pendingSignals.enumerated() {
      guard let index = image.signalContexts.firstIndex(where: { $0.imprint == pending.imprint }) else { continue }
      image.signalContexts[index].pendingCount += UInt32(truncatingIfNeeded: pending.count)
      if image.signalContexts[index].pendingPlace == 0 { image.signalContexts[index].pendingPlace = UInt32(place + 1) }
    }
  }

  /// A single shot that has fired needs nothing; a periodic one is always under way.
  private func addTimers(to image: inout CheckpointImage, _ run: CheckpointRun) {
    for session in sessions where session.isLive && session.service == "Timer" {
      let timer = session.timer
      let isOver = timer.isArmed && !timer.isPeriodic && isPending(timer.handler, run)
      let remaining = isOver ? nil : timer.remaining(at: run.startedAt)
      image.timers.append(
        TimerImage(
          sessionBadge: session.own.badge, handlerBadge: timer.handler,
          timeoutPicoseconds: timer.timeout * 1_000_000, remainingPicoseconds: remaining.map { $0 * 1_000_000 },
          periodic: timer.isPeriodic))
    }
  }

  /// A single shot whose signal is in core's queue has fired, whatever the clock says.
  private func isPending(_ handler: UInt64, _ run: CheckpointRun) -> Bool {
    guard let context = contexts.first(where: { $0.isLive && $0.real.badge == handler }) else { return false }
    return run.pendingSignals.contains { $0.imprint == context.imprint }
  }

  private func counts(of image: CheckpointImage) -> [ObjectCount] {
    [
      ("session", image.sessions.count), ("region-map", image.regionMaps.count),
      ("dataspace", image.dataspaces.count), ("rpc-object", image.rpcObjects.count),
      ("signal-context", image.signalContexts.count), ("thread", image.threads.count),
    ].map { ObjectCount(kind: $0.0, count: UInt32($0.1)) }
  }
}
