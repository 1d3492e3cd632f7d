// Writes: the queues of requests, threads (continuation, readiness, references), irqs (in flight).
import Determinism
import FiascoABI

extension Kernel {
  // MARK: Asking

  /// Puts a request into another core's queue; the machine interrupts that core.
  mutating func post(_ request: RemoteRequest, to core: Int) {
    precondition(core != activeCore, "a core does its own work without asking")
    charge(.remoteRequest)
    for t in [request.subject, request.initiator] where !t.isNone { threads[t.slot].internalReferences += 1 }
    parked[core].requests.append(request)
    interruptedCores |= 1 << UInt64(core)
    if recordsTrace {
      record(.requestPosted(request.kind, request.subject, waits: request.initiator, core: UInt8(core)))
    }
  }

  /// The thread's own core has to carry the request out, and `t` waits until it has.
  ///
  /// Models `Context::drq`, whose initiator sleeps with `Thread_drq_wait`.
  mutating func ask(_ request: RemoteRequest, for t: ThreadID) {
    threads[t.slot].continuation = .requestWait
    post(request, to: Int(threads[request.subject.slot].core))
    block(t, until: .never)
  }

  /// Neither a cancel nor a kill ends this wait: the other core will still touch the thread.
  mutating func continueRequestWait(_ t: ThreadID) { block(t, until: .never) }

  /// Makes a thread ready, on whatever core it lives. Returns whether it may run before the current one.
  @inline(__always)
  mutating func wake(_ t: ThreadID, lazy: Bool) -> Bool {
    if isRemote(t) {
      wakeRemotely(t)
      return false
    }
    threads[t.slot].becomeReady()
    return deblock(t, lazy: lazy)
  }

  /// The thread's state is changed already; only its own core can list it.
  mutating func wakeRemotely(_ t: ThreadID) {
    guard !threads[t.slot].isReady, !threads[t.slot].flags.contains(.wakePending) else { return }
    threads[t.slot].flags.insert(.wakePending)
    post(.wake(t), to: Int(threads[t.slot].core))
  }

  // MARK: Doing

  /// The machine delivers an interrupt from another core: everything that was asked for is done now, in that order.
  ///
  /// Models `Context::Pending_rqq::handle_requests`.
  public mutating func handleRequests() {
    charge(.interprocessorInterrupt)
    let requests = here.requests
    here.requests.removeAll(keepingCapacity: true)
    var reschedule = false
    for request in requests where carryOut(request) { reschedule = true }
    if reschedule { schedule() }
    leave()
  }

  /// Returns whether somebody may have to run.
  private mutating func carryOut(_ request: RemoteRequest) -> Bool {
    defer { dropReferences(of: request) }
    if recordsTrace { record(.requestHandled(request.kind, request.subject, waits: request.initiator)) }
    if case .irq(let i) = request { return deliverRequested(irq: Int(i)) }
    let subject = request.subject
    // Meanwhile the thread may have moved on, and the request follows it.
    if isRemote(subject) || (isArrival(request) && Int(threads[subject.slot].core) != activeCore) {
      post(request, to: Int(threads[subject.slot].core))
      return false
    }
    switch request {
    case .wake(let t):
      guard threads[t.slot].flags.contains(.wakePending) else { return false }
      return wake(t, lazy: false)
    case .send(let sender, let receiver):
      return carryOutSend(from: sender, to: receiver)
    case .operate(let target, let t, let opcode, let rights, let waits):
      let wasReady = threads[target.slot].isReady
      answer(t, if: waits) { kernel in
        kernel.operate(UInt64(opcode), on: target, rights: rights, by: t, tag: kernel.threads[t.slot].tag)
      }
      if !waits { threads[t.slot].continuation = .finish }
      let mayRun = !wasReady && threads[target.slot].isReady && deblock(target, lazy: false)
      return wake(t, lazy: false) || mayRun
    case .runThread(let target, let t):
      let outcome = applySchedule(to: target, by: t, tag: threads[t.slot].tag)
      if case .answer = outcome { complete(t, outcome) }
      return wake(t, lazy: false)
    case .arrive(let t): return finishMigration(t)
    case .kill(let t):
      killThread(t)
      return threads[t.slot].isReady && deblock(t, lazy: false)
    case .irq: return false
    }
  }

  private func isArrival(_ request: RemoteRequest) -> Bool {
    if case .arrive = request { true } else { false }
  }

  private mutating func dropReferences(of request: RemoteRequest) {
    for t in [request.subject, request.initiator] where !t.isNone { dropInternalReference(t) }
  }

  private mutating func deliverRequested(irq i: Int) -> Bool {
    // An earlier request of the same batch may have ended the object.
    guard irqs.contains(i), irqs[i].isInFlight else { return false }
    irqs[i].isInFlight = false
    guard irqs[i].pending > 0, !irqs[i].thread.isNone, !irqs[i].isQueued else { return false }
    sendIRQ(i)
    // Profile r67 counts: more than one may have come while the request was on its way.
    if irqs[i].pending > 0, !irqs[i].isQueued, !irqs[i].isInFlight { sendIRQ(i) }
    return false
  }

  /// The object is destroyed, and its table slot will be used again.
  mutating func dropRequests(irq i: Int) {
    guard isMulticore else { return }
    here.requests.removeAll { $0 == .irq(Int32(i)) }
    for core in parked.indices { parked[core].requests.removeAll { $0 == .irq(Int32(i)) } }
  }
}
