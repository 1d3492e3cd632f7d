// Writes: gates, threads (label, rights, gate queue).
import Determinism
import FiascoABI

extension Kernel {
  /// A message to a gate reaches the bound thread under the gate's label; with the server right the gate itself
  /// understands protocol -10.
  ///
  /// Models `Ipc_gate::invoke` and `Ipc_gate_ctl::invoke`.
  mutating func invokeGate(_ t: ThreadID, _ g: Int, _ capability: Capability, _ operation: IPCOperation) {
    let tag = threads[t.slot].tag
    let isServer = capability.attributes & Capability.objectSpecific1 != 0
    if isServer, operation.contains(.send), tag.label == KernelProtocol.kernelObject {
      charge(.objectInvocation)
      let answer = controlGate(g, capability, by: t, tag: tag)
      if operation.contains(.receive) { complete(t, answer) }
      return
    }
    threads[t.slot].sendRights = capability.rights
    if gates[g].thread.isNone {
      waitAtGate(t, g)
    } else {
      passGate(t, g, operation)
    }
  }

  private mutating func passGate(_ t: ThreadID, _ g: Int, _ operation: IPCOperation) {
    let label = gates[g].label | UInt64(threads[t.slot].sendRights & 3)
    threads[t.slot].label = label
    if profile.gateLabelReachesSender { registers[t.slot].a3 = label }
    if recordsTrace { record(.gateInvoked(t, gate: gates[g].object, label: label)) }
    startThreadIPC(t, target: gates[g].thread, operation)
  }

  private mutating func controlGate(_ g: Int, _ capability: Capability, by t: ThreadID, tag: MessageTag)
    -> InvocationOutcome
  {
    guard tag.words > 0 else { return .refused(.invalidArgument) }
    switch utcbWord(t, 0) {
    case Opcode.Gate.bind: return bindGate(g, capability, by: t, tag: tag)
    case Opcode.Gate.info:
      setUTCBWord(t, 0, gates[g].label)
      return .answer(label: 0, words: 1)
    default: return .refused(.noSystemCall)
    }
  }

  private mutating func bindGate(_ g: Int, _ capability: Capability, by t: ThreadID, tag: MessageTag)
    -> InvocationOutcome
  {
    guard tag.words >= 2 else {
      return .refused(tooShort)
    }
    let thread: Capability
    switch argument(t, tag) {
    case .found(let found): thread = found
    case .missing: return .refused(tag.items > 0 ? emptyArgument : .invalidArgument)
    case .notAnObject: return .ipcError(.sendOverflow)
    }
    let object = objects[thread.object.slot]
    guard object.kind == .thread else { return .refused(.invalidArgument) }
    guard thread.hasStrong, capability.hasStrong || !profile.checksGateLabel else { return .refused(.permission) }
    let label = utcbWord(t, 1)
    guard label & 3 == 0 || !profile.checksGateLabel else { return .refused(.invalidArgument) }
    bindGate(g, to: ThreadID(Int(object.index)), label: label)
    return .ok
  }

  /// Already queued senders stay with the old thread; those that waited for a binding go on, highest priority first.
  public mutating func bindGate(_ g: Int, to thread: ThreadID, label: UInt64) {
    threads[thread.slot].internalReferences += 1
    let old = gates[g].thread
    gates[g].thread = thread
    gates[g].label = label
    if !old.isNone { dropInternalReference(old) }
    wakeGateWaiters(g)
  }

  private mutating func wakeGateWaiters(_ g: Int) {
    // Pushed in front one after the other, so the last one woken stands first: wake the lowest priority first.
    for sender in senders(in: .gate(g)).reversed() {
      guard let t = sender.thread else { continue }
      remove(sender, from: .gate(g))
      threads[t.slot].queuedAtGate = -1
      disarm(t)
      makeReady(t)
    }
  }

  mutating func dropInternalReference(_ t: ThreadID) {
    threads[t.slot].internalReferences -= 1
    releaseThreadIfUnused(t)
  }

  // MARK: Unbound gates

  /// Nobody is bound: wait for a binding, with the send timeout. Models `Ipc_gate::block`.
  private mutating func waitAtGate(_ t: ThreadID, _ g: Int) {
    switch deadline(of: threads[t.slot].timeouts.send, for: t) {
    case .passed: fail(t, .sendTimeout)
    case .never: sleepAtGate(t, g, until: .never)
    case .at(let instant): sleepAtGate(t, g, until: instant)
    }
  }

  private mutating func sleepAtGate(_ t: ThreadID, _ g: Int, until: Instant) {
    enqueue(SenderID(thread: t), in: .gate(g))
    threads[t.slot].queuedAtGate = Int32(g)
    threads[t.slot].phase = .sendWait
    threads[t.slot].continuation = .gateWait
    block(t, until: until)
  }

  /// Woken at the gate: bound now, timed out, cancelled, or the gate is gone.
  mutating func continueGateWait(_ t: ThreadID) {
    let flags = threads[t.slot].flags
    if flags.contains(.cancel), profile.cancelAtUnboundGate {
      leaveSenderQueue(t)
      return fail(t, .sendCanceled)
    }
    if flags.contains(.timeout) {
      leaveSenderQueue(t)
      return fail(t, .sendTimeout)
    }
    leaveSenderQueue(t)
    threads[t.slot].phase = .none
    // The gate is looked up again: it may have been bound, or deleted together with the capability.
    retryAfterGateWait(t)
  }

  private mutating func retryAfterGateWait(_ t: ThreadID) {
    let selector: ObjectReference
    switch threads[t.slot].entry {
    case .pageFault: return retryFaultMessage(t)
    case .exception: return retryFaultMessage(t)
    case .systemCall, .user: selector = ObjectReference(raw: registers[t.slot].a1)
    }
    guard let found = capability(of: threads[t.slot].task, at: selector.index),
      objects[found.object.slot].kind == .gate, !gates[Int(objects[found.object.slot].index)].thread.isNone
    else { return fail(t, .notExistent) }
    passGate(t, Int(objects[found.object.slot].index), selector.operation)
  }

  /// The gate object is destroyed: its waiters get "not existent" when they look again.
  mutating func destroyGate(_ g: Int) {
    wakeGateWaiters(g)
    let thread = gates[g].thread
    gates.remove(g)
    guard !thread.isNone, threads.contains(thread.slot) else { return }
    let observer = threads[thread.slot].deletionObserver
    if !observer.isNone { hit(observer) }
    dropInternalReference(thread)
  }
}
