import FiascoABI

// Thread 0 of init: builds the children, then lets all of them go. Writes main and the first half of InitChild.

extension InitComponent {
  mutating func stepMain(_ script: inout Script) throws(Suspension) {
    switch main {
    case .environment:
      try environment.step(&script)
      if environment.isComplete { main = .openLog }
    case .openLog:
      let arguments = SessionArguments(ramQuota: SessionQuota.log, label: "")
      log = try script.session("LOG", arguments, parent: environment.parent, into: slots.take()).capability
      main = children.isEmpty ? .idle : .child(0, .pd)
    case .child(let index, let stage):
      try build(index, stage, &script)
    case .report(let index, let line):
      try say(line, &script)
      next(after: index)
    case .activate(let index):
      if children[index].loader != nil, !children[index].isActive {
        _ = try script.invoke(KernelCall.triggerIRQ(children[index].irq))
        children[index].isActive = true
        outbox.append(.childStarted(name: configuration.children[index].name))
      }
      main = index + 1 < children.count ? .activate(index + 1) : .idle
    case .idle:
      try awaitChange(&script)
    case .kill(let index):
      try kill(index, &script)
      main = .idle
    }
  }

  func say(_ line: String, _ script: inout Script) throws(Suspension) {
    if let log { try script.log(line, to: log) }
  }

  private mutating func next(after index: Int) {
    let next = (index + 1)..<children.count
    main = next.first { children[$0].loader == nil && !children[$0].isActive }.map { .child($0, .pd) } ?? .activate(0)
  }

  /// Slots of one child are known together, so that they can be given back.
  mutating func takeSlot(_ index: Int) -> CapabilitySlot {
    let slot = slots.take()
    children[index].mainSlots.append(slot)
    return slot
  }

  private mutating func advance(_ index: Int, _ stage: ChildStage) {
    main = ChildStage(rawValue: stage.rawValue + 1).map { .child(index, $0) } ?? .report(index, "")
  }

  private mutating func giveUp(_ index: Int, _ line: String) {
    children[index].loader = nil
    main = .report(index, line)
  }

  private mutating func build(_ index: Int, _ stage: ChildStage, _ script: inout Script) throws(Suspension) {
    let child = configuration.children[index]
    switch stage {
    case .pd: children[index].pd = try open("PD", SessionQuota.pd, index, &script)
    case .ram: children[index].ram = try open("RAM", SessionQuota.ram, index, &script)
    case .cpu: children[index].cpu = try open("CPU", SessionQuota.cpu, index, &script)
    case .quota: return try giveQuota(index, &script)
    case .thread: children[index].mainThread = try createMainThread(index, &script)
    case .entrypoint:
      children[index].entrypoint = try createEntrypoint(index, &script)
    case .place: try findPlace(index, &script)
    case .startEntrypoint: try startEntrypoint(index, &script)
    case .parent:
      guard let entrypoint = children[index].entrypoint else { return giveUp(index, "Error: thread creation failed") }
      children[index].parent = try script.allocRPCCap(
        entrypoint: entrypoint, pd: environment.pd, into: takeSlot(index))
    case .rom: return try openProgram(index, &script)
    case .load: return try load(index, &script)
    }
    advance(index, stage)
  }

  private mutating func open(
    _ service: String, _ quota: UInt64, _ index: Int, _ script: inout Script
  ) throws(Suspension) -> RPCCapability? {
    let child = configuration.children[index]
    var arguments = SessionArguments(ramQuota: quota, label: child.name)
    if service == "CPU" {
      arguments = arguments.setting("priority", to: "\(ComponentPriority.generic(kernel: child.priority))")
    }
    return try script.session(service, arguments, parent: environment.parent, into: takeSlot(index)).capability
  }

  private mutating func giveQuota(_ index: Int, _ script: inout Script) throws(Suspension) {
    let name = configuration.children[index].name
    guard let ram = children[index].ram, children[index].pd != nil, children[index].cpu != nil else {
      return giveUp(index, "Error: no sessions for child \"\(name)\"")
    }
    _ = try script.call(ram, RAMOpcode.refAccount, [], [environment.ram])
    let available = try availableRAM(&script)
    let quota = min(InitConfiguration.childQuota(quantum: configuration.children[index].ramQuota), available)
    guard quota > 0 else { return giveUp(index, "Warning: no valid RAM resource for child \"\(name)\"") }
    _ = try script.transferQuota(quota, from: environment.ram, to: ram)
    advance(index, .quota)
  }

  /// The kernel thread exists from here on under the child's name, unstarted.
  private mutating func createMainThread(_ index: Int, _ script: inout Script) throws(Suspension) -> RPCCapability? {
    guard let cpu = children[index].cpu, let pd = children[index].pd else { return nil }
    let child = configuration.children[index]
    return try script.createThread(child.name, cpu: child.cpu, session: cpu, pd: pd, into: takeSlot(index))
  }

  /// A thread of init's own, which serves the child.
  private mutating func createEntrypoint(_ index: Int, _ script: inout Script) throws(Suspension) -> RPCCapability? {
    let (name, own, slot) = (configuration.children[index].name, environment, takeSlot(index))
    return try script.upgrading(own.cpu, of: "CPU", parent: own.parent, log: log) { script throws(Suspension) in
      try script.requestThread(name, session: own.cpu, pd: own.pd, into: slot)
    }.capability
  }

  /// Which of init's threads it became: after a kill the lowest free place is taken.
  private mutating func findPlace(_ index: Int, _ script: inout Script) throws(Suspension) {
    guard let entrypoint = children[index].entrypoint else { return }
    let gate = try script.call(entrypoint, CPUThreadOpcode.state).word(ThreadStateWords.gateSlot)
    children[index].irq = CapabilitySlot(UInt32(gate) + 2)
  }

  private func startEntrypoint(_ index: Int, _ script: inout Script) throws(Suspension) {
    guard let entrypoint = children[index].entrypoint else { return }
    _ = try script.call(
      entrypoint, CPUThreadOpcode.start, [NativeEntry.address(.initial, thread: 1 + index), 0])
  }

  private mutating func openProgram(_ index: Int, _ script: inout Script) throws(Suspension) {
    let child = configuration.children[index]
    switch child.program {
    case .native(let kind): children[index].program = .native(kind)
    case .elf(let name):
      let arguments = SessionArguments(ramQuota: SessionQuota.rom, label: "\(child.name) -> \(name)")
      let rom = try script.session("ROM", arguments, parent: environment.parent, into: takeSlot(index))
      guard let session = rom.capability,
        let dataspace = try script.call(session, ROMOpcode.dataspace, receiveInto: [takeSlot(index)]).capability
      else { return giveUp(index, "Error: Could not open ROM session for \"\(name)\"") }
      children[index].program = .elf(dataspace)
    }
    guard let pd = children[index].pd, let ram = children[index].ram, let thread = children[index].mainThread,
      let parent = children[index].parent
    else { return giveUp(index, "Error: no thread for child \"\(child.name)\"") }
    children[index].loader = ChildLoader(
      children[index].program,
      ChildLoader.Resources(
        localMap: environment.addressSpace, pd: pd, ram: ram, mainThread: thread, parent: parent),
      slots: (0..<ChildLoader.slotCount).map { _ in takeSlot(index) }, costs: configuration.costs)
    advance(index, .rom)
  }

  private mutating func load(_ index: Int, _ script: inout Script) throws(Suspension) {
    guard var loader = children[index].loader else { return next(after: index) }
    let progress = try loader.step(&script)
    children[index].loader = loader
    switch progress {
    case .running: break
    case .finished: next(after: index)
    case .failed(let reason):
      giveUp(index, "Error: child \"\(configuration.children[index].name)\" could not be loaded (\(reason))")
    }
  }
}
