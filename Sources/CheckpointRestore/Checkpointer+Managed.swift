import FiascoABI
import Genode

// RAM of children as managed dataspaces, for incremental checkpoints. Writes children[].dataspaces, jobs.
// Models `Ram_session_component::alloc` with a granularity (intercept/ram_session.cc).

extension Checkpointer {
  private static let mapUpgrade: UInt64 = 256 << 10
  private static let partsPerStep = 4

  /// Whether faults in region maps of the checkpointer's own can occur.
  var hasManagedMemory: Bool { configuration.strategy.usesManagedMemory || configuration.restoredMemory == .lazy }

  /// Whether memory that is made for a child is made of parts.
  func isManaged(_ child: Int) -> Bool { configuration.strategy.usesManagedMemory || children[child].isPostCopied }

  /// Opens what incremental mode needs of its own: a session for region maps and a context for their faults.
  mutating func openFaultSignals(_ script: inout Script) throws(Suspension) {
    if !configuration.opensSessionForEachMap { regionMaps = try openMapSession(&script) }
    guard let source = signals.source else { return }
    signals.faults = try script.call(
      environment.pd, PDOpcode.allocContext, [OwnSignals.faultImprint], [source], receiveInto: [slots.take()]
    ).capability
    guard configuration.strategy.mirrorsWrites else { return }
    signals.mirrored = try script.call(
      environment.pd, PDOpcode.allocContext, [OwnSignals.mirroredImprint], [source], receiveInto: [slots.take()]
    ).capability
  }

  private mutating func openMapSession(_ script: inout Script) throws(Suspension) -> RPCCapability? {
    let slot = slots.take()
    let arguments = SessionArguments(ramQuota: SessionQuota.rm, label: "rtcr")
    let session = try script.session("RM", arguments, parent: environment.parent, into: slot).capability
    if session == nil { slots.release(slot) }
    return session
  }

  /// Makes a managed dataspace without parts and lets jobs add them; nil if there is no place for its records.
  mutating func makeManaged(
    _ bytes: UInt64, for child: Int, asked: ManagedOrigin, _ script: inout Script
  ) throws(Suspension) -> Int? {
    let size = (bytes + ComponentLayout.pageSize - 1) & ~(ComponentLayout.pageSize - 1)
    let granularity = UInt64(configuration.granularity) * ComponentLayout.pageSize
    let count = Int((size + granularity - 1) / granularity)
    guard slots.free > count + Self.slotReserve else { return nil }
    var session = regionMaps
    if session == nil { session = try openMapSession(&script) }
    guard let session else { return nil }
    let taken = slots.take(2)
    guard
      let map = try callExpanding(
        session, RMOpcode.create, [size], receiveInto: [taken[0]], payer: session, by: Self.mapUpgrade, &script
      ).capability,
      let whole = try script.call(map, RegionMapOpcode.dataspace, receiveInto: [taken[1]]).capability
    else {
      taken.forEach { slots.release($0) }
      try closeOwn(session, &script)
      return nil
    }
    _ = try script.call(map, RegionMapOpcode.faultHandler, [], [signals.faults])
    var dataspace = OnlineDataspace(real: whole, size: size, kind: .ram)
    dataspace.managed = ManagedMemory(map: map, session: session, granularity: granularity)
    children[child].dataspaces.append(dataspace)
    let row = children[child].dataspaces.count - 1
    jobs.pushFront(.designate(child: child, dataspace: row, asked))
    return row
  }

  /// Allocates the next parts from the child's account and attaches them at once: all are dirty at first. Those of a
  /// child whose memory comes later stay away until then.
  mutating func designate(
    _ row: Int, of child: Int, _ asked: ManagedOrigin, _ script: inout Script
  ) throws(Suspension) {
    guard let managed = children[child].dataspaces[row].managed else { return }
    let size = children[child].dataspaces[row].size
    var parts = managed.parts
    let isLate = asked == .own && children[child].isPostCopied
    for _ in 0..<Self.partsPerStep where UInt64(parts.count) * managed.granularity < size {
      let offset = UInt64(parts.count) * managed.granularity
      let bytes = min(managed.granularity, size - offset)
      let slot = slots.take()
      let reply = try callExpanding(
        children[child].ram, RAMOpcode.alloc, [bytes], receiveInto: [slot], payer: children[child].ram, &script)
      guard let part = reply.capability else {
        slots.release(slot)
        children[child].dataspaces[row].managed?.parts = parts
        return giveUpManaged(row, of: child, asked, reply.exception ?? .quotaExceeded)
      }
      parts.append(ManagedMemory.Part(dataspace: part, isAttached: !isLate))
      if isLate { continue }
      if try !attachPart(part, to: managed.map, at: offset, payer: managed.session, &script) {
        children[child].dataspaces[row].managed?.parts = parts
        return giveUpManaged(row, of: child, asked, .outOfMetadata)
      }
    }
    children[child].dataspaces[row].managed?.parts = parts
    if UInt64(parts.count) * managed.granularity < size {
      jobs.pushFront(.designate(child: child, dataspace: row, asked))
    }
  }

  private func attachPart(
    _ part: RPCCapability, to map: RPCCapability, at offset: UInt64, payer: RPCCapability, _ script: inout Script
  ) throws(Suspension) -> Bool {
    let words = [0, 0, 1, offset, 0]
    let reply = try callExpanding(
      map, RegionMapOpcode.attach, words, [part], payer: payer, by: Self.mapUpgrade, &script)
    return reply.exception == nil
  }

  private mutating func giveUpManaged(
    _ row: Int, of child: Int, _ asked: ManagedOrigin, _ exception: RPCException
  ) {
    forget(row, of: child)
    jobs.pushFront(.dissolve(child: child, dataspace: row))
    switch asked {
    case .request: phase = .working(.answer(.failed(exception)))
    case .own: fail(child, "RAM")
    }
  }

  /// Frees the parts, then the map. The row is marked as gone already.
  mutating func dissolve(_ row: Int, of child: Int, _ script: inout Script) throws(Suspension) {
    guard let managed = children[child].dataspaces[row].managed else { return }
    var parts = managed.parts
    for _ in 0..<Self.partsPerStep {
      guard let part = parts.popLast() else { break }
      _ = try script.call(children[child].ram, RAMOpcode.free, [], [part.dataspace])
      slots.release(part.dataspace.slot)
    }
    children[child].dataspaces[row].managed?.parts = parts
    if !parts.isEmpty { return jobs.pushFront(.dissolve(child: child, dataspace: row)) }
    try destroyManagedMap(managed.map, of: managed.session, &script)
    children[child].dataspaces[row].managed = nil
  }

  mutating func destroyManagedMap(
    _ map: RPCCapability, of session: RPCCapability, _ script: inout Script
  ) throws(Suspension) {
    _ = try script.call(session, RMOpcode.destroy, [], [map])
    slots.release(map.slot)
    try closeOwn(session, &script)
  }

  /// A session for one map ends with it, and its donation comes back.
  private mutating func closeOwn(_ session: RPCCapability, _ script: inout Script) throws(Suspension) {
    guard session != regionMaps else { return }
    _ = try script.call(environment.parent, ParentOpcode.close, [], [session])
    slots.release(session.slot)
  }

  // MARK: Faults

  /// The IRQ stands for one context or, where IRQs merge, for several.
  mutating func fetchSignals(_ script: inout Script) throws(Suspension) {
    guard let source = signals.source else { return }
    var left: UInt64 = 1
    while left > 0 {
      let reply = try script.call(source, SignalSourceOpcode.wait)
      if reply.word(0) == OwnSignals.faultImprint { signals.hasFault = true }
      if reply.word(0) == OwnSignals.mirroredImprint { signals.hasMirroredFault = true }
      left = reply.word(2)
    }
  }

  /// Begins the search for the map that has a fault; once for all signals that came meanwhile.
  mutating func serveFaults() {
    if signals.hasMirroredFault {
      signals.hasMirroredFault = false
      // A thread that waits for an ordinary part is not to be taken for one that waits here.
      signals.hasFault = true
      startMirrorSearch()
    }
    guard signals.hasFault else { return }
    signals.hasFault = false
    outbox.append(.faultSearchStarted)
    jobs.pushFront(.searchFault(child: 0, dataspace: 0))
  }

  /// Asks one map after the other, as the original's fault handler does, and attaches the part that was touched.
  ///
  /// A map is asked until it has no fault left: several threads may wait in it, and core shows only the first.
  mutating func searchFault(_ first: Int, of firstChild: Int, _ script: inout Script) throws(Suspension) {
    var child = firstChild
    var row = first
    while child < children.count {
      let rows = children[child].dataspaces
      guard let next = rows.indices.dropFirst(row).first(where: { isSearched(rows[$0]) }) else {
        child += 1
        row = 0
        continue
      }
      guard let managed = rows[next].managed else { return }
      let state = try script.call(managed.map, RegionMapOpcode.state)
      var again = state.word(0) != RegionMapState.ready.rawValue
      if again { again = try attachTouched(state.word(1), next, of: child, managed, &script) }
      return jobs.pushFront(.searchFault(child: child, dataspace: again ? next : next + 1))
    }
    outbox.append(.faultSearchEnded)
  }

  private func isSearched(_ dataspace: OnlineDataspace) -> Bool {
    dataspace.isLive && dataspace.managed.map { !$0.isMirrored } ?? false
  }

  private mutating func attachTouched(
    _ address: UInt64, _ row: Int, of child: Int, _ managed: ManagedMemory, _ script: inout Script
  ) throws(Suspension) -> Bool {
    guard let index = managed.part(at: address), !managed.parts[index].isAttached else { return false }
    try settlePending(index, of: row, child, &script)
    guard
      try attachPart(
        managed.parts[index].dataspace, to: managed.map, at: UInt64(index) * managed.granularity,
        payer: managed.session, &script)
    else { return false }
    children[child].dataspaces[row].managed?.parts[index].isAttached = true
    outbox.append(
      .partTouched(child: children[child].name, badge: children[child].dataspaces[row].real.badge, address: address))
    return true
  }

  /// The checkpointer itself has changed a part.
  mutating func touch(_ part: Int, of row: Int, of child: Int, _ script: inout Script) throws(Suspension) {
    guard let managed = children[child].dataspaces[row].managed, !managed.parts[part].isAttached else { return }
    let offset = UInt64(part) * managed.granularity
    if try attachPart(managed.parts[part].dataspace, to: managed.map, at: offset, payer: managed.session, &script) {
      children[child].dataspaces[row].managed?.parts[part].isAttached = true
    }
  }

  /// Takes a part away again: the next access to it is noticed.
  mutating func rearm(_ part: Int, of dataspace: Int, _ script: inout Script) throws(Suspension) {
    guard let row = run.dataspaces[dataspace], let managed = children[run.child].dataspaces[row].managed else { return }
    // What is copied before anybody goes on is taken away by the copy itself, whatever core does.
    if configuration.strategy.copiesAfterThaw { return try takeAway(part, of: row, run.child, &script) }
    try script.detach(UInt64(part) * managed.granularity, from: managed.map)
    children[run.child].dataspaces[row].managed?.parts[part].isAttached = false
  }
}

/// Who waits for a managed dataspace: an allocation of the child, or the checkpointer itself.
enum ManagedOrigin: Hashable, BitwiseCopyable, Sendable { case request, own }
