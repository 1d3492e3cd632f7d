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
    children.append(TargetChild(configuration, index: child))
    jobs += ["PD", "RAM", "CPU"].map { .openEnvironmentSession(child: child, service: $0) }
    jobs += [.giveQuota(child: child), .openRegionMaps(child: child), .openParent(child: child), .makeStub(child: child)]
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
    children[child].condition = .failed
    jobs.removeAll()
    taking = nil
    restoring = nil
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

// The program. Models `Child::Process`, with every step written down.
extension Checkpointer {
  mutating func readProgram(of child: Int, _ script: inout Script) throws(Suspension) {
    guard let program = children[child].program, let file = try attachHere(program, &script) else {
      return fail(child, "program cannot be attached")
    }
    let size = children[child].dataspaces.first { $0.kind == .program }?.size ?? 0
    guard let header = ProgramHeader(try script.read(file, count: ProgramHeader.words), fileSize: size),
      let segments = ProgramHeader.segments(
        try script.read(file + header.tableOffset, count: header.count * ProgramHeader.entryWords), fileSize: size)
    else { return fail(child, "no executable") }
    var next: [CheckpointerJob] = segments.map { .loadSegment(child: child, $0, file: file) }
    next += [.closeProgram(child: child, file: file), .startMain(child: child, entry: header.entry)]
    jobs.insert(contentsOf: next, at: 0)
  }

  mutating func load(
    _ segment: LoadableSegment, of child: Int, file: UInt64, _ script: inout Script
  ) throws(Suspension) {
    try script.compute(picoseconds: configuration.genodeCosts.picoseconds(.loadSegment))
    let place = segment.address - segment.lead
    if !segment.isWritable {
      guard let program = children[child].program,
        try attach(
          program, toMap: 0, of: child, at: place, size: segment.pages, offset: segment.offset - segment.lead,
          executable: segment.isExecutable, &script)
      else { return fail(child, "read-only segment") }
      return
    }
    guard let dataspace = try allocate(segment.pages, for: child, &script),
      let local = try attachHere(dataspace, &script)
    else { return fail(child, "writable segment") }
    let start = local + segment.lead
    if segment.fileSize > 0 { try script.copy(to: start, from: file + segment.offset, bytes: segment.fileSize) }
    try script.write(start + ComponentLayout.parentBadgeOffset, [children[child].parent?.badge ?? 0])
    try detachHere(local, &script)
    guard try attach(dataspace, toMap: 0, of: child, at: place, size: 0, offset: 0, executable: false, &script) else {
      return fail(child, "writable segment")
    }
  }

  /// RAM from the child's own account, written down like its own allocations. New RAM is zero.
  mutating func allocate(
    _ bytes: UInt64, for child: Int, _ script: inout Script
  ) throws(Suspension) -> RPCCapability? {
    let slot = slots.take()
    let ram = children[child].ram
    let reply = try callExpanding(ram, RAMOpcode.alloc, [bytes], receiveInto: [slot], payer: ram, &script)
    guard let dataspace = reply.capability else { return nil }
    children[child].dataspaces.append(OnlineDataspace(real: dataspace, size: bytes, kind: .ram))
    return dataspace
  }

  /// Attaches to a map of the child and writes it down.
  mutating func attach(
    _ dataspace: RPCCapability, toMap map: Int, of child: Int, at address: UInt64, size: UInt64, offset: UInt64,
    executable: Bool, _ script: inout Script
  ) throws(Suspension) -> Bool {
    let place = try attach(
      dataspace, to: children[child].maps[map].real, at: address, size: size, offset: offset, executable: executable,
      payer: children[child].pd, &script)
    guard let place else { return false }
    let whole = children[child].dataspace(badge: dataspace.badge).map { children[child].dataspaces[$0].size } ?? size
    children[child].maps[map].regions.append(
      OnlineRegion(
        address: place, size: size == 0 ? whole - offset : size, offset: offset, dataspace: dataspace.badge,
        executable: executable))
    return true
  }

  mutating func startMain(of child: Int, entry: UInt64, _ script: inout Script) throws(Suspension) {
    _ = try script.call(children[child].threads[0].real, CPUThreadOpcode.start, [entry, 0])
    children[child].threads[0].isStarted = true
    children[child].condition = .running
    outbox.append(.childStarted(child: children[child].name))
  }
}

// Ending a child. Writes children, objects, slots.
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
    work.append(.dropGates(child: child))
    jobs.insert(contentsOf: work, at: 0)
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
    jobs.insert(.dropGates(child: child), at: 0)
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
    children[child].condition = .killed
    outbox.append(.targetKilled(target: children[child].name))
  }

  /// The objects are gone, and with them the capabilities: only the numbers have to be given back.
  private mutating func releaseSlots(of index: Int) {
    let child = children[index]
    announced.removeAll { $0.child == index }
    var freed: [RPCCapability?] = child.sessions.filter { $0.provider != .sibling }.map(\.real) + child.threads.map(\.real) + child.maps.map(\.real)
    freed += child.dataspaces.filter { $0.isLive && $0.kind != .foreign }.map(\.real)
    freed += child.contexts.filter(\.isLive).map(\.real)
    freed += child.rpcObjects.filter(\.isLive).map(\.real)
    freed += [child.signalSource, child.nativePD, child.programSession]
    for case .some(let capability) in freed { slots.release(capability.slot) }
  }
}
