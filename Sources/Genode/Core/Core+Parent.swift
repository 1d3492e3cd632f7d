import FiascoABI

// Core as the parent of its only child: opens, upgrades and closes sessions. Writes sessions and all session tables.

extension Core {
  mutating func handleParent(
    _ opcode: ParentOpcode, _ request: RPCRequest, _ script: inout Script
  ) throws(Interruption) -> RPCReply {
    switch opcode {
    case .mainThread: return reply(with: threads[initial.thread].cpuThreadBadge)
    case .session:
      guard let (service, next) = RPCString.decode(request.words, at: 0),
        let (text, _) = RPCString.decode(request.words, at: next)
      else { throw .refused(.invalidArgs) }
      let badge = try session(service, SessionArguments(text), &script)
      return reply(with: badge)
    case .upgrade:
      guard let text = request.string(at: 0), let badge = request.capability(0)?.badge else {
        throw .refused(.invalidArgs)
      }
      try upgrade(badge, by: SessionArguments(text).ramQuota)
      return RPCReply()
    case .close:
      if let badge = request.capability(0)?.badge { close(badge) }
      return RPCReply()
    case .exit:
      print("init exited with exit value \(request.word(0))")
      return RPCReply()
    case .announce, .resourceRequest:
      throw .refused(.serviceDenied)
    }
  }

  private mutating func session(
    _ service: String, _ arguments: SessionArguments, _ script: inout Script
  ) throws(Interruption) -> UInt64 {
    switch service {
    case EnvironmentService.ram: return ramSessions[initial.ram].badge
    case EnvironmentService.cpu: return cpuSessions[initial.cpu].badge
    case EnvironmentService.pd: return pds[initial.pd].badge
    default: break
    }
    charge(.createSession)
    let label = arguments.label.isEmpty ? "init" : "init -> " + arguments.label
    do {
      try donate(arguments.ramQuota, from: initial.ram)
      let badge = try open(service, label: label, arguments, &script)
      _ = sessions.insert(
        CoreSession(badge: badge, service: service, label: label, quota: arguments.ramQuota, donor: initial.ram))
      outbox.append(.sessionOpened(service: service, label: label, badge: badge))
      return badge
    } catch {
      if case .refused(let reason) = error {
        outbox.append(.sessionRefused(service: service, label: label, reason: reason))
      }
      throw error
    }
  }

  private mutating func donate(_ bytes: UInt64, from account: Int) throws(Interruption) {
    do { try ramSessions.move(bytes, from: account, to: CorePlaces.account) } catch {
      warn("not enough quota for a donation of \(bytes) bytes")
      throw .refused(.quotaExceeded)
    }
  }

  /// The session object itself is paid first, out of the donation.
  private mutating func open(
    _ service: String, label: String, _ arguments: SessionArguments, _ script: inout Script
  ) throws(Interruption) -> UInt64 {
    let fixed = CoreMetadata.session(service)
    guard arguments.ramQuota >= fixed else {
      print("Error: Insufficient ram quota, provided=\(arguments.ramQuota), required=\(fixed)")
      throw .refused(.quotaExceeded)
    }
    let quota = arguments.ramQuota - fixed
    switch service {
    case "PD":
      let row = try createPD(label: label, quota: quota, &script)
      return pds[row].badge
    case "RAM":
      let row = try createRAM(label: label, quota: quota, &script)
      return ramSessions[row].badge
    case "CPU":
      let generic = Int(arguments.number("priority") ?? 0)
      let priority = ComponentPriority.kernel(generic: generic)
      let row = try createCPU(label: label, quota: quota, priority: priority, &script)
      return cpuSessions[row].badge
    case "RM":
      let row = rmSessions.insert(RMSession(badge: 0, metadata: MetadataBudget(limit: quota)))
      rmSessions[row].badge = try createGate(for: .rm(row), &script)
      return rmSessions[row].badge
    case "ROM": return try openROM(label: label, &script)
    case "LOG":
      let row = logSessions.insert(LogSession(badge: 0, label: label))
      logSessions[row].badge = try createGate(for: .log(row), &script)
      return logSessions[row].badge
    default: throw .refused(.serviceDenied)
    }
  }

  mutating func createRAM(label: String, quota: UInt64, _ script: inout Script) throws(Interruption) -> Int {
    let row = ramSessions.insert(RAMSession(badge: 0, label: label, metadata: MetadataBudget(limit: quota)))
    ramSessions[row].badge = try createGate(for: .ram(row), &script)
    return row
  }

  mutating func createCPU(
    label: String, quota: UInt64, priority: Int, _ script: inout Script
  ) throws(Interruption) -> Int {
    let row = cpuSessions.insert(
      CPUSession(badge: 0, label: label, metadata: MetadataBudget(limit: quota), priority: priority))
    cpuSessions[row].badge = try createGate(for: .cpu(row), &script)
    return row
  }
}

extension Core {
  /// More quota for a session that ran out of metadata.
  private mutating func upgrade(_ badge: UInt64, by bytes: UInt64) throws(Interruption) {
    guard let object = badges[badge]?.object else { throw .refused(.invalidCapability) }
    try donate(bytes, from: initial.ram)
    switch object {
    case .pd(let row): raise(.pd(row), by: bytes)
    case .ram(let row): raise(.ram(row), by: bytes)
    case .cpu(let row): raise(.cpu(row), by: bytes)
    case .rm(let row): raise(.rm(row), by: bytes)
    case .rom, .log: break
    default: throw .refused(.invalidCapability)
    }
    for row in sessions.live where sessions[row].badge == badge { sessions[row].quota += bytes }
  }

  /// Destroys the session with everything it owns and returns the donation.
  mutating func close(_ badge: UInt64) {
    guard let row = sessions.live.first(where: { sessions[$0].badge == badge }), let object = badges[badge]?.object
    else { return }
    let session = sessions[row]
    switch object {
    case .pd(let pd): destroyPD(pd)
    case .ram(let ram): destroyRAM(ram)
    case .cpu(let cpu): destroyCPU(cpu)
    case .rm(let rm):
      for map in rmSessions[rm].maps { destroyRegionMap(map) }
      dissolve(badge)
      rmSessions.remove(rm)
    case .rom(let rom):
      free(romSessions[rom].dataspace)
      dissolve(badge)
      romSessions.remove(rom)
    case .log(let log):
      dissolve(badge)
      logSessions.remove(log)
    default: return
    }
    sessions.remove(row)
    returnDonation(session.quota, to: session.donor)
    outbox.append(.sessionClosed(service: session.service, label: session.label))
  }

  private mutating func returnDonation(_ bytes: UInt64, to account: Int) {
    guard ramSessions.contains(account) else { return }
    ramSessions[CorePlaces.account].limit -= bytes
    ramSessions[account].limit += bytes
  }

  private mutating func destroyRAM(_ session: Int) {
    for row in dataspaces.live where dataspaces[row].owner == session { free(row) }
    let closed = ramSessions[session]
    dissolve(closed.badge)
    ramSessions.remove(session)
    if let reference = closed.reference, ramSessions.contains(reference) {
      ramSessions[reference].limit += closed.limit
    }
    for row in ramSessions.live where ramSessions[row].reference == session { ramSessions[row].reference = nil }
  }
}
