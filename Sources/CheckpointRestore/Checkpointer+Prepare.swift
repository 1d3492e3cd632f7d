import FiascoABI
import Genode

// The stored records of a target, one kind of session after the other. Writes taking, children[].stored.

extension Checkpointer {
  /// Charges what has been counted, and counts it for the report.
  mutating func settle(_ work: ListWork, _ script: inout Script) throws(Suspension) {
    run.counts.nodes += work.nodes
    let costs = configuration.costs
    if costs.picosecondsPerLogLine > 0 { run.counts.lines += work.lines }
    try script.compute(
      picoseconds: costs.picosecondsPerNode * UInt64(work.nodes) + costs.picosecondsPerObject * UInt64(work.records)
        + costs.picosecondsPerLogLine * UInt64(work.lines))
  }

  mutating func end(_ step: CheckpointStep) {
    outbox.append(.stepEnded(step, of: run.name, run.counts))
  }

  /// One function of the original. What it asks of core is done by jobs of their own.
  mutating func prepare(_ step: CheckpointStep, _ script: inout Script) throws(Suspension) {
    var work = ListWork(configuration.metadata)
    work.lines += 1
    let child = children[run.child]
    var stored = child.stored
    let slots = MetadataList(run.image.capabilities.map(\.badge))
    switch step {
    case .ramSession:
      work.update(&stored[.ramSessions], online: child.badges(ofSessions: "RAM"), slots: slots)
      let dataspaces = child.dataspaces.filter { $0.isLive && $0.kind == .ram }.map(\.real.badge)
      work.update(&stored[.ramDataspaces], online: dataspaces, slots: slots)
    case .pdSession:
      work.update(&stored[.pdSessions], online: child.badges(ofSessions: "PD"), slots: slots)
      work.update(
        &stored[.nativeCapabilities], online: child.rpcObjects.filter(\.isLive).map(\.real.badge), slots: slots)
      work.update(&stored[.signalSources], online: child.signalSource.map { [$0.badge] } ?? [], slots: slots)
      work.update(&stored[.signalContexts], online: child.contexts.filter(\.isLive).map(\.real.badge), slots: slots)
      prepareRegions(&stored, of: child, ownedBy: { $0 == 0 }, &work)
    case .cpuSession:
      work.update(&stored[.cpuSessions], online: child.badges(ofSessions: "CPU"), slots: slots)
      work.update(&stored[.threads], online: child.threads.filter(\.isLive).map(\.own.badge), slots: slots)
    case .rmSessions:
      work.update(&stored[.rmSessions], online: child.badges(ofSessions: "RM"), slots: slots)
      let maps = child.maps.filter { $0.isLive && $0.session != 0 }.map(\.own.badge)
      work.update(&stored[.regionMaps], online: maps, slots: slots)
      prepareRegions(&stored, of: child, ownedBy: { $0 != 0 }, &work)
    case .logSessions: work.update(&stored[.logSessions], online: child.badges(ofSessions: "LOG"), slots: slots)
    case .timerSessions: work.update(&stored[.timerSessions], online: child.badges(ofSessions: "Timer"), slots: slots)
    case .memoryList: listMemory(of: child, &work)
    default: preconditionFailure("this step makes no records")
    }
    children[run.child].stored = stored
    try settle(work, &script)
  }

  /// For each region the copy of its dataspace is looked for, in the list of those that exist.
  private func prepareRegions(
    _ stored: inout StoredState, of child: TargetChild, ownedBy isWanted: (UInt64) -> Bool, _ work: inout ListWork
  ) {
    while stored.regions.count < child.maps.count { stored.regions.append(MetadataList()) }
    let copies = stored[.ramDataspaces]
    for (index, map) in child.maps.enumerated() where map.isLive && isWanted(map.session) {
      work.lines += 1
      work.records += 1
      let regions = map.regions.map { ListWork.Row(key: $0.address, reference: $0.dataspace) }
      work.update(&stored.regions[index], online: regions, known: copies)
    }
  }

  /// Region maps are never copied as memory; everything else with bytes of its own is. Each list made in the
  /// course of a checkpoint is printed after it is complete.
  private func listMemory(of child: TargetChild, _ work: inout ListWork) {
    let maps = MetadataList(child.maps.filter(\.isLive).map(\.own.badge))
    work.printed(maps.keys.count)
    let entries = run.image.dataspaces.filter { $0.provenance == .captured }
    for entry in entries {
      work.records += 1
      _ = work.find(entry.badge, in: maps)
    }
    work.printed(entries.count)
    work.printed(run.image.capabilities.count)
  }
}

extension TargetChild {
  fileprivate func badges(ofSessions service: String) -> [UInt64] {
    sessions.filter { $0.isLive && $0.service == service }.map(\.own.badge)
  }
}
