import FiascoABI
import Genode

// Making a child: sessions, quota, first thread, program. Writes children, objects, jobs.

/// How far a new child is brought by the jobs that `create` appends.
enum ChildCreation: Hashable, Sendable {
  /// Loaded and started.
  case withELF
  /// Sessions and the parent capability, nothing loaded and no thread.
  case withoutELF
}

extension Checkpointer {
  /// Appends the work of making a child; returns its index.
  @discardableResult
  mutating func create(_ configuration: ChildConfiguration, _ kind: ChildCreation) -> Int {
    let child = children.count
    children.append(TargetChild(configuration, index: child, slotCount: self.configuration.slotCount))
    jobs += ["PD", "RAM", "CPU"].map { .openEnvironmentSession(child: child, service: $0) }
    jobs += [.giveQuota(child: child), .openRegionMaps(child: child)]
    jobs += [.openParent(child: child), .makeStub(child: child)]
    switch kind {
    case .withELF:
      let cpu = UInt64(configuration.cpu)
      jobs += [
        .createThread(child: child, name: configuration.name, priority: 0, cpu: cpu), .openProgram(child: child),
        .assignParent(child: child), .readProgram(child: child),
      ]
    case .withoutELF:
      jobs += [.openProgram(child: child), .assignParent(child: child)]
    }
    return child
  }

  /// A child that cannot be made is given up; what would have been done with it is not done.
  mutating func fail(_ child: Int, _ what: String) {
    for run in parkedRestores { if let run { children[run.child].condition = .failed } }
    children[child].condition = .failed
    jobs.removeAll()
    if postCopying?.child == child {
      postCopying = nil
      background.removeAll { if case .fetch = $0 { true } else { $0 == .endPostCopy } }
    }
    forgetRuns()
    forgetRestore()
    refuse(.requestFailed("\(children[child].name): \(what)"))
  }

  func openEnvironmentArguments(_ service: String, of child: Int) -> SessionArguments {
    let configuration = children[child].configuration
    let arguments = SessionArguments(ramQuota: SessionQuota.of(service), label: configuration.name)
    guard service == "CPU" else { return arguments }
    return arguments.setting("priority", to: "\(ComponentPriority.generic(kernel: configuration.priority))")
  }

  mutating func openEnvironmentSession(
    _ service: String, of child: Int, _ script: inout Script
  ) throws(Suspension) {
    let arguments = openEnvironmentArguments(service, of: child)
    let slot = slots.take()
    let reply = try script.session(service, arguments, parent: environment.parent, into: slot)
    guard let real = reply.capability,
      let own = try makeGate(.session(children[child].sessions.count), of: child, &script)
    else { return fail(child, "session \(service)") }
    children[child].sessions.append(
      OnlineSession(
        service: service, arguments: arguments.text, own: own, real: real, quota: SessionQuota.of(service)))
  }

  /// The quantum without what the sessions cost goes to the child's account.
  mutating func giveQuota(to child: Int, _ script: inout Script) throws(Suspension) {
    let quantum = children[child].configuration.ramQuota
    let cost = SessionQuota.pd + SessionQuota.ram + SessionQuota.cpu
    let quota = quantum > cost ? quantum - cost : 0
    let ram = children[child].ram
    _ = try script.call(ram, RAMOpcode.refAccount, [], [environment.ram])
    guard quota > 0, try script.transferQuota(quota, from: environment.ram, to: ram) == 0 else {
      return fail(child, "RAM quota")
    }
    children[child].ramQuota = quota
  }

  mutating func openRegionMaps(of child: Int, _ script: inout Script) throws(Suspension) {
    let maps: [(String, PDOpcode, UInt64)] = [
      ("address space", .addressSpace, ComponentLayout.addressSpaceBase + ComponentLayout.addressSpaceSize),
      ("stack area", .stackArea, ComponentLayout.stackAreaSize),
      ("linker area", .linkerArea, ComponentLayout.linkerAreaSize),
    ]
    for (name, opcode, size) in maps {
      let slot = slots.take()
      guard let real = try script.call(children[child].pd, opcode, receiveInto: [slot]).capability,
        let own = try makeGate(.map(children[child].maps.count), of: child, &script)
      else { return fail(child, name) }
      children[child].maps.append(OnlineMap(name: name, own: own, real: real, size: size))
    }
  }

  /// One page of own RAM with the code that moves a UTCB; it stays attached here for as long as the child lives.
  mutating func makeStub(of child: Int, _ script: inout Script) throws(Suspension) {
    guard let page = try allocateHere(ComponentLayout.pageSize, &script),
      let address = try attachHere(page, &script)
    else { return fail(child, "page for UTCBs") }
    try script.write(address + UTCBStub.load, UTCBStub.words)
    children[child].stub = page
    children[child].stubAddress = address
  }

  /// Creates a thread in core and our object for it; nil if core refuses.
  mutating func createThread(
    _ name: String, priority: UInt64, cpu: UInt64, of child: Int, _ script: inout Script
  ) throws(Suspension) -> Int? {
    let slot = slots.take()
    let target = children[child]
    let reply = try callExpanding(
      target.cpu, CPUOpcode.createThread, [priority, cpu] + RPCString.encode(name, limit: 31), [target.pd],
      receiveInto: [slot], payer: target.cpu, &script)
    guard let real = reply.capability else { return nil }
    return try register(real, name: name, priority: priority, cpu: cpu, of: child, &script)
  }

  /// Writes down a new thread with the place core gave it.
  mutating func register(
    _ real: RPCCapability, name: String, priority: UInt64, cpu: UInt64, of child: Int, _ script: inout Script
  ) throws(Suspension) -> Int? {
    let state = try script.call(real, CPUThreadOpcode.state)
    guard let own = try makeGate(.thread(children[child].threads.count), of: child, &script) else { return nil }
    children[child].threads.append(
      OnlineThread(
        name: name, own: own, real: real, priority: priority, cpu: cpu,
        gateBadge: state.word(ThreadStateWords.gateBadge), utcb: state.word(ThreadStateWords.utcb)))
    return children[child].threads.count - 1
  }

  /// The parent of the child pays for its program, so the child's capability space does not know it.
  mutating func openProgram(of child: Int, _ script: inout Script) throws(Suspension) {
    guard case .elf(let rom) = children[child].configuration.program else { return fail(child, "native program") }
    let arguments = SessionArguments(ramQuota: SessionQuota.rom, label: "\(children[child].name) -> \(rom)")
    let taken = slots.take(2)
    guard let session = try script.session("ROM", arguments, parent: environment.parent, into: taken[0]).capability,
      let dataspace = try script.call(session, ROMOpcode.dataspace, receiveInto: [taken[1]]).capability
    else { return fail(child, "ROM session for \(rom)") }
    let size = try script.call(dataspace, DataspaceOpcode.size).word(0)
    children[child].programSession = session
    children[child].program = dataspace
    children[child].dataspaces.append(OnlineDataspace(real: dataspace, size: size, kind: .program))
  }

  mutating func assignParent(of child: Int, _ script: inout Script) throws(Suspension) {
    _ = try script.call(children[child].pd, PDOpcode.assignParent, [], [children[child].parent])
  }
}
