import FiascoABI
import Genode

// Signals, RPC objects and timers of a restored child. Writes restoring, children.

extension Checkpointer {
  mutating func restoreSignalSource(_ script: inout Script) throws(Suspension) {
    let child = restore.child
    let taken = slots.take(2)
    if children[child].nativePD == nil {
      let reply = try script.call(children[child].pd, PDOpcode.nativePD, receiveInto: [taken[0]])
      children[child].nativePD = reply.capability
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

  mutating func restoreContext(_ index: Int, _ script: inout Script) throws(Suspension) {
    let image = restore.image.signalContexts[index]
    let pd = children[restore.child].pd
    let slot = slots.take()
    let reply = try callExpanding(
      pd, PDOpcode.allocContext, [image.imprint], [children[restore.child].signalSource], receiveInto: [slot],
      payer: pd, &script)
    guard let context = reply.capability else { return giveUpRestore("signal context") }
    children[restore.child].contexts.append(OnlineContext(real: context, imprint: image.imprint))
    restore.translation.add(old: image.badge, new: context)
    restore.counts.objects += 1
  }

  mutating func restoreRPCObject(_ index: Int, _ script: inout Script) throws(Suspension) {
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
    // Sessions at the component's own services are these objects.
    for (index, session) in restore.image.sessions.enumerated() where session.badge == image.badge {
      var record = OnlineSession(
        service: session.service, arguments: session.arguments, own: object, real: object, quota: 0)
      record.provider = .sibling
      restore.sessions[index] = children[restore.child].sessions.count
      children[restore.child].sessions.append(record)
    }
  }

  /// The interrupt of the new signal source, attached by core to the thread that will wait for it.
  mutating func restoreInterrupt(_ script: inout Script) throws(Suspension) {
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

  /// Signals submitted and not fetched before the checkpoint, merged as they were. Their interrupt comes with them.
  mutating func resubmitSignals(_ index: Int, _ script: inout Script) throws(Suspension) {
    if restore.mode == .bootstrap { return }
    let image = restore.image.signalContexts[index]
    guard let context = restore.translation[image.badge] else { return giveUpRestore("signals without context") }
    _ = try script.call(children[restore.child].pd, PDOpcode.submit, [UInt64(image.pendingCount)], [context])
    outbox.append(
      .signalsResubmitted(
        checkpoint: checkpoints[restore.checkpoint].name, imprint: image.imprint, count: UInt64(image.pendingCount)))
  }

  mutating func restoreFaultHandler(_ index: Int, _ script: inout Script) throws(Suspension) {
    if restore.mode == .bootstrap { return }
    let badge = restore.image.regionMaps[index].faultHandlerBadge
    guard let map = restore.maps[index] else { return giveUpRestore("fault handler without region map") }
    guard let context = restore.translation[badge] else {
      outbox.append(.handlerLost(checkpoint: checkpoints[restore.checkpoint].name, badge: badge))
      return
    }
    _ = try script.call(children[restore.child].maps[map].real, RegionMapOpcode.faultHandler, [], [context])
    children[restore.child].maps[map].faultHandler = context.badge
  }
}

// Timers. Writes children[].sessions[].timer, commands.
extension Checkpointer {
  private static let picosecondsPerMicrosecond: UInt64 = 1_000_000

  mutating func restoreTimer(_ index: Int, _ script: inout Script) throws(Suspension) {
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
    if let left = image.remainingPicoseconds {
      let wanted = has(.timerRearmedInFull) ? image.timeoutPicoseconds : left
      let remaining = wanted / Self.picosecondsPerMicrosecond
      let now = try script.readClock()
      timer.isPeriodic = image.periodic
      timer.isArmed = true
      if image.periodic {
        // The session knows whole periods only: the rest of this one is waited for here. It may have begun before the
        // machine did; differences of instants are right all the same.
        timer.timeout = image.timeoutPicoseconds / Self.picosecondsPerMicrosecond
        timer.armedAt = now &+ remaining &- timer.timeout
        schedule(.period(child: restore.child, session: row), at: now + remaining)
      } else {
        timer.timeout = remaining
        timer.armedAt = now
        _ = try script.call(session.real, TimerOpcode.triggerOnce, [remaining])
      }
    }
    children[restore.child].sessions[row].timer = timer
  }

  /// Something the checkpointer has to do for itself later.
  mutating func schedule(_ work: TimedCommand.OwnWork, at instant: UInt64) {
    let place = commands.firstIndex { $0.at > instant } ?? commands.count
    commands.insert(TimedCommand(atMicroseconds: instant, .own(work)), at: place)
  }

  /// The child has programmed its timer anew: the restored period is history.
  mutating func forgetPeriod(of session: Int, _ child: Int) {
    let period = TimedCommand.Command.own(.period(child: child, session: session))
    commands.removeAll { $0.command == period }
    if due == period { due = nil }
    jobs.removeAll { $0 == .startPeriod(child: child, session: session) }
  }

  /// The end of the period that the checkpoint interrupted: its signal, and from here on whole periods.
  mutating func startPeriod(of session: Int, _ child: Int, _ script: inout Script) throws(Suspension) {
    guard [.running, .building].contains(children[child].condition), children[child].sessions[session].isLive else {
      return
    }
    let online = children[child].sessions[session]
    _ = try script.call(online.real, TimerOpcode.triggerPeriodic, [online.timer.timeout])
    children[child].sessions[session].timer.armedAt = try script.readClock()
    if let context = children[child].contexts.first(where: { $0.isLive && $0.real.badge == online.timer.handler }) {
      _ = try script.call(children[child].pd, PDOpcode.submit, [1], [context.real])
    }
  }
}
