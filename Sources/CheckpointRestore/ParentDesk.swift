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
  let window: [CapabilitySlot]
  /// Where capabilities of answers arrive.
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
      guard let request = RPCRequest(result, window: desk.window), request.isGenuine,
        request.badge == children[child].parent?.badge
      else { return children[child].desk.phase = .waiting(.none) }
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
    guard
      let thread = try script.createThread(
        "parent of \(children[child].name)", session: environment.cpu, pd: environment.pd, into: slot)
    else { return fail(child, "thread for the parent interface") }
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

  private mutating func wakeParked(for service: String) {
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

  // MARK: Restore

  /// A session of a restored client at a server that still runs: the server knows the session's object, so the client
  /// gets that one back. Nothing is asked of the server.
  mutating func rejoinSession(_ index: Int) throws(Suspension) {
    let image = restore.image.sessions[index]
    // The server may have been restored since, or together with it: then its clients hold a new object.
    let renewed = restore.translation[image.badge] ?? reconnections.first { $0.old == image.badge }?.new
    let known = children.lazy.flatMap(\.sessions).first { $0.provider == .sibling && $0.own.badge == image.badge }
    guard let own = renewed ?? known?.own else { return }
    var record = OnlineSession(service: image.service, arguments: image.arguments, own: own, real: own, quota: 0)
    record.provider = .sibling
    children[restore.child].sessions.append(record)
    restore.sessions[index] = children[restore.child].sessions.count - 1
    restore.translation.add(old: image.badge, new: own)
  }

  /// Restored servers offer their services again, and their clients are given the new objects: those that were not
  /// restored together with them and have them already.
  mutating func reopenServices(_ runs: [RestoreRun]) {
    var renewed: [BadgeTranslation.Pair] = []
    for run in runs {
      for service in run.image.services {
        guard let root = run.translation[service.rootBadge] else { continue }
        announced.append(AnnouncedByChild(name: service.name, child: run.child, root: root))
        wakeParked(for: service.name)
      }
      renewed += run.translation.pairs.filter { pair in run.image.rpcObjects.contains { $0.badge == pair.old } }
    }
    reconnections = reconnected(renewed)
    let restored = runs.map(\.child)
    for client in children.indices where !restored.contains(client) && children[client].condition == .running {
      let stale = children[client].sessions.contains { session in
        session.isLive && session.provider == .sibling && reconnections.contains { $0.old == session.own.badge }
      }
      if stale { jobs.append(.reconnect(client: client)) }
    }
  }

  /// What clients may hold of the restored objects: those of the image, or those an earlier restore gave them instead.
  private func reconnected(_ pairs: [BadgeTranslation.Pair]) -> [BadgeTranslation.Pair] {
    var result = pairs
    for pair in pairs {
      guard let last = reconnections.first(where: { $0.old == pair.old })?.new.badge else { continue }
      let held = [last] + reconnections.filter { $0.new.badge == last }.map(\.old)
      for badge in held where !result.contains(where: { $0.old == badge }) {
        result.append(BadgeTranslation.Pair(old: badge, new: pair.new))
      }
    }
    return result
  }

  /// Puts the new objects into the client's slots and the new badges into its capability map, while it runs.
  mutating func reconnect(_ client: Int, _ script: inout Script) throws(Suspension) {
    guard let native = children[client].nativePD else { return }
    let address = try script.call(native, NativePDOpcode.capMapInfo).word(0)
    guard let place = children[client].place(of: address) else { return }
    let dataspace = children[client].dataspaces[place.dataspace]
    let last = dataspace.pieceIndex(at: place.offset + CapMapLayout.size - 1)
    jobs.pushFront(
      (dataspace.pieceIndex(at: place.offset)...last).map {
        .reconnectPiece(client: client, dataspace: place.dataspace, piece: $0, mapOffset: place.offset)
      } + [.endReconnect(client: client)])
  }

  /// A part of the map. A designated dataspace that is changed here is attached, so that the change counts as one.
  mutating func reconnect(
    _ client: Int, _ row: Int, piece number: Int, mapOffset: UInt64, _ script: inout Script
  ) throws(Suspension) {
    let piece = children[client].dataspaces[row].piece(number)
    let begin = max(piece.offset, mapOffset)
    let end = min(piece.offset + piece.size, mapOffset + CapMapLayout.size)
    guard begin < end, let native = children[client].nativePD, let local = try attachHere(piece.dataspace, &script)
    else { return }
    let words = try script.read(local + begin - piece.offset, count: Int((end - begin) / 8))
    let first = (begin - mapOffset) / CapMapLayout.entrySize
    for (position, badge) in CapabilityMapPatch.entries(words) {
      guard let new = reconnections.first(where: { $0.old == badge })?.new else { continue }
      _ = try script.call(native, NativePDOpcode.install, [first + position], [new])
      let references = CapMapLayout.references(inWord: words[Int(position)])
      let word = CapMapLayout.word(badge: new.badge, references: references)
      try script.write(local + begin - piece.offset + position * CapMapLayout.entrySize, [word])
    }
    try detachHere(local, &script)
    try touch(number, of: row, of: client, &script)
  }

  mutating func endReconnect(_ client: Int) {
    for index in children[client].sessions.indices where children[client].sessions[index].provider == .sibling {
      guard let new = reconnections.first(where: { $0.old == children[client].sessions[index].own.badge })?.new else {
        continue
      }
      children[client].sessions[index].own = new
      children[client].sessions[index].real = new
    }
    outbox.append(.clientReconnected(client: children[client].name))
  }
}
