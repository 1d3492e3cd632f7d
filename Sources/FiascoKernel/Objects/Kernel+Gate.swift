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
      return unblock(g, by: t)
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

  private mutating func controlGate(
    _ g: Int, _ capability: Capability, by t: ThreadID, tag: MessageTag
  ) -> InvocationOutcome {
    guard tag.words > 0 else { return .refused(.invalidArgument) }
    switch utcbWord(t, 0) {
    case Opcode.Gate.bind: return bindGate(g, capability, by: t, tag: tag)
    case Opcode.Gate.info:
      setUTCBWord(t, 0, gates[g].label)
      return .answer(label: 0, words: 1)
    case Opcode.Gate.dropReferences: return dropReferences(gates[g].object, by: t, tag: tag)
    default: return .refused(.noSystemCall)
    }
  }

  /// MR1: as many references less, without a look at what that means. Models `Kobject::sys_dec_refcnt`.
  private mutating func dropReferences(_ id: ObjectID, by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    guard tag.words >= 2 else { return .refused(.invalidArgument) }
    objects[id.slot].droppedReferences &+= Int32(truncatingIfNeeded: utcbWord(t, 1))
    setUTCBWord(t, 0, UInt64(bitPattern: objects[id.slot].references))
    return .answer(label: 0, words: 1)
  }

  private mutating func bindGate(
    _ g: Int, _ capability: Capability, by t: ThreadID, tag: MessageTag
  ) -> InvocationOutcome {
    let checksGate = profile.checksGateLabel
    guard capability.hasStrong || !checksGate else { return .refused(.permission) }
    guard tag.words >= 2 else { return .refused(tooShort) }
    let label = utcbWord(t, 1)
    guard label & 3 == 0 || !checksGate else { return .refused(.invalidArgument) }
    switch argument(t, tag, kind: .thread, ifEmpty: emptyArgument) {
    case .failed(let outcome): return outcome
    case .found(let thread):
      guard thread.hasStrong else { return .refused(.permission) }
      bindGate(g, to: ThreadID(Int(objects[thread.object.slot].index)), label: label)
      return .ok
    }
  }

  /// Already queued senders stay with the old thread; those that waited for a binding are woken by `unblock`.
  public mutating func bindGate(_ g: Int, to thread: ThreadID, label: UInt64) {
    threads[thread.slot].internalReferences += 1
    let old = gates[g].thread
    gates[g].thread = thread
    gates[g].label = label
    if !old.isNone { dropInternalReference(old) }
  }

  /// Wakes those that waited for a binding, highest priority first. Each may preempt the thread that bound the gate,
  /// which wakes the next one when it runs again. Models `Ipc_gate_obj::unblock_all`.
  private mutating func unblock(_ g: Int, by t: ThreadID) {
    guard !gates[g].thread.isNone, !gates[g].firstWaiter.isNone else { return }
    threads[t.slot].waitedGate = Int32(g)
    continueUnblocking(t)
  }

  mutating func continueUnblocking(_ t: ThreadID) {
    let g = Int(threads[t.slot].waitedGate)
    while g >= 0, let waiter = gates[g].firstWaiter.thread {
      wakeAtGate(waiter, g)
      if wake(waiter, lazy: true) {
        threads[t.slot].continuation = .unblockGate
        return switchWithContext(to: waiter)
      }
    }
    threads[t.slot].waitedGate = -1
    threads[t.slot].continuation = .finish
  }

  /// The thread dies before it has woken all of them.
  mutating func wakeGateWaiters(of t: ThreadID) {
    let g = Int(threads[t.slot].waitedGate)
    while g >= 0, let waiter = gates[g].firstWaiter.thread {
      wakeAtGate(waiter, g)
      makeReady(waiter)
    }
    threads[t.slot].waitedGate = -1
  }

  private mutating func wakeAtGate(_ waiter: ThreadID, _ g: Int) {
    remove(SenderID(thread: waiter), from: .gate(g))
    threads[waiter.slot].queuedAtGate = -1
    disarm(waiter)
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

  mutating func sleepAtGate(_ t: ThreadID, _ g: Int, until: Instant) {
    enqueue(SenderID(thread: t), in: .gate(g))
    threads[t.slot].queuedAtGate = Int32(g)
    threads[t.slot].waitedGate = Int32(g)
    threads[t.slot].phase = .sendWait
    threads[t.slot].continuation = .gateWait
    block(t, until: until)
  }

  /// Woken at the gate: bound now, timed out, cancelled, or the gate is gone.
  mutating func continueGateWait(_ t: ThreadID) {
    let flags = threads[t.slot].flags
    let g = Int(threads[t.slot].waitedGate)
    threads[t.slot].waitedGate = -1
    leaveSenderQueue(t)
    if g < 0 { return fail(t, .notExistent) }
    if flags.contains(.timeout) { return fail(t, .sendTimeout) }
    if flags.contains(.cancel), profile.cancelAtUnboundGate { return fail(t, .sendCanceled) }
    threads[t.slot].phase = .none
    guard !gates[g].thread.isNone else { return fail(t, .notExistent) }
    // The gate itself counts: the capability that named it may be gone.
    switch threads[t.slot].entry {
    case .pageFault, .exception:
      threads[t.slot].label = gates[g].label | UInt64(threads[t.slot].sendRights & 3)
      startIPC(t, sendTo: gates[g].thread, receive: .closed(SenderID(thread: gates[g].thread)))
    case .systemCall, .vcpuResume, .user:
      let operation = ObjectReference(raw: registers[t.slot].a1).operation
      passGate(t, g, operation == [] && !profile.operationZeroFails ? .call : operation)
    }
  }

  /// The gate object is destroyed: whoever waits at it, or was woken there and has not run yet, gets "not existent".
  mutating func destroyGate(_ g: Int) {
    var woken: [ThreadID] = []
    while let waiter = gates[g].firstWaiter.thread {
      wakeAtGate(waiter, g)
      woken.append(waiter)
    }
    for index in threads.indices where threads[index].waitedGate == Int32(g) { threads[index].waitedGate = -1 }
    let thread = gates[g].thread
    gates.remove(g)
    activate(woken)
    guard !thread.isNone, threads.contains(thread.slot) else { return }
    let observer = threads[thread.slot].deletionObserver
    if !observer.isNone { hit(observer) }
    dropInternalReference(thread)
  }
}
