import FiascoABI
import Genode

/// State of the thread that serves one child's parent interface.
struct ParentDesk: Hashable, Sendable {
  enum Phase: Hashable, Sendable {
    case waiting(ServerReply)
    case handling(RPCRequest)
    /// To the main thread, which owns all records.
    case forward(RPCRequest)
    case lookUp(service: String, arguments: String)
    case park(service: String, arguments: String)
    case open(root: RPCCapability, service: String, arguments: String)
    case register(session: RPCCapability, service: String, arguments: String)
  }
  var phase = Phase.waiting(.none)
  /// Waits on its IRQ until this service is announced.
  var awaits: String?
  /// Being worked on, or the last one that was.
  var current: RPCRequest?
  /// An answer that nobody was there to take: the call had been cut off for a checkpoint, and is made again.
  var undelivered: Undelivered?
  /// Where capabilities of requests and of answers arrive.
  let window: [CapabilitySlot]
  let answers: [CapabilitySlot]
  let irq: CapabilitySlot

  /// Opcode of the way inside, beyond those of the parent interface: in: text service, text arguments | session.
  static let registerSession: UInt64 = 100

  init(child: Int, slotCount: Int) {
    let base = ComponentSlots.firstUser.index + UInt32(slotCount) + UInt32(child) * 8
    window = (0..<4).map { CapabilitySlot(base + $0) }
    answers = (4..<8).map { CapabilitySlot(base + $0) }
    irq = ComponentSlots.irq(ofThread: 1 + child)
  }
}

/// A service of a child.
struct AnnouncedByChild: Hashable, Sendable {
  var name: String
  var child: Int
  var root: RPCCapability
}

// Thread 1 + i. Writes children[i].desk only.
extension Checkpointer {
  mutating func stepParent(of child: Int, _ script: inout Script) throws(Suspension) {
    let desk = children[child].desk
    switch desk.phase {
    case .waiting(let reply):
      let result = try script.replyAndWait(reply, window: desk.window)
      if case .answer(let answer) = reply, result.tag.hasError { keep(answer, of: child) }
      guard let request = RPCRequest(result, window: desk.window), request.isGenuine,
        request.badge == children[child].parent?.badge
      else { return children[child].desk.phase = .waiting(.none) }
      if let known = children[child].desk.undelivered, known.answers(request) {
        children[child].desk.undelivered = nil
        return children[child].desk.phase = .waiting(.answer(known.reply))
      }
      children[child].desk.current = request
      children[child].desk.phase = .handling(request)
    case .handling(let request):
      try script.compute(picoseconds: configuration.genodeCosts.picoseconds(.rpcDispatch))
      children[child].desk.phase = route(request)
    case .forward(let request):
      guard let inside = children[child].parentInside else { return children[child].desk.phase = .waiting(.none) }
      let reply = try script.call(
        inside, request.opcode, request.words, request.capabilities, receiveInto: desk.answers)
      children[child].desk.phase = .waiting(.answer(reply))
    case .lookUp(let service, let arguments):
      if let root = announced.last(where: { $0.name == service })?.root {
        children[child].desk.phase = .open(root: root, service: service, arguments: arguments)
      } else {
        children[child].desk.awaits = service
        children[child].desk.phase = .park(service: service, arguments: arguments)
      }
    case .park(let service, let arguments):
      _ = try script.invoke(KernelCall.awaitIRQ(desk.irq))
      children[child].desk.phase = .lookUp(service: service, arguments: arguments)
    case .open(let root, let service, let arguments):
      let reply = try script.call(
        root, RootOpcode.createSession, RPCString.encode(arguments), receiveInto: [desk.answers[0]])
      guard let session = reply.capability else {
        return children[child].desk.phase = .waiting(.answer(.failed(reply.exception ?? .unavailable)))
      }
      children[child].desk.phase = .register(session: session, service: service, arguments: arguments)
    case .register(let session, let service, let arguments):
      guard let inside = children[child].parentInside else { return children[child].desk.phase = .waiting(.none) }
      _ = try script.call(
        inside, ParentDesk.registerSession, RPCString.encode(service) + RPCString.encode(arguments), [session])
      children[child].desk.phase = .waiting(.answer(RPCReply(capabilities: [session])))
    }
  }

  private func route(_ request: RPCRequest) -> ParentDesk.Phase {
    guard request.opcode == ParentOpcode.session.rawValue,
      let (service, next) = RPCString.decode(request.words, at: 0),
      let (arguments, _) = RPCString.decode(request.words, at: next), provider(of: service) != nil
    else { return .forward(request) }
    return .lookUp(service: service, arguments: arguments)
  }

  /// The target that is configured to offer a service.
  func provider(of service: String) -> ChildConfiguration? {
    configuration.targets.first { $0.provides.contains(service) }
  }
}

// The main thread's side. Writes announced, children[].sessions, jobs.
extension Checkpointer {
  mutating func openParent(of child: Int, _ script: inout Script) throws(Suspension) {
    let slot = slots.take()
    let place = 1 + child
    let thread = try script.createThread(
      "parent of \(children[child].name)", session: environment.cpu, pd: environment.pd, into: slot)
    guard let thread else { return fail(child, "thread for the parent interface") }
    children[child].parent = try makeGate(.parent, of: child, thread: thread, &script)
    children[child].parentInside = try makeGate(.parentInside, of: child, &script)
    guard children[child].parent != nil, children[child].parentInside != nil else { return fail(child, "parent") }
    _ = try script.call(thread, CPUThreadOpcode.start, [NativeEntry.address(.checkpointer, thread: place), 0])
  }

  /// The root must outlive the receive window.
  mutating func announce(
    _ request: RPCRequest, of child: Int, _ script: inout Script
  ) throws(Suspension) -> RPCReply {
    guard let name = request.string(at: 0), let root = request.capability(0) else { return .failed(.invalidArgs) }
    let slot = slots.take()
    _ = try script.invoke(KernelCall.moveObject(from: root.slot, to: slot))
    announced.append(AnnouncedByChild(name: name, child: child, root: RPCCapability(slot: slot, badge: root.badge)))
    wakeParked(for: name)
    return RPCReply()
  }

  mutating func wakeParked(for service: String) {
    for child in children.indices where children[child].desk.awaits == service {
      children[child].desk.awaits = nil
      jobs.append(.wake(child: child))
    }
  }

  mutating func registerSession(
    _ request: RPCRequest, of child: Int, _ script: inout Script
  ) throws(Suspension) -> RPCReply {
    guard let (service, next) = RPCString.decode(request.words, at: 0),
      let (arguments, _) = RPCString.decode(request.words, at: next), let session = request.capability(0)
    else { return .failed(.invalidArgs) }
    let slot = slots.take()
    _ = try script.invoke(KernelCall.moveObject(from: session.slot, to: slot))
    let kept = RPCCapability(slot: slot, badge: session.badge)
    var record = OnlineSession(service: service, arguments: arguments, own: kept, real: kept, quota: 0)
    record.provider = .sibling
    children[child].sessions.append(record)
    return RPCReply()
  }
}
