import FiascoABI
import Genode

// Requests of children, by object. Writes nothing itself; the handlers write children and objects.

extension Checkpointer {
  /// Nil for an object that is gone: the caller gets no answer, as from any entrypoint of 16.08.
  mutating func handle(_ request: RPCRequest, _ script: inout Script) throws(Suspension) -> RPCReply? {
    guard let object = objects.first(where: { $0.badge == request.badge }) else { return nil }
    let child = object.child
    switch object.kind {
    case .parent: return nil
    case .parentInside: return try handleParent(request, of: child, &script)
    case .thread(let thread): return try handleThread(request, thread, of: child, &script)
    case .map(let map): return try handleMap(request, map, of: child, &script)
    case .session(let session):
      switch children[child].sessions[session].service {
      case "PD": return try handlePD(request, of: child, &script)
      case "CPU": return try handleCPU(request, of: child, &script)
      case "RAM": return try handleRAM(request, of: child, &script)
      case "RM": return try handleRM(request, session, of: child, &script)
      case "ROM": return try handleROM(request, session, of: child, &script)
      case "LOG" where configuration.holdsOutputs: return try hold(request, session, of: child, &script)
      case "Timer": return try handleTimer(request, session, of: child, &script)
      default: return try forward(request, to: children[child].sessions[session].real, &script)
      }
    }
  }

  /// Hands a request on as it is.
  func forward(
    _ request: RPCRequest, to real: RPCCapability, capabilities: [RPCCapability?]? = nil,
    receiveInto slots: [CapabilitySlot] = [], _ script: inout Script
  ) throws(Suspension) -> RPCReply {
    try script.call(
      real, request.opcode, request.words, capabilities ?? request.capabilities, receiveInto: slots)
  }

  /// Hands a request on whose answer is a capability that is to be kept.
  mutating func forwardKeeping(
    _ request: RPCRequest, to real: RPCCapability, capabilities: [RPCCapability?]? = nil, _ script: inout Script
  ) throws(Suspension) -> RPCReply {
    guard slots.free > Self.slotReserve else { return .failed(.outOfMetadata) }
    let slot = slots.take()
    let reply = try forward(request, to: real, capabilities: capabilities, receiveInto: [slot], &script)
    if reply.capability == nil { slots.release(slot) }
    return reply
  }
}

// The parent interface. Writes children[].sessions.
extension Checkpointer {
  private static let interposed = ["LOG", "ROM", "RM", "Timer"]

  private mutating func handleParent(
    _ request: RPCRequest, of child: Int, _ script: inout Script
  ) throws(Suspension) -> RPCReply {
    if request.opcode == ParentDesk.registerSession { return try registerSession(request, of: child, &script) }
    guard let opcode = ParentOpcode(rawValue: request.opcode) else { return .failed(.invalidArgs) }
    switch opcode {
    case .mainThread: return RPCReply(capabilities: [children[child].threads.first?.own])
    case .session:
      guard let (service, next) = RPCString.decode(request.words, at: 0),
        let (text, _) = RPCString.decode(request.words, at: next)
      else { return .failed(.invalidArgs) }
      return try session(service, SessionArguments(text), of: child, &script)
    case .upgrade: return try upgrade(request, of: child, &script)
    case .close: return try close(request, of: child, &script)
    case .exit where children[child].condition == .exited: return RPCReply()
    case .exit:
      children[child].condition = .exited
      outbox.append(.childExited(child: children[child].name, value: request.word(0)))
      return RPCReply()
    case .announce: return try announce(request, of: child, &script)
    case .resourceRequest:
      let bytes = SessionArguments(request.string(at: 0) ?? "").ramQuota
      guard try script.transferQuota(bytes, from: environment.ram, to: children[child].ram) == 0 else {
        return .failed(.quotaExceeded)
      }
      children[child].ramQuota += bytes
      return RPCReply()
    }
  }

  private mutating func session(
    _ service: String, _ arguments: SessionArguments, of child: Int, _ script: inout Script
  ) throws(Suspension) -> RPCReply {
    let own = children[child].sessions
    switch service {
    case EnvironmentService.pd: return RPCReply(capabilities: [own[TargetChild.pdSession].own])
    case EnvironmentService.ram: return RPCReply(capabilities: [own[TargetChild.ramSession].own])
    case EnvironmentService.cpu: return RPCReply(capabilities: [own[TargetChild.cpuSession].own])
    default: break
    }
    guard let index = try openSession(service, arguments, of: child, &script) else { return .failed(.unavailable) }
    if service == "LOG", let order = children[child].bootstrap {
      children[child].bootstrap = nil
      startBootstrapRestore(order, into: child)
    }
    let session = children[child].sessions[index]
    return RPCReply(capabilities: [session.own])
  }

  /// The child pays; the real session is opened at our own parent under the child's name.
  mutating func openSession(
    _ service: String, _ arguments: SessionArguments, of child: Int, _ script: inout Script
  ) throws(Suspension) -> Int? {
    let quota = arguments.ramQuota
    guard try script.transferQuota(quota, from: children[child].ram, to: environment.ram) == 0 else { return nil }
    let slot = slots.take()
    let labelled = arguments.prefixingLabel(children[child].name)
    let reply = try script.session(service, labelled, parent: environment.parent, into: slot)
    guard let real = reply.capability else {
      slots.release(slot)
      _ = try script.transferQuota(quota, from: environment.ram, to: children[child].ram)
      return nil
    }
    let isInterposed = Self.interposed.contains(service)
    let index = children[child].sessions.count
    var own = real
    if isInterposed {
      guard let gate = try makeGate(.session(index), of: child, &script) else { return nil }
      own = gate
    } else {
      outbox.append(.sessionNotInterposed(child: children[child].name, service: service))
    }
    var session = OnlineSession(service: service, arguments: arguments.text, own: own, real: real, quota: quota)
    session.provider = isInterposed ? .interposed : .foreign
    children[child].sessions.append(session)
    return index
  }

  private mutating func upgrade(
    _ request: RPCRequest, of child: Int, _ script: inout Script
  ) throws(Suspension) -> RPCReply {
    guard let badge = request.capability(0)?.badge, let text = request.string(at: 0),
      let index = children[child].session(own: badge)
    else { return .failed(.invalidArgs) }
    let quota = SessionArguments(text).ramQuota
    guard try script.transferQuota(quota, from: children[child].ram, to: environment.ram) == 0 else {
      return .failed(.quotaExceeded)
    }
    children[child].sessions[index].upgrades.append(text)
    children[child].sessions[index].quota += quota
    let session = children[child].sessions[index]
    if session.provider == .sibling { return RPCReply() }
    let reply = try script.call(environment.parent, ParentOpcode.upgrade, RPCString.encode(text), [session.real])
    return RPCReply(exception: reply.exception)
  }

  private mutating func close(
    _ request: RPCRequest, of child: Int, _ script: inout Script
  ) throws(Suspension) -> RPCReply {
    guard let badge = request.capability(0)?.badge, let index = children[child].session(own: badge),
      index > TargetChild.cpuSession
    else { return RPCReply() }
    let session = children[child].sessions[index]
    if session.provider != .sibling {
      _ = try script.call(environment.parent, ParentOpcode.close, [], [session.real])
      _ = try script.transferQuota(session.quota, from: environment.ram, to: children[child].ram)
    }
    if session.provider == .interposed { try dropGate(session.own, &script) }
    children[child].sessions[index].isLive = false
    return RPCReply()
  }
}

// CPU session and threads. Writes children[].threads.
extension Checkpointer {
  private mutating func handleCPU(
    _ request: RPCRequest, of child: Int, _ script: inout Script
  ) throws(Suspension) -> RPCReply {
    let target = children[child]
    guard let opcode = CPUOpcode(rawValue: request.opcode) else { return .failed(.invalidArgs) }
    switch opcode {
    case .createThread:
      // The child names its protection domain by our object; core knows only its own.
      let pd = request.capability(0)?.badge == target.sessions[TargetChild.pdSession].own.badge ? target.pd : nil
      let reply = try forwardKeeping(request, to: target.cpu, capabilities: [pd], &script)
      guard let real = reply.capability else { return reply }
      let name = request.string(at: 2) ?? ""
      let index = try register(real, name: name, priority: request.word(0), cpu: request.word(1), of: child, &script)
      return index.map { RPCReply(capabilities: [children[child].threads[$0].own]) } ?? .failed(.threadCreationFailed)
    case .killThread:
      guard let index = request.capability(0).flatMap({ target.thread(badge: $0.badge) }) else {
        return .failed(.invalidCapability)
      }
      let reply = try forward(request, to: target.cpu, capabilities: [target.threads[index].real], &script)
      children[child].threads[index].isLive = false
      try dropGate(target.threads[index].own, &script)
      return reply
    case .traceControl:
      if let known = target.traceControl { return RPCReply(capabilities: [known]) }
      let reply = try forwardKeeping(request, to: target.cpu, &script)
      guard let dataspace = reply.capability else { return reply }
      children[child].traceControl = dataspace
      let session = target.sessions[TargetChild.cpuSession].own.badge
      children[child].dataspaces.append(
        OnlineDataspace(
          real: dataspace, size: ComponentLayout.traceControlSize, kind: .traceControl(session: session)))
      return RPCReply(capabilities: [dataspace])
    }
  }

  private mutating func handleThread(
    _ request: RPCRequest, _ thread: Int, of child: Int, _ script: inout Script
  ) throws(Suspension) -> RPCReply {
    guard let opcode = CPUThreadOpcode(rawValue: request.opcode) else { return .failed(.invalidArgs) }
    switch opcode {
    case .start: children[child].threads[thread].isStarted = true
    case .pause, .pauseCancelling: children[child].threads[thread].isPaused = true
    case .resume: children[child].threads[thread].isPaused = false
    case .affinity: children[child].threads[thread].cpu = request.word(0)
    case .exceptionSigh:
      children[child].threads[thread].exceptionHandler = request.capability(0)?.badge ?? 0
      children[child].threads[thread].reportsToUs = false
    case .state, .setState, .cancelBlocking, .utcb: break
    }
    return try forward(request, to: children[child].threads[thread].real, &script)
  }
}
