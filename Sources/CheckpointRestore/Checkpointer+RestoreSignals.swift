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
