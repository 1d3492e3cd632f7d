import FiascoABI
import Genode

// Bringing a component back: the steps of a plan, one after the other. Writes restoring, children, checkpoints.

extension Checkpointer {
  /// The restore in progress; its jobs exist only while there is one.
  var restore: RestoreRun {
    get {
      guard let restoring else { preconditionFailure("a restore job needs a restore in progress") }
      return restoring
    }
    set { restoring = newValue }
  }

  mutating func startRestore(_ name: String, as childName: String?, policy: ResumptionPolicy?, mode: ChildMode?) {
    guard let checkpoint = checkpoints.lastIndex(where: { $0.name == name }) else {
      return refuse(.unknownCheckpoint(name))
    }
    let image = checkpoints[checkpoint].image
    if let inconsistency = image.inconsistency { return refuse(.inconsistentImage(inconsistency)) }
    let child = newChild(childName ?? image.componentName, like: image)
    let chosen = policy ?? configuration.defaultPolicy
    switch mode ?? configuration.childMode {
    case .withoutELF: startRestoreWithoutELF(checkpoint, image, child, chosen)
    case .bootstrap:
      let index = create(child, .withELF)
      children[index].bootstrap = BootstrapOrder(checkpoint: checkpoint, policy: chosen)
      outbox.append(.restoreStarted(checkpoint: name, child: child.name, .bootstrap))
    }
  }

  /// The configuration of the original if it was a child of ours, else what the image says.
  private func newChild(_ name: String, like image: CheckpointImage) -> ChildConfiguration {
    let known = configuration.targets.first { $0.name == image.componentName }
    let quota = image.ramQuota + SessionQuota.pd + SessionQuota.ram + SessionQuota.cpu
    var child = known ?? ChildConfiguration(name: name, program: .elf(rom: image.romName), ramQuota: quota)
    child.name = name
    child.ramQuota = max(child.ramQuota, quota)
    return child
  }

  private mutating func startRestoreWithoutELF(
    _ checkpoint: Int, _ image: CheckpointImage, _ child: ChildConfiguration, _ policy: ResumptionPolicy
  ) {
    guard let order = RestorePlan(image).order else { return refuse(.cyclicPlan) }
    let name = checkpoints[checkpoint].name
    outbox.append(.restoreStarted(checkpoint: name, child: child.name, .withoutELF))
    outbox.append(.phaseStarted(.restore, of: name))
    let index = create(child, .withoutELF)
    restoring = RestoreRun(checkpoint: checkpoint, child: index, policy: policy, mode: .withoutELF, image: image)
    jobs += order.map { .plan($0) }
    jobs.append(.endRestore)
  }

  mutating func restore(_ step: RestorePlan.Step, _ script: inout Script) throws(Suspension) {
    switch step {
    case .child: translateChild()
    case .thread(let index): try restoreThread(index, &script)
    case .placeholder(let place): try createPlaceholder(place, &script)
    case .killPlaceholder(let place): try killPlaceholder(place, &script)
    case .session(let index): try restoreSession(index, &script)
    case .regionMap(let index): try restoreMap(index, &script)
    case .dataspace(let index): try restoreDataspace(index, &script)
    case .signalSource: try restoreSignalSource(&script)
    case .context(let index): try restoreContext(index, &script)
    case .rpcObject(let index): try restoreRPCObject(index, &script)
    case .interrupt: try restoreInterrupt(&script)
    case .capabilityMap: try openCapabilityMapCopy(&script)
    case .contents(let index): try restoreContents(index, &script)
    case .region(let index): try restoreRegion(index, &script)
    case .capability(let index): try installCapability(index, &script)
    case .start(let index): try startThread(index, &script)
    case .timer(let index): try restoreTimer(index, &script)
    }
  }

  mutating func endRestore() {
    let finished = restore
    let name = checkpoints[finished.checkpoint].name
    children[finished.child].condition = .running
    outbox.append(.phaseEnded(.restore, of: name, finished.counts))
    outbox.append(.restoreFinished(checkpoint: name, child: children[finished.child].name))
    restoring = nil
  }

  /// What the creation of the child has made already stands for what the original had.
  private mutating func translateChild() {
    let child = children[restore.child]
    restore.maps[0] = 0
    for index in restore.image.regionMaps.indices.prefix(3) {
      restore.maps[index] = index
      restore.translation.add(old: restore.image.regionMaps[index].badge, new: child.maps[index].own)
    }
    if let parent = child.parent { restore.translation.add(old: restore.image.parentBadge, new: parent) }
  }

  /// A failed request ends the restore; the child stays as far as it came, for people who want to look at it.
  mutating func giveUpRestore(_ what: String) { fail(restore.child, what) }
}

// Objects. Each step makes one and notes what it stands for.
extension Checkpointer {
  private mutating func restoreThread(_ index: Int, _ script: inout Script) throws(Suspension) {
    let image = restore.image.threads[index]
    let name = image.place == 0 ? children[restore.child].name : image.name
    var found =
      restore.mode == .bootstrap ? children[restore.child].threads.firstIndex { $0.isLive && $0.name == name } : nil
    if found == nil {
      found = try createThread(
        name, priority: UInt64(image.priority), cpu: UInt64(image.cpu), of: restore.child, &script)
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

  private mutating func createPlaceholder(_ place: Int, _ script: inout Script) throws(Suspension) {
    if restore.mode == .bootstrap { return }
    guard let row = try createThread("placeholder", priority: 0, cpu: 0, of: restore.child, &script) else {
      return giveUpRestore("create_thread")
    }
    restore.placeholders.append(RestoreRun.Placeholder(place: place, thread: row))
  }

  private mutating func killPlaceholder(_ place: Int, _ script: inout Script) throws(Suspension) {
    guard let row = restore.placeholders.first(where: { $0.place == place })?.thread else { return }
    let thread = children[restore.child].threads[row]
    _ = try script.call(children[restore.child].cpu, CPUOpcode.killThread, [], [thread.real])
    children[restore.child].threads[row].isLive = false
    try dropGate(thread.own, &script)
  }

  private mutating func restoreSession(_ index: Int, _ script: inout Script) throws(Suspension) {
    let image = restore.image.sessions[index]
    restore.counts.objects += 1
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
      if row == nil {
        row = try openSession(image.service, SessionArguments(image.arguments), of: restore.child, &script)
      }
    }
    guard let row else { return giveUpRestore("session \(image.service)") }
    restore.sessions[index] = row
    let session = children[restore.child].sessions[row]
    restore.translation.add(old: image.badge, new: session.own)
    for upgrade in image.upgrades {
      _ = try script.call(environment.parent, ParentOpcode.upgrade, RPCString.encode(upgrade), [session.real])
    }
    children[restore.child].sessions[row].upgrades = image.upgrades
  }

  private mutating func restoreMap(_ index: Int, _ script: inout Script) throws(Suspension) {
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

  private mutating func restoreDataspace(_ index: Int, _ script: inout Script) throws(Suspension) {
    let image = restore.image.dataspaces[index]
    let child = restore.child
    var dataspace: RPCCapability?
    switch image.provenance {
    case .captured:
      dataspace = knownRAM(index)
      if dataspace == nil { dataspace = try allocate(image.size, for: child, &script) }
    case .rom where image.sessionBadge == 0: dataspace = children[child].program
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

// Signals and RPC objects.
extension Checkpointer {
  private mutating func restoreSignalSource(_ script: inout Script) throws(Suspension) {
    let child = restore.child
    let taken = slots.take(2)
    if children[child].nativePD == nil {
      children[child].nativePD = try script.call(children[child].pd, PDOpcode.nativePD, receiveInto: [taken[0]]).capability
    } else {
      slots.release(taken[0])
    }
    if let native = children[child].nativePD {
      restore.translation.add(old: restore.image.nativePDBadge, new: native)
      let address = restore.image.capabilityMapAddress
      if address != 0 { _ = try script.call(native, NativePDOpcode.setCapMapInfo, [address]) }
    }
    guard restore.image.signals.badge != 0 else { return slots.release(taken[1]) }
    if children[child].signalSource == nil {
      children[child].signalSource =
        try script.call(children[child].pd, PDOpcode.allocSignalSource, receiveInto: [taken[1]]).capability
    } else {
      slots.release(taken[1])
    }
    if let source = children[child].signalSource {
      restore.translation.add(old: restore.image.signals.badge, new: source)
    }
  }

  private mutating func restoreContext(_ index: Int, _ script: inout Script) throws(Suspension) {
    let image = restore.image.signalContexts[index]
    let pd = children[restore.child].pd
    let slot = slots.take()
    let reply = try callExpanding(
      pd, PDOpcode.allocContext, [image.imprint], [children[restore.child].signalSource], receiveInto: [slot], payer: pd,
      &script)
    guard let context = reply.capability else { return giveUpRestore("signal context") }
    children[restore.child].contexts.append(OnlineContext(real: context, imprint: image.imprint))
    restore.translation.add(old: image.badge, new: context)
    restore.counts.objects += 1
  }

  private mutating func restoreRPCObject(_ index: Int, _ script: inout Script) throws(Suspension) {
    // The original restorer postponed this, in every branch.
    if restore.mode == .bootstrap { return }
    let image = restore.image.rpcObjects[index]
    guard let thread = restore.threads[image.threadIndex] else { return giveUpRestore("RPC object without thread") }
    let child = children[restore.child]
    let slot = slots.take()
    let reply = try callExpanding(
      child.pd, PDOpcode.allocRPCCap, [], [child.threads[thread].real], receiveInto: [slot], payer: child.pd, &script)
    guard let object = reply.capability else { return giveUpRestore("RPC object") }
    children[restore.child].rpcObjects.append(OnlineRPCObject(real: object, thread: thread))
    restore.translation.add(old: image.badge, new: object)
    restore.counts.objects += 1
  }

  /// The interrupt of the new signal source, attached by core to the thread that will wait for it.
  private mutating func restoreInterrupt(_ script: inout Script) throws(Suspension) {
    if restore.mode == .bootstrap { return }
    guard let source = children[restore.child].signalSource, restore.image.signals.interruptBadge != 0,
      let index = restore.image.signals.threadIndex, let thread = restore.threads[index]
    else { return }
    // The slot stays with the checkpointer until the child's own has been filled.
    let slot = slots.take()
    let reply = try script.call(
      source, SignalSourceOpcode.requestSemaphore, [], [children[restore.child].threads[thread].real],
      receiveInto: [slot])
    if let interrupt = reply.capability {
      restore.translation.add(old: restore.image.signals.interruptBadge, new: interrupt)
    }
  }

  private mutating func restoreTimer(_ index: Int, _ script: inout Script) throws(Suspension) {
    let image = restore.image.timers[index]
    guard let position = restore.image.sessions.firstIndex(where: { $0.badge == image.sessionBadge }),
      let row = restore.sessions[position]
    else { return giveUpRestore("timer without session") }
    let session = children[restore.child].sessions[row]
    var timer = OnlineTimer()
    timer.offsetMilliseconds = image.elapsedMilliseconds
    if let handler = restore.translation[image.handlerBadge] {
      _ = try script.call(session.real, TimerOpcode.sigh, [], [handler])
      timer.handler = handler.badge
    }
    if let remaining = image.remainingPicoseconds {
      timer.timeout = image.periodic ? image.timeoutPicoseconds / 1_000_000 : remaining / 1_000_000
      timer.isPeriodic = image.periodic
      timer.isArmed = true
      timer.armedAt = try script.readClock()
      let opcode = image.periodic ? TimerOpcode.triggerPeriodic : .triggerOnce
      _ = try script.call(session.real, opcode, [timer.timeout])
    }
    children[restore.child].sessions[row].timer = timer
  }
}
