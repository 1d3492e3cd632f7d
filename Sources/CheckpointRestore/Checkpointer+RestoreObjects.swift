import FiascoABI
import Genode

// Threads, sessions, region maps and dataspaces of a restored child: each step makes one and notes what it stands for.
// Writes restoring, children.

extension Checkpointer {
  mutating func restoreThread(_ index: Int, _ script: inout Script) throws(Suspension) {
    let image = restore.image.threads[index]
    let name = image.place == 0 ? children[restore.child].name : image.name
    var found =
      restore.mode == .bootstrap ? children[restore.child].threads.firstIndex { $0.isLive && $0.name == name } : nil
    if found == nil {
      found = try createThread(
        name, priority: UInt64(image.priority), cpu: has(.affinityDropped) ? 0 : UInt64(image.cpu),
        of: restore.child, &script)
    }
    guard let row = found else { return giveUpRestore("create_thread") }
    let thread = children[restore.child].threads[row]
    restore.threads[index] = row
    restore.counts.threads += 1
    restore.translation.add(old: image.badge, new: thread.own)
    // Only its badge is of use: the capability itself is in its slot since the thread was created.
    if image.gateBadge != Badge.mainThread {
      restore.translation.add(old: image.gateBadge, new: RPCCapability(slot: thread.real.slot, badge: thread.gateBadge))
    }
  }

  mutating func createPlaceholder(_ place: Int, _ script: inout Script) throws(Suspension) {
    if restore.mode == .bootstrap { return }
    guard let row = try createThread("placeholder", priority: 0, cpu: 0, of: restore.child, &script) else {
      return giveUpRestore("create_thread")
    }
    restore.placeholders.append(RestoreRun.Placeholder(place: place, thread: row))
  }

  mutating func killPlaceholder(_ place: Int, _ script: inout Script) throws(Suspension) {
    guard let row = restore.placeholders.first(where: { $0.place == place })?.thread else { return }
    let thread = children[restore.child].threads[row]
    _ = try script.call(children[restore.child].cpu, CPUOpcode.killThread, [], [thread.real])
    children[restore.child].threads[row].isLive = false
    try dropGate(thread.own, &script)
  }

  mutating func restoreSession(_ index: Int, _ script: inout Script) throws(Suspension) {
    let image = restore.image.sessions[index]
    restore.counts.objects += 1
    // A session at one of its own services: the object is made with the component's others.
    if restore.mode == .withoutELF, restore.image.rpcObjects.contains(where: { $0.badge == image.badge }) { return }
    var row: Int?
    switch image.service {
    case "PD": row = TargetChild.pdSession
    case "RAM": row = TargetChild.ramSession
    case "CPU": row = TargetChild.cpuSession
    default:
      if restore.mode == .bootstrap {
        let used = restore.sessions
        row = children[restore.child].sessions.indices.first {
          children[restore.child].sessions[$0].isLive && children[restore.child].sessions[$0].service == image.service
            && !used.contains($0)
        }
      }
      if row == nil, provider(of: image.service) != nil { return try rejoinSession(index) }
      if row == nil {
        row = try openSession(image.service, SessionArguments(image.arguments), of: restore.child, &script)
      }
    }
    guard let row else { return giveUpRestore("session \(image.service)") }
    restore.sessions[index] = row
    let session = children[restore.child].sessions[row]
    restore.translation.add(old: image.badge, new: session.own)
    for upgrade in image.upgrades {
      // The child pays, as it did.
      let quota = SessionArguments(upgrade).ramQuota
      let ram = children[restore.child].ram
      guard try script.transferQuota(quota, from: ram, to: environment.ram) == 0 else {
        return giveUpRestore("upgrade of session \(image.service)")
      }
      children[restore.child].sessions[row].quota += quota
      if session.provider == .sibling { continue }
      _ = try script.call(environment.parent, ParentOpcode.upgrade, RPCString.encode(upgrade), [session.real])
    }
    children[restore.child].sessions[row].upgrades = image.upgrades
  }

  mutating func restoreMap(_ index: Int, _ script: inout Script) throws(Suspension) {
    let image = restore.image.regionMaps[index]
    guard let session = restore.image.sessions.firstIndex(where: { $0.badge == image.sessionBadge }),
      let row = restore.sessions[session]
    else { return giveUpRestore("region map without session") }
    let online = children[restore.child].sessions[row]
    let slot = slots.take()
    let reply = try callExpanding(
      online.real, RMOpcode.create, [image.size], receiveInto: [slot], payer: online.real, &script)
    guard let real = reply.capability,
      let own = try makeGate(.map(children[restore.child].maps.count), of: restore.child, &script)
    else { return giveUpRestore("region map") }
    children[restore.child].maps.append(
      OnlineMap(name: image.name, own: own, real: real, size: image.size, session: online.own.badge))
    restore.maps[index] = children[restore.child].maps.count - 1
    restore.translation.add(old: image.badge, new: own)
    restore.counts.objects += 1
  }

  mutating func restoreDataspace(_ index: Int, _ script: inout Script) throws(Suspension) {
    let image = restore.image.dataspaces[index]
    let child = restore.child
    var dataspace: RPCCapability?
    switch image.provenance {
    case .captured:
      dataspace = knownRAM(index)
      if dataspace == nil { dataspace = try allocate(image.size, for: child, &script) }
    case .rom where image.sessionBadge == 0:
      let size = children[child].dataspaces.first { $0.kind == .program }?.size ?? 0
      guard size == image.size else {
        jobs.removeAll()
        children[child].condition = .failed
        forgetRestore()
        let what = "a program of \(size) bytes, the image has one of \(image.size)"
        return refuse(.doesNotFit(component: children[child].name, what))
      }
      dataspace = children[child].program
    case .rom: dataspace = try obtain(image, ROMOpcode.dataspace, { .rom(session: $0) }, &script)
    case .notCaptured:
      if let known = children[child].traceControl {
        dataspace = known
      } else {
        dataspace = try obtain(image, CPUOpcode.traceControl, { .traceControl(session: $0) }, &script)
        children[child].traceControl = dataspace
      }
    case .managed:
      // Without a badge the original never asked for it, and so does the new one.
      if image.badge != 0 { dataspace = try managedDataspace(index, &script) }
    // Only its owner could hand it out again.
    case .shared: break
    }
    if dataspace == nil, image.badge != 0 { return giveUpRestore("dataspace \(index)") }
    restore.dataspaces[index] = dataspace
    if let dataspace { restore.translation.add(old: image.badge, new: dataspace) }
    restore.counts.objects += 1
  }

  /// In mode `bootstrap` the n-th allocation of the new child is taken for the n-th of the original.
  private func knownRAM(_ index: Int) -> RPCCapability? {
    guard restore.mode == .bootstrap else { return nil }
    let position = restore.image.dataspaces[..<index].count { $0.provenance == .captured }
    let rows = children[restore.child].dataspaces.filter { $0.isLive && $0.kind == .ram }
    guard position < rows.count, rows[position].size == restore.image.dataspaces[index].size else { return nil }
    return rows[position].real
  }

  /// A dataspace that a session hands out.
  private mutating func obtain<Operation: RawRepresentable<UInt64>>(
    _ image: DataspaceImage, _ opcode: Operation, _ kind: (UInt64) -> OnlineDataspace.Kind, _ script: inout Script
  ) throws(Suspension) -> RPCCapability? {
    guard let session = restore.image.sessions.firstIndex(where: { $0.badge == image.sessionBadge }),
      let row = restore.sessions[session]
    else { return nil }
    let online = children[restore.child].sessions[row]
    let slot = slots.take()
    guard let dataspace = try script.call(online.real, opcode, receiveInto: [slot]).capability else { return nil }
    children[restore.child].dataspaces.append(
      OnlineDataspace(real: dataspace, size: image.size, kind: kind(online.own.badge)))
    return dataspace
  }

  private mutating func managedDataspace(_ index: Int, _ script: inout Script) throws(Suspension) -> RPCCapability? {
    guard let position = restore.image.regionMaps.firstIndex(where: { $0.dataspaceIndex == index }),
      let map = restore.maps[position]
    else { return nil }
    let child = restore.child
    if let known = children[child].dataspaces.first(where: { $0.isLive && $0.kind == .managed(map: map) }) {
      return known.real
    }
    let slot = slots.take()
    let reply = try script.call(children[child].maps[map].real, RegionMapOpcode.dataspace, receiveInto: [slot])
    guard let dataspace = reply.capability else { return nil }
    children[child].dataspaces.append(
      OnlineDataspace(real: dataspace, size: children[child].maps[map].size, kind: .managed(map: map)))
    return dataspace
  }
}
