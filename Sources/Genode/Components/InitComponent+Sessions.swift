import FiascoABI

// Session requests of children that leave init. Writes children[].phase, slots and sessions.

extension InitComponent {
  mutating func carryOn(
    _ request: SessionRequest, _ stage: SessionStage, of index: Int, _ script: inout Script
  ) throws(Suspension) {
    switch stage {
    case .donate: try donate(request, of: index, &script)
    case .lookUp: lookUp(request, of: index)
    case .park:
      _ = try script.invoke(KernelCall.awaitIRQ(children[index].irq))
      children[index].phase = .session(request, .lookUp)
    case .open(let server): try open(request, at: server, of: index, &script)
    }
  }

  private func server(of request: SessionRequest) -> AnnouncedService? {
    guard case .child(let name) = request.target, let child = configuration.index(of: name) else { return nil }
    return announced.first { $0.child == child && $0.name == request.service }
  }

  /// The child pays: its quota goes to init, which passes it on.
  private mutating func donate(
    _ request: SessionRequest, of index: Int, _ script: inout Script
  ) throws(Suspension) {
    let quota = request.arguments.ramQuota
    guard let ram = children[index].ram, try script.transferQuota(quota, from: ram, to: environment.ram) == 0 else {
      children[index].phase = .say(
        "Warning: not enough quota for a donation of \(quota) bytes", .answer(.failed(.quotaExceeded)))
      return
    }
    children[index].phase = .session(request, .lookUp)
  }

  /// A pure step: either the service is there, or the child's whole entrypoint waits for its announcement.
  private mutating func lookUp(_ request: SessionRequest, of index: Int) {
    if request.target == .parent {
      children[index].phase = .session(request, .open(nil))
    } else if let server = server(of: request) {
      children[index].phase = .session(request, .open(server))
    } else {
      children[index].awaits = request.service
      children[index].phase = .session(request, .park)
    }
  }

  private mutating func open(
    _ request: SessionRequest, at server: AnnouncedService?, of index: Int, _ script: inout Script
  ) throws(Suspension) {
    let quota = request.arguments.ramQuota
    guard children[index].slots.free > 0 else {
      try giveBack(quota, of: index, from: nil, &script)
      return children[index].phase = .say("Error: cap index allocation failed", .answer(.failed(.unavailable)))
    }
    let slot = children[index].slots.take()
    let reply: RPCReply
    if let server {
      if let account = children[server.child].ram {
        _ = try script.transferQuota(quota, from: environment.ram, to: account)
      }
      reply = try script.call(
        server.root, RootOpcode.createSession, RPCString.encode(request.arguments.text), receiveInto: [slot])
    } else {
      reply = try script.session(request.service, request.arguments, parent: environment.parent, into: slot)
    }
    guard let session = reply.capability else {
      children[index].slots.release(slot)
      try giveBack(quota, of: index, from: server, &script)
      return children[index].phase = .waiting(.answer(.failed(reply.exception ?? .unavailable)))
    }
    let provider: ChildSession.Provider = server.map { .child($0.child) } ?? .parent
    children[index].sessions.append(ChildSession(session: session, quota: quota, provider: provider))
    children[index].phase = .waiting(.answer(RPCReply(capabilities: [session])))
  }

  private func giveBack(
    _ quota: UInt64, of index: Int, from server: AnnouncedService?, _ script: inout Script
  ) throws(Suspension) {
    if let server, let account = children[server.child].ram {
      _ = try script.transferQuota(quota, from: account, to: environment.ram)
    }
    if let ram = children[index].ram { _ = try script.transferQuota(quota, from: environment.ram, to: ram) }
  }

  /// More quota for a session, own sessions of the child included.
  mutating func upgrade(_ request: RPCRequest, of index: Int, _ script: inout Script) throws(Suspension) {
    let child = children[index]
    let own = [child.pd, child.ram, child.cpu].compactMap { $0 }
    guard let badge = request.capability(0)?.badge, let text = request.string(at: 0), let ram = child.ram else {
      return children[index].phase = .waiting(.answer(.failed(.invalidArgs)))
    }
    let known = child.sessions.firstIndex { $0.session.badge == badge }
    guard let session = own.first(where: { $0.badge == badge }) ?? known.map({ child.sessions[$0].session }) else {
      return children[index].phase = .waiting(.answer(.failed(.invalidCapability)))
    }
    let quota = SessionArguments(text).ramQuota
    guard try script.transferQuota(quota, from: ram, to: environment.ram) == 0 else {
      return children[index].phase = .waiting(.answer(.failed(.quotaExceeded)))
    }
    let reply: RPCReply
    if let known, case .child(let server) = child.sessions[known].provider,
      let service = announced.first(where: { $0.child == server })
    {
      if let account = children[server].ram {
        _ = try script.transferQuota(quota, from: environment.ram, to: account)
      }
      reply = try script.call(service.root, RootOpcode.upgrade, RPCString.encode(text), [session])
    } else {
      reply = try script.call(environment.parent, ParentOpcode.upgrade, RPCString.encode(text), [session])
    }
    if let known { children[index].sessions[known].quota += quota }
    children[index].phase = .waiting(.answer(RPCReply(exception: reply.exception)))
  }

  mutating func close(_ request: RPCRequest, of index: Int, _ script: inout Script) throws(Suspension) {
    let badge = request.capability(0)?.badge
    guard let known = children[index].sessions.firstIndex(where: { $0.session.badge == badge }) else {
      return children[index].phase = .waiting(.answer(RPCReply()))
    }
    let session = children[index].sessions[known]
    switch session.provider {
    case .parent:
      _ = try script.call(environment.parent, ParentOpcode.close, [], [session.session])
      try giveBack(session.quota, of: index, from: nil, &script)
    case .child(let server):
      let service = announced.first { $0.child == server }
      if let service { _ = try script.call(service.root, RootOpcode.close, [], [session.session]) }
      try giveBack(session.quota, of: index, from: service, &script)
    }
    children[index].slots.release(session.session.slot)
    children[index].sessions.remove(at: known)
    children[index].phase = .waiting(.answer(RPCReply()))
  }
}
