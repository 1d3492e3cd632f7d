import FiascoABI

/// State of core's entrypoint thread.
struct CoreEntrypoint: Hashable, Sendable {
  enum Phase: Hashable, Sendable {
    case boot(BootPhase)
    case waiting(ServerReply)
    case handling(RPCRequest)
    /// Has noted that a thread is to pause, and tells the kernel.
    case stopping(StopOrder, ServerReply)
    /// Lends its time to a paused thread until the pager has the thread's registers.
    case spinning(thread: Int, ServerReply)
    case working(ServerReply)
  }
  var phase = Phase.boot(.first)
  var window: [CapabilitySlot] = []
  var work = CoreWorkQueue()
  /// What is to be stopped after the current request.
  var stop: StopOrder?
}

extension Core {
  mutating func stepEntrypoint(_ script: inout Script) throws(Suspension) {
    switch entrypoint.phase {
    case .boot(let phase): try boot(phase, &script)
    case .waiting(let reply): try receive(after: reply, &script)
    case .handling(let request): try answer(request, &script)
    case .stopping(let order, let reply):
      entrypoint.phase = try stop(order, &script) ? .spinning(thread: order.thread, reply) : .working(reply)
    case .spinning(let thread, let reply):
      // For ever if it must: a thread that the kernel calls ready while a server works for it comes only later.
      // Unconditional first: whether the registers have arrived is the pager's to say and may change meanwhile.
      _ = try script.invoke(KernelCall.switchTo(threads[thread].threadSlot))
      if threads[thread].flags.contains(.inException) { entrypoint.phase = .working(reply) }
    case .working(let reply):
      guard let work = entrypoint.work.first else {
        entrypoint.phase = .waiting(reply)
        return
      }
      if let rest = try work.carryOut(&script) {
        entrypoint.work.replaceFirst(by: rest)
      } else {
        entrypoint.work.removeFirst()
      }
    }
  }

  private mutating func receive(after reply: ServerReply, _ script: inout Script) throws(Suspension) {
    let result = try script.replyAndWait(reply, window: entrypoint.window)
    guard let request = RPCRequest(result, window: entrypoint.window) else {
      // A failed reply ends the whole operation before the wait; the next one must not repeat it.
      entrypoint.phase = .waiting(.none)
      return
    }
    guard request.isGenuine else {
      ignore(request)
      return
    }
    charge(.rpcDispatch)
    entrypoint.phase = .handling(request)
  }

  /// Neither answers nor complains to the client: it stays blocked, as on the real system.
  private mutating func ignore(_ request: RPCRequest) {
    outbox.append(.requestIgnored(badge: request.badge, claimed: request.claimedBadge))
    print("badge does not match label, ignoring request")
    entrypoint.phase = .working(.none)
  }

  private mutating func answer(_ request: RPCRequest, _ script: inout Script) throws(Suspension) {
    let before = self
    do {
      let reply = try handle(request, &script)
      let answer = reply.map { ServerReply.answer($0) } ?? .none
      entrypoint.phase = .working(answer)
      if let order = entrypoint.stop {
        entrypoint.stop = nil
        entrypoint.phase = .stopping(order, answer)
      }
    } catch {
      guard case .refused(let exception) = error else { throw Suspension() }
      let (work, events) = (entrypoint.work, outbox)
      self = before
      entrypoint.work = work
      outbox = events
      entrypoint.phase = .working(.answer(.failed(exception)))
    }
  }
}

extension Core {
  /// CPU time of the current request, spent before the answer.
  mutating func charge(_ work: GenodeWork, count: UInt64 = 1) {
    let time = configuration.costs.picoseconds(work, count: count)
    if time > 0 { entrypoint.work.append(.compute(picoseconds: time)) }
  }

  /// A line of core's own on the kernel's log.
  mutating func print(_ line: String) {
    outbox.append(.warningPrinted(component: CorePlaces.name, text: line))
    entrypoint.work += output(line)
  }

  mutating func warn(_ line: String) { print("Warning: " + line) }

  func output(_ line: String) -> [CoreWork] {
    let bytes = Array((line + "\n").utf8)
    let time = UInt64(bytes.count) * configuration.costs.picosecondsPerConsoleByte
    let waiting: [CoreWork] = time > 0 ? [.compute(picoseconds: time)] : []
    return waiting
      + stride(from: 0, to: bytes.count, by: KernelCall.logChunk).map {
        .invoke(KernelCall.writeLog(Array(bytes[$0..<min($0 + KernelCall.logChunk, bytes.count)])))
      }
  }
}

extension Core {
  /// Takes an id and a slot for a kernel object that is about to be created.
  mutating func reserve(_ object: CoreObject) throws(Interruption) -> (badge: UInt64, slot: CapabilitySlot) {
    guard badges.hasRoom, slots.free > 0 else {
      warn("Out of capability indices!")
      throw .refused(.unavailable)
    }
    let slot = slots.take()
    return (badges.insert(CoreCapability(object: object, slot: slot)), slot)
  }

  /// A gate to one of core's threads, for an object that core serves.
  mutating func createGate(
    for object: CoreObject, to thread: CapabilitySlot = .thread, _ script: inout Script
  ) throws(Interruption) -> UInt64 {
    let (badge, slot) = try reserve(object)
    try create(KernelCall.createGate(at: slot, to: thread, label: badge), &script)
    return badge
  }

  func create(_ call: SystemCall, _ script: inout Script) throws(Interruption) {
    guard try script.kernel(call).accepted else { throw .refused(.unavailable) }
  }

  /// Destroys the kernel object of an id everywhere and frees id and slot. The id will be given out again.
  mutating func dissolve(_ badge: UInt64) {
    guard let capability = badges[badge] else { return }
    entrypoint.work.append(.invoke(KernelCall.destroyObject(capability.slot)))
    badges.remove(badge)
    slots.release(capability.slot)
  }

  /// Core's capability for an id, as it goes into a message.
  func capability(_ badge: UInt64) -> RPCCapability? {
    badges[badge].map { RPCCapability(slot: $0.slot, badge: badge) }
  }

  /// An answer with one capability. Make the object in a statement before: an argument that changes `self` comes too
  /// late.
  func reply(with badge: UInt64) -> RPCReply { RPCReply(capabilities: [capability(badge)]) }

  func object(_ capability: RPCCapability?) -> CoreObject? { capability.flatMap { badges[$0.badge]?.object } }
}
