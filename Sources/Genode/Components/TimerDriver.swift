import FiascoABI

/// The timer component: sessions that submit a signal after a time or periodically.
///
/// One thread, which waits for requests with the nearest deadline as receive timeout; the kernel ends that wait at the
/// first tick at or after the deadline, so a request of less than a tick takes a tick. The driver of 2016 had a second
/// thread that polled every 1,000 us: same quantisation, and a wake-up every millisecond that this one does not pay.
/// Models repos/os/src/drivers/timer.
public struct TimerDriver: NativeProgram {
  let costs: GenodeCosts
  var environment: NativeEnvironment
  var slots: CapabilitySlots
  var window: [CapabilitySlot]
  var phase = TimerPhase.environment
  var root: RPCCapability?
  var sessions = Table<TimerSession>()
  var outbox: [GenodeEvent] = []

  public init(costs: GenodeCosts) {
    self.costs = costs
    slots = CapabilitySlots(count: 512)
    environment = NativeEnvironment(slots: &slots)
    window = slots.take(RPCLayout.maxCapabilities)
  }

  public mutating func drainEvents() -> [GenodeEvent] {
    defer { outbox.removeAll() }
    return outbox
  }
}

enum TimerPhase: Hashable, Sendable {
  case environment, root, announce
  case waiting(ServerReply)
  case handling(RPCRequest)
  case expire(ServerReply)
}

struct TimerSession: Hashable, BitwiseCopyable, Sendable {
  var capability: RPCCapability
  var context: RPCCapability?
  /// Microseconds of the kernel clock.
  var created: UInt64
  var deadline: UInt64?
  /// Microseconds, 0 for a single shot.
  var period: UInt64 = 0
}

extension TimerDriver {
  public mutating func step(thread entry: Int, script: inout Script) throws(Suspension) {
    precondition(entry == 0, "the timer has one thread")
    switch phase {
    case .environment:
      try environment.step(&script)
      if environment.isComplete { phase = .root }
    case .root:
      root = try newObject(&script)
      phase = .announce
    case .announce:
      _ = try script.call(environment.parent, ParentOpcode.announce, RPCString.encode("Timer"), [root])
      phase = .waiting(.none)
    case .waiting(let reply): try receive(after: reply, &script)
    case .handling(let request): try handle(request, &script)
    case .expire(let reply): try expire(then: reply, &script)
    }
  }

  private mutating func newObject(_ script: inout Script) throws(Suspension) -> RPCCapability? {
    try script.allocRPCCap(entrypoint: environment.mainThread, pd: environment.pd, into: slots.take())
  }

  private var nearest: UInt64? { sessions.live.compactMap { sessions[$0].deadline }.min() }

  private mutating func receive(after reply: ServerReply, _ script: inout Script) throws(Suspension) {
    let result = try script.replyAndWait(reply, window: window, deadline: nearest)
    if let request = RPCRequest(result, window: window), request.isGenuine {
      phase = .handling(request)
    } else {
      phase = .expire(.none)
    }
  }

  /// Submits the signal of the first session that is due, one a step, until none is.
  private mutating func expire(then reply: ServerReply, _ script: inout Script) throws(Suspension) {
    try script.compute(picoseconds: costs.picoseconds(.timerPoll))
    let now = try script.readClock()
    guard let due = sessions.live.first(where: { (sessions[$0].deadline ?? .max) <= now }) else {
      phase = .waiting(reply)
      return
    }
    let session = sessions[due]
    let deadline = session.deadline ?? now
    sessions[due].deadline = session.period == 0 ? nil : max(deadline + session.period, now + 1)
    if let context = session.context {
      _ = try script.call(environment.pd, PDOpcode.submit, [1], [context])
    }
  }

  private mutating func handle(_ request: RPCRequest, _ script: inout Script) throws(Suspension) {
    try script.compute(picoseconds: costs.picoseconds(.rpcDispatch))
    let reply: RPCReply?
    if request.badge == root?.badge {
      reply = try handleRoot(request, &script)
    } else if let row = sessions.live.first(where: { sessions[$0].capability.badge == request.badge }) {
      reply = try handleSession(row, request, &script)
    } else {
      reply = nil
    }
    phase = .expire(reply.map { .answer($0) } ?? .none)
  }

  private mutating func handleRoot(_ request: RPCRequest, _ script: inout Script) throws(Suspension) -> RPCReply {
    switch RootOpcode(rawValue: request.opcode) {
    case .createSession?:
      // One slot for the session, one for its signal context.
      guard slots.free > 2 * sessions.count + 2 else { return .failed(.unavailable) }
      let now = try script.readClock()
      guard let capability = try newObject(&script) else { return .failed(.unavailable) }
      _ = sessions.insert(TimerSession(capability: capability, created: now))
      return RPCReply(capabilities: [capability])
    case .upgrade?: return RPCReply()
    case .close?:
      let badge = request.capability(0)?.badge
      guard let row = sessions.live.first(where: { sessions[$0].capability.badge == badge }) else { return RPCReply() }
      let closed = sessions[row]
      _ = try script.call(environment.pd, PDOpcode.freeRPCCap, [], [closed.capability])
      slots.release(closed.capability.slot)
      if let context = closed.context { slots.release(context.slot) }
      sessions.remove(row)
      return RPCReply()
    case nil: return .failed(.invalidArgs)
    }
  }

  private mutating func handleSession(
    _ row: Int, _ request: RPCRequest, _ script: inout Script
  ) throws(Suspension) -> RPCReply {
    let microseconds = request.word(0) & 0xffff_ffff
    switch TimerOpcode(rawValue: request.opcode) {
    case .triggerOnce?:
      sessions[row].deadline = try script.readClock() + microseconds
      sessions[row].period = 0
      return RPCReply()
    case .triggerPeriodic?:
      sessions[row].deadline = microseconds == 0 ? nil : try script.readClock() + microseconds
      sessions[row].period = microseconds
      return RPCReply()
    case .sigh?:
      try setContext(of: row, request.capability(0), &script)
      return RPCReply()
    case .elapsedMilliseconds?:
      return RPCReply(words: [(try script.readClock() - sessions[row].created) / 1000])
    case nil: return .failed(.invalidArgs)
    }
  }

  /// Keeps the context beyond the receive window.
  private mutating func setContext(
    of row: Int, _ context: RPCCapability?, _ script: inout Script
  ) throws(Suspension) {
    let slot = sessions[row].context?.slot ?? slots.take()
    guard let context else {
      slots.release(slot)
      sessions[row].context = nil
      return
    }
    _ = try script.invoke(KernelCall.moveObject(from: context.slot, to: slot))
    sessions[row].context = RPCCapability(slot: slot, badge: context.badge)
  }
}
