import FiascoABI
import Genode

// Ending a child. Writes children, objects, slots, jobs.

extension Checkpointer {
  mutating func startKill(_ target: String) {
    guard let child = runningChild(target) else { return refuse(.targetNotRunning(target)) }
    jobs.append(.killChild(child))
  }

  /// The newest child of a name that has not been killed.
  func runningChild(_ name: String) -> Int? {
    children.indices.last { children[$0].name == name && [.running, .exited].contains(children[$0].condition) }
  }

  /// Threads first, then memory, then the protection domain: the order in which nothing faults any more.
  mutating func kill(_ child: Int) {
    var work: [CheckpointerJob] = []
    work.append(.closeSession(child: child, session: TargetChild.cpuSession))
    for session in children[child].sessions.indices.reversed() where session > TargetChild.cpuSession {
      work.append(.closeSession(child: child, session: session))
    }
    work.append(.closeSession(child: child, session: TargetChild.ramSession))
    work.append(.closeSession(child: child, session: TargetChild.pdSession))
    work += children[child].dataspaces.compactMap(\.managed).map { .destroyMap($0.map, of: $0.session) }
    work.append(.dropGates(child: child))
    jobs.pushFront(work)
  }

  mutating func closeSession(_ session: Int, of child: Int, _ script: inout Script) throws(Suspension) {
    guard children[child].sessions[session].isLive else { return }
    children[child].sessions[session].isLive = false
    if children[child].sessions[session].provider == .sibling { return }
    _ = try script.call(environment.parent, ParentOpcode.close, [], [children[child].sessions[session].real])
  }

  /// One gate a step: there may be many.
  mutating func dropGates(of child: Int, _ script: inout Script) throws(Suspension) {
    guard let object = objects.first(where: { $0.child == child }), let gate = gate(of: object) else {
      try finishKill(child, &script)
      return
    }
    try dropGate(gate, &script)
    jobs.pushFront(.dropGates(child: child))
  }

  private func gate(of object: InterposedObject) -> RPCCapability? {
    let child = children[object.child]
    switch object.kind {
    case .parent: return child.parent
    case .parentInside: return child.parentInside
    case .session(let index): return child.sessions[index].own
    case .thread(let index): return child.threads[index].own
    case .map(let index): return child.maps[index].own
    }
  }

  private mutating func finishKill(_ child: Int, _ script: inout Script) throws(Suspension) {
    if let stub = children[child].stub {
      try detachHere(children[child].stubAddress, &script)
      _ = try script.call(environment.ram, RAMOpcode.free, [], [stub])
      slots.release(stub.slot)
    }
    if let session = children[child].programSession {
      _ = try script.call(environment.parent, ParentOpcode.close, [], [session])
    }
    releaseSlots(of: child)
    dropMirrors(of: child)
    // Nobody must ask its maps for faults any more.
    for row in children[child].dataspaces.indices { children[child].dataspaces[row].managed = nil }
    for checkpoint in checkpoints.indices where checkpoints[checkpoint].sharedWith == child {
      claimCopies(of: checkpoint)
    }
    children[child].condition = .killed
    outbox.append(.targetKilled(target: children[child].name))
  }

  /// The objects are gone, and with them the capabilities: only the numbers have to be given back.
  private mutating func releaseSlots(of index: Int) {
    let child = children[index]
    announced.removeAll { $0.child == index }
    var freed: [RPCCapability?] = child.sessions.filter { $0.provider != .sibling }.map(\.real)
    freed += child.threads.map(\.real) + child.maps.map(\.real)
    freed += child.dataspaces.filter { $0.isLive && $0.kind != .foreign }.map(\.real)
    freed += child.dataspaces.compactMap(\.managed).flatMap(\.parts).map(\.dataspace)
    freed += child.contexts.filter(\.isLive).map(\.real)
    freed += child.rpcObjects.filter(\.isLive).map(\.real)
    freed += [child.signalSource, child.nativePD, child.programSession]
    for case .some(let capability) in freed { slots.release(capability.slot) }
  }
}
