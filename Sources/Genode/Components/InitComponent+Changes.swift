import FiascoABI

// Changes of init's configuration at run time. Writes main, children, announced.

extension InitComponent {
  mutating func awaitChange(_ script: inout Script) throws(Suspension) {
    guard let change = changes.first else {
      _ = try script.invoke(KernelCall.sleep(.never))
      return
    }
    _ = try script.invoke(KernelCall.sleep(until: change.at))
    // Other reasons to wake up exist (a cancel): only the clock says that the time has come.
    guard try script.readClock() >= change.at else { return }
    changes.removeFirst()
    switch change.kind {
    case .kill(let name):
      if let index = configuration.index(of: name), children[index].isActive { main = .kill(index) }
    case .start(let name):
      if let index = configuration.index(of: name), children[index].loader == nil { main = .child(index, .pd) }
    }
  }

  /// Stops the child and its server thread, closes what the child had opened, then its own sessions.
  mutating func kill(_ index: Int, _ script: inout Script) throws(Suspension) {
    let child = children[index]
    if let entrypoint = child.entrypoint {
      _ = try script.call(environment.cpu, CPUOpcode.killThread, [], [entrypoint])
    }
    if let cpu = child.cpu { try closeAtParent(cpu, &script) }
    for session in child.sessions {
      switch session.provider {
      case .parent: try closeAtParent(session.session, &script)
      case .child(let server):
        guard server != index, let service = announced.first(where: { $0.child == server }) else { continue }
        _ = try script.call(service.root, RootOpcode.close, [], [session.session])
        if let account = children[server].ram {
          _ = try script.transferQuota(session.quota, from: account, to: environment.ram)
        }
      }
    }
    for session in [child.ram, child.pd].compactMap({ $0 }) { try closeAtParent(session, &script) }
    if let parent = child.parent { _ = try script.call(environment.pd, PDOpcode.freeRPCCap, [], [parent]) }
    for slot in child.mainSlots { slots.release(slot) }
    announced.removeAll { $0.child == index }
    children[index] = InitChild(index: index)
    outbox.append(.childKilled(name: configuration.children[index].name))
  }

  private func closeAtParent(_ session: RPCCapability, _ script: inout Script) throws(Suspension) {
    _ = try script.call(environment.parent, ParentOpcode.close, [], [session])
  }
}
