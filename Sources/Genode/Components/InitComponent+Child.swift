import FiascoABI

/// What the thread that serves a child does next.
enum ChildPhase: Hashable, Sendable {
  /// Blocks on the thread's IRQ until all children have been built.
  case inactive
  case waiting(ServerReply)
  case handling(RPCRequest)
  case session(SessionRequest, SessionStage)
  case wake([Int], ServerReply)
  case say(String, ServerReply)
}

/// A session request on its way: first the donation, then perhaps a wait for the server, then the request itself.
struct SessionRequest: Hashable, Sendable {
  var service: String
  var arguments: SessionArguments
  var target: ServiceRoute.Target
}

enum SessionStage: Hashable, Sendable { case donate, lookUp, park, open(AnnouncedService?) }

// Thread 1 + i of init: the parent interface of child i. Writes the second half of InitChild, announced.

extension InitComponent {
  mutating func stepChild(_ index: Int, _ script: inout Script) throws(Suspension) {
    switch children[index].phase {
    case .inactive:
      _ = try script.invoke(KernelCall.awaitIRQ(children[index].irq))
      children[index].phase = .waiting(.none)
    case .waiting(let reply):
      let window = children[index].window
      let result = try script.replyAndWait(reply, window: window)
      guard let request = RPCRequest(result, window: window), request.isGenuine,
        request.badge == children[index].parent?.badge
      else {
        children[index].phase = .waiting(.none)
        return
      }
      children[index].phase = .handling(request)
    case .handling(let request):
      try script.compute(picoseconds: configuration.costs.picoseconds(.rpcDispatch))
      try handle(request, of: index, &script)
    case .session(let request, let stage):
      try carryOn(request, stage, of: index, &script)
    case .wake(let waiting, let reply):
      for other in waiting { _ = try script.invoke(KernelCall.triggerIRQ(children[other].irq)) }
      children[index].phase = .waiting(reply)
    case .say(let line, let reply):
      try say(line, &script)
      children[index].phase = .waiting(reply)
    }
  }

  private mutating func handle(_ request: RPCRequest, of index: Int, _ script: inout Script) throws(Suspension) {
    guard let opcode = ParentOpcode(rawValue: request.opcode) else { return answer(.failed(.invalidArgs), index) }
    switch opcode {
    case .mainThread: answer(RPCReply(capabilities: [children[index].mainThread]), index)
    case .session: startSession(request, index)
    case .upgrade: try upgrade(request, of: index, &script)
    case .close: try close(request, of: index, &script)
    case .exit:
      let name = configuration.children[index].name
      outbox.append(.childExited(name: name, value: request.word(0)))
      let line = "child \"\(name)\" exited with exit value \(request.word(0))"
      children[index].phase = .say(line, .answer(RPCReply()))
    case .announce: try announce(request, of: index, &script)
    case .resourceRequest: try grantResources(request, of: index, &script)
    }
  }

  private mutating func answer(_ reply: RPCReply, _ index: Int) { children[index].phase = .waiting(.answer(reply)) }

  private mutating func startSession(_ request: RPCRequest, _ index: Int) {
    guard let (service, next) = RPCString.decode(request.words, at: 0),
      let (text, _) = RPCString.decode(request.words, at: next)
    else { return answer(.failed(.invalidArgs), index) }
    switch service {
    case EnvironmentService.ram: answer(RPCReply(capabilities: [children[index].ram]), index)
    case EnvironmentService.cpu: answer(RPCReply(capabilities: [children[index].cpu]), index)
    case EnvironmentService.pd: answer(RPCReply(capabilities: [children[index].pd]), index)
    default:
      let target = configuration.target(of: service, for: index)
      if target == .denied {
        let line = "\(configuration.children[index].name): no route to service \"\(service)\""
        children[index].phase = .say(line, .answer(.failed(.serviceDenied)))
        return
      }
      let arguments = SessionArguments(text).prefixingLabel(configuration.children[index].name)
      children[index].phase = .session(
        SessionRequest(service: service, arguments: arguments, target: target), .donate)
    }
  }

  private mutating func announce(
    _ request: RPCRequest, of index: Int, _ script: inout Script
  ) throws(Suspension) {
    guard let name = request.string(at: 0), let root = request.capability(0), children[index].slots.free > 0 else {
      return answer(.failed(.invalidArgs), index)
    }
    // The root must outlive the receive window.
    let slot = children[index].slots.take()
    _ = try script.invoke(KernelCall.moveObject(from: root.slot, to: slot))
    announced.append(AnnouncedService(name: name, child: index, root: RPCCapability(slot: slot, badge: root.badge)))
    outbox.append(.serviceAnnounced(name: name, by: configuration.children[index].name))
    let waiting = children.indices.filter { children[$0].awaits == name }
    for other in waiting { children[other].awaits = nil }
    children[index].phase = .wake(waiting, .answer(RPCReply()))
  }

  private mutating func grantResources(
    _ request: RPCRequest, of index: Int, _ script: inout Script
  ) throws(Suspension) {
    let bytes = SessionArguments(request.string(at: 0) ?? "").ramQuota
    let line = "child \"\(configuration.children[index].name)\" requests resources: ram_quota=\(bytes)"
    let available = try availableRAM(&script)
    guard let ram = children[index].ram, bytes <= available,
      try script.transferQuota(bytes, from: environment.ram, to: ram) == 0
    else {
      // The child is not answered: it stays blocked, as with the real init.
      children[index].phase = .say(
        line + "\nWarning: cannot respond to resource request - out of memory", .none)
      return
    }
    children[index].phase = .say(line, .answer(RPCReply()))
  }

  /// What init may give away: its own account without the slack it keeps.
  func availableRAM(_ script: inout Script) throws(Suspension) -> UInt64 {
    let limit = try script.call(environment.ram, RAMOpcode.quota).word(0)
    let used = try script.call(environment.ram, RAMOpcode.used).word(0)
    return limit - min(limit, used + InitConfiguration.slack)
  }
}
