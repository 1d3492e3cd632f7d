import FiascoABI

// Signal contexts and sources. Writes contexts and pds[].pendingSignals; called by both threads of core.

extension Core {
  mutating func createContext(of pd: Int, imprint: UInt64, _ script: inout Script) throws(Interruption) -> UInt64 {
    try consume(CoreMetadata.signalContext, of: .pd(pd))
    let context = contexts.insert(SignalContext(badge: 0, pd: pd, imprint: imprint))
    let badge = try createGate(for: .signalContext(context), &script)
    contexts[context].badge = badge
    return badge
  }

  mutating func destroyContext(_ context: Int) {
    let removed = contexts[context]
    pds[removed.pd].pendingSignals.removeAll { $0 == context }
    release(CoreMetadata.signalContext, of: .pd(removed.pd))
    for map in regionMaps.live where regionMaps[map].faultContext == context { regionMaps[map].faultContext = nil }
    for thread in threads.live where threads[thread].exceptionContext == context {
      threads[thread].exceptionContext = nil
    }
    dissolve(removed.badge)
    contexts.remove(context)
  }

  /// Adds to a context's count and queues it; repeated signals of one context coalesce until they are fetched.
  ///
  /// Returns the kernel call that wakes the receiver, nil if it has been woken for this context already.
  mutating func submit(_ context: Int, count: UInt64) -> SystemCall? {
    outbox.append(.signalSubmitted(context: contexts[context].badge, count: count))
    contexts[context].count += count
    if contexts[context].isQueued { return nil }
    contexts[context].isQueued = true
    let pd = contexts[context].pd
    pds[pd].pendingSignals.append(context)
    return badges[pds[pd].irqBadge].map { KernelCall.triggerIRQ($0.slot) }
  }

  mutating func submitByRequest(_ request: RPCRequest) {
    charge(.deliverSignal)
    guard case .signalContext(let context)? = object(request.capability(0)) else {
      warn("invalid signal-context capability")
      return
    }
    if let trigger = submit(context, count: request.word(0)) { entrypoint.work.append(.invoke(trigger)) }
  }

  mutating func handleSignalSource(
    _ opcode: SignalSourceOpcode, _ pd: Int, _ request: RPCRequest, _ script: inout Script
  ) throws(Interruption) -> RPCReply {
    switch opcode {
    case .wait: return RPCReply(words: fetchSignal(of: pd))
    case .requestSemaphore:
      if let target = request.capability(0) { try bindSignals(of: pd, to: target, &script) }
      return reply(with: pds[pd].irqBadge)
    }
  }

  /// One context per call, never blocking: the client waits on the IRQ, because this kernel has no out-of-order
  /// replies. Where IRQs coalesce, one wake-up may stand for several contexts; then the third word says what is left.
  private mutating func fetchSignal(of pd: Int) -> [UInt64] {
    guard let context = pds[pd].pendingSignals.first else {
      if !pds[pd].mayFindNothing { warn("unexpected call of wait_for_signal") }
      pds[pd].mayFindNothing = false
      return [0, 0, 0]
    }
    pds[pd].pendingSignals.removeFirst()
    let left = configuration.kernel == .modern ? pds[pd].pendingSignals.count : 0
    pds[pd].mayFindNothing = configuration.kernel == .modern && left == 0
    let fetched = contexts[context]
    contexts[context].count = 0
    contexts[context].isQueued = false
    outbox.append(.signalFetched(context: fetched.badge, count: fetched.count))
    return [fetched.imprint, fetched.count, UInt64(left)]
  }

  private func bindSignals(
    of pd: Int, to target: RPCCapability, _ script: inout Script
  ) throws(Interruption) {
    let thread: Int
    switch object(target) {
    case .threadGate(let row)?, .cpuThread(let row)?: thread = row
    default: throw .refused(.invalidCapability)
    }
    guard let irq = badges[pds[pd].irqBadge] else { throw .refused(.invalidCapability) }
    try create(KernelCall.bindIRQ(irq.slot, to: threads[thread].threadSlot, label: 0, configuration.kernel), &script)
  }
}
