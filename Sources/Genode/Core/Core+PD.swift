import FiascoABI

// Protection domains. Writes pds, regionMaps, dataspaces, badges, slots.

extension Core {
  /// Creates the kernel objects of a protection domain: a task, ten gates and the IRQ of its signals.
  ///
  /// Order of the members of `Pd_session_component`; ids are given out in this order.
  mutating func createPD(label: String, quota: UInt64, _ script: inout Script) throws(Interruption) -> Int {
    let pd = pds.insert(PDSession(label: label, metadata: MetadataBudget(limit: quota)))
    let (taskBadge, task) = try reserve(.task(pd: pd))
    let utcbs = FlexPage.memory(ComponentLayout.utcbAreaBase, order: ComponentLayout.utcbAreaOrder, rights: .rw)
    try create(KernelCall.createTask(at: task, utcbArea: utcbs), &script)
    pds[pd].taskBadge = taskBadge
    pds[pd].task = task
    pds[pd].finalizerBadge = try createGate(for: .signalFinalizer(pd: pd), &script)
    let (irqBadge, irq) = try reserve(.signalIRQ(pd: pd))
    try create(KernelCall.createIRQ(at: irq, configuration.kernel), &script)
    pds[pd].irqBadge = irqBadge
    pds[pd].sourceBadge = try createGate(for: .signalSource(pd: pd), &script)
    pds[pd].nativeBadge = try createGate(for: .nativePD(pd), &script)
    try createRegionMaps(of: pd, &script)
    pds[pd].badge = try createGate(for: .pd(pd), &script)
    return pd
  }

  private mutating func createRegionMaps(of pd: Int, _ script: inout Script) throws(Interruption) {
    let payer = MetadataPayer.pd(pd)
    let space = try createRegionMap(
      base: ComponentLayout.addressSpaceBase, size: ComponentLayout.addressSpaceSize, payer: payer, &script)
    regionMaps[space].pd = pd
    pds[pd].addressSpace = space
    pds[pd].stackArea = try createRegionMap(base: 0, size: ComponentLayout.stackAreaSize, payer: payer, &script)
    pds[pd].linkerArea = try createRegionMap(base: 0, size: ComponentLayout.linkerAreaSize, payer: payer, &script)
  }

  /// Two gates: the dataspace that stands for the map, and the map.
  mutating func createRegionMap(
    base: UInt64, size: UInt64, payer: MetadataPayer, _ script: inout Script
  ) throws(Interruption) -> Int {
    let map = regionMaps.insert(RegionMap(badge: 0, base: base, size: size, payer: payer))
    let dataspace = dataspaces.insert(
      Dataspace(badge: 0, size: size, backing: .managed(map: map), isWritable: true, owner: nil))
    regionMaps[map].dataspace = dataspace
    dataspaces[dataspace].badge = try createGate(for: .dataspace(dataspace), &script)
    regionMaps[map].badge = try createGate(for: .regionMap(map), &script)
    return map
  }

  mutating func destroyRegionMap(_ map: Int) {
    let dataspace = regionMaps[map].dataspace
    if case .rm = regionMaps[map].payer {
      for region in regionMaps[map].regions { detach(region.address, from: map) }
    }
    detachEverywhere(dataspace)
    for region in regionMaps[map].regions {
      dataspaces[region.dataspace].attachments -= 1
      guard case .managed(let inner) = dataspaces[region.dataspace].backing else { continue }
      regionMaps[inner].attachedIn.removeAll { $0 == map }
    }
    for thread in threads.live where threads[thread].faulter.map == map { threads[thread].faulter.map = nil }
    dissolve(dataspaces[dataspace].badge)
    dissolve(regionMaps[map].badge)
    dataspaces.remove(dataspace)
    regionMaps.remove(map)
  }

  /// Destroys the PD with everything in it; its threads belong to a CPU session and must be gone or die with the task.
  mutating func destroyPD(_ pd: Int) {
    for thread in pds[pd].places.compactMap({ $0 }) { destroyThread(thread) }
    for context in contexts.live where contexts[context].pd == pd { destroyContext(context) }
    for badge in pds[pd].rpcBadges { dissolve(badge) }
    for map in [pds[pd].addressSpace, pds[pd].stackArea, pds[pd].linkerArea] { destroyRegionMap(map) }
    let session = pds[pd]
    for badge in [
      session.badge, session.nativeBadge, session.sourceBadge, session.irqBadge, session.finalizerBadge,
      session.taskBadge,
    ] { dissolve(badge) }
    pds.remove(pd)
  }
}

extension Core {
  mutating func handlePD(
    _ opcode: PDOpcode, _ pd: Int, _ request: RPCRequest, _ script: inout Script
  ) throws(Interruption) -> RPCReply {
    switch opcode {
    case .assignParent:
      guard let parent = request.capability(0).flatMap({ badges[$0.badge] }) else { throw .refused(.invalidCapability) }
      assignParent(parent.slot, to: pd)
      return RPCReply()
    case .allocSignalSource: return reply(with: pds[pd].sourceBadge)
    case .freeSignalSource: return RPCReply()
    case .allocContext:
      let context = try createContext(of: pd, imprint: request.word(0), &script)
      return reply(with: context)
    case .freeContext:
      guard case .signalContext(let context)? = object(request.capability(0)), contexts[context].pd == pd
      else { throw .refused(.invalidCapability) }
      destroyContext(context)
      return RPCReply()
    case .submit:
      submitByRequest(request)
      return RPCReply()
    case .allocRPCCap:
      let gate = try createRPCCapability(of: pd, request.capability(0), &script)
      return reply(with: gate)
    case .freeRPCCap:
      try freeRPCCapability(of: pd, request.capability(0))
      return RPCReply()
    case .addressSpace: return reply(with: regionMaps[pds[pd].addressSpace].badge)
    case .stackArea: return reply(with: regionMaps[pds[pd].stackArea].badge)
    case .linkerArea: return reply(with: regionMaps[pds[pd].linkerArea].badge)
    case .nativePD: return reply(with: pds[pd].nativeBadge)
    }
  }

  /// Puts the parent's gate into slot 8; only the first call has an effect.
  mutating func assignParent(_ parent: CapabilitySlot, to pd: Int) {
    if pds[pd].hasParent { return }
    pds[pd].hasParent = true
    entrypoint.work.append(.invoke(KernelCall.mapObject(parent, to: pds[pd].task, at: ComponentSlots.parent)))
  }

  /// A new gate to a thread of the component: how a component makes an object callable.
  private mutating func createRPCCapability(
    of pd: Int, _ target: RPCCapability?, _ script: inout Script
  ) throws(Interruption) -> UInt64 {
    let thread: Int
    switch object(target) {
    case .threadGate(let row)?, .cpuThread(let row)?, .thread(let row)?: thread = row
    default: throw .refused(.invalidCapability)
    }
    try consume(CoreMetadata.rpcCapability, of: .pd(pd))
    let badge = try createGate(for: .componentRPC(pd: pd), to: threads[thread].threadSlot, &script)
    pds[pd].rpcBadges.append(badge)
    return badge
  }

  private mutating func freeRPCCapability(of pd: Int, _ capability: RPCCapability?) throws(Interruption) {
    guard let badge = capability?.badge, let index = pds[pd].rpcBadges.firstIndex(of: badge)
    else { throw .refused(.invalidCapability) }
    pds[pd].rpcBadges.remove(at: index)
    release(CoreMetadata.rpcCapability, of: .pd(pd))
    dissolve(badge)
  }
}

extension Core {
  mutating func handleNativePD(
    _ opcode: NativePDOpcode, _ pd: Int, _ request: RPCRequest, _ script: inout Script
  ) throws(Interruption) -> RPCReply {
    switch opcode {
    case .install:
      try install(request.capability(0), at: request.word(0), of: pd, &script)
      return RPCReply()
    case .setCapMapInfo:
      pds[pd].capMapAddress = request.word(0)
      return RPCReply()
    case .capMapInfo: return RPCReply(words: [pds[pd].capMapAddress])
    }
  }

  /// Maps core's own capability into a slot of the PD, over whatever was there.
  private mutating func install(
    _ capability: RPCCapability?, at index: UInt64, of pd: Int, _ script: inout Script
  ) throws(Interruption) {
    guard let source = capability.flatMap({ badges[$0.badge] }) else { throw .refused(.invalidCapability) }
    guard index < UInt64(ComponentSlots.count) else { throw .refused(.invalidArgs) }
    let slot = CapabilitySlot(UInt32(index))
    let occupied = try script.kernel(KernelCall.isValid(slot, in: pds[pd].task))
    if occupied.accepted, occupied.tag.label > 0 {
      warn("Overriding valid capability at kcap=\(slot.selector.hexadecimal)")
    }
    entrypoint.work.append(.invoke(KernelCall.mapObject(source.slot, to: pds[pd].task, at: slot)))
  }
}
