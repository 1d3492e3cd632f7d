import FiascoABI

/// What core does before it serves.
enum BootPhase: Hashable, Sendable, CaseIterable {
  case first, startPager, createInitSessions, createInitThread, startInit, announce
}

// Start of the second thread and of init. Writes everything once.
extension Core {
  mutating func boot(_ phase: BootPhase, _ script: inout Script) throws(Suspension) {
    do {
      switch phase {
      case .first: try prepare(&script)
      case .startPager: try startPager(&script)
      case .createInitSessions: try createInitSessions(&script)
      case .createInitThread: try createInitThread(&script)
      case .startInit: try startInit(&script)
      case .announce: announce()
      }
    } catch {
      guard case .suspended = error else { preconditionFailure("core must get its own kernel objects at boot") }
      throw Suspension()
    }
    let index = (BootPhase.allCases.firstIndex(of: phase) ?? 0) + 1
    entrypoint.phase = index < BootPhase.allCases.count ? .boot(BootPhase.allCases[index]) : .working(.none)
  }

  private mutating func prepare(_ script: inout Script) throws(Interruption) {
    entrypoint.window = slots.take(RPCLayout.maxCapabilities)
    let utcbs = FlexPage.memory(CorePlaces.utcbArea, order: 12, rights: .rw)
    try create(KernelCall.addKernelUserMemory(utcbs), &script)
    _ = try script.kernel(KernelCall.runThread(.thread, priority: configuration.priority, cpu: 0))
    var account = RAMSession(badge: 0, label: CorePlaces.name, metadata: MetadataBudget(limit: .max / 2))
    account.limit = memory.available
    let row = ramSessions.insert(account)
    precondition(row == CorePlaces.account, "core's own account is the first")
  }

  /// Core's own faults and exceptions go to the pager it started with.
  private mutating func startPager(_ script: inout Script) throws(Interruption) {
    let (_, slot) = try reserve(.reserved)
    try create(KernelCall.createThread(at: slot), &script)
    pager.slot = slot
    try create(
      KernelCall.bindThread(slot, pager: .pager, task: .task, utcb: CorePlaces.utcbArea), &script)
    pager.controlBadge = try createGate(for: .pagerControl, to: slot, &script)
    _ = try script.kernel(KernelCall.exchangeRegisters(slot, ip: NativeEntry.address(.core, thread: 1), sp: 0))
    _ = try script.kernel(KernelCall.runThread(slot, priority: configuration.priority, cpu: 0))
  }

  private mutating func createInitSessions(_ script: inout Script) throws(Interruption) {
    func rest(_ service: String) -> UInt64 { SessionQuota.of(service) - CoreMetadata.session(service) }
    initial.pd = try createPD(label: "init", quota: rest("PD"), &script)
    initial.ram = try createRAM(label: "init", quota: rest("RAM"), &script)
    initial.cpu = try createCPU(label: "init", quota: rest("CPU"), priority: ComponentPriority.highest, &script)
    ramSessions[initial.ram].reference = CorePlaces.account
    let account = ramSessions[CorePlaces.account]
    let quota = account.available > CoreMetadata.reserve ? account.available - CoreMetadata.reserve : 0
    ramSessions[CorePlaces.account].limit -= quota
    ramSessions[initial.ram].limit = quota
  }

  /// Thread, parent capability, and the one page that tells a native program its parent's badge.
  private mutating func createInitThread(_ script: inout Script) throws(Interruption) {
    initial.thread = try createThread(
      of: initial.cpu, in: initial.pd, name: "init", priority: ComponentPriority.highest, cpu: 0, &script)
    initial.parentBadge = try createGate(for: .parentOfInit, &script)
    let page = try allocate(ComponentLayout.pageSize, from: CorePlaces.account, &script)
    _ = try attach(
      page, to: pds[initial.pd].addressSpace, size: 0, offset: 0, at: ComponentLayout.nativeDataBase)
    assignParent(badges[initial.parentBadge]?.slot ?? .task, to: initial.pd)
    // Zeroed before it is written: carried out here, not with the rest of the work after boot.
    while let work = entrypoint.work.first {
      entrypoint.work.removeFirst()
      do { _ = try work.carryOut(&script) } catch { throw .suspended }
    }
    do { try script.write(dataspaces[page].physicalAddress, [initial.parentBadge]) } catch { throw .suspended }
  }

  private mutating func startInit(_ script: inout Script) throws(Interruption) {
    try start(initial.thread, ip: NativeEntry.address(.initial), sp: 0, &script)
  }

  private mutating func announce() {
    outbox.append(.childStarted(name: "init"))
    let quota = ramSessions[initial.ram].limit
    entrypoint.work += output("Genode \(configuration.release.name.rawValue)")
    entrypoint.work += output("\(quota >> 20) MiB RAM assigned to init")
  }
}
