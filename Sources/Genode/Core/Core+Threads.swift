import FiascoABI

// CPU sessions: creating and destroying threads. Writes cpuSessions, threads, pds[].places.

extension Core {
  mutating func handleCPU(
    _ opcode: CPUOpcode, _ session: Int, _ request: RPCRequest, _ script: inout Script
  ) throws(Interruption) -> RPCReply {
    switch opcode {
    case .createThread:
      guard case .pd(let pd)? = object(request.capability(0)) else {
        warn("create_thread: invalid PD argument")
        throw .refused(.invalidCapability)
      }
      let wanted = Int(request.word(0) & 0xff)
      let limit = cpuSessions[session].priority
      let thread = try createThread(
        of: session, in: pd, name: request.string(at: 2) ?? "", priority: wanted == 0 ? limit : min(wanted, limit),
        cpu: Int(request.word(1) & 63), &script)
      return reply(with: threads[thread].cpuThreadBadge)
    case .killThread:
      guard case .cpuThread(let thread)? = object(request.capability(0)), threads[thread].session == session
      else { throw .refused(.invalidCapability) }
      destroyThread(thread)
      return RPCReply()
    case .traceControl:
      let row = try traceControl(of: session, &script)
      return reply(with: dataspaces[row].badge)
    }
  }

  /// Five kernel objects in the order of base-foc; the thread can run only after `start`.
  ///
  /// Models `Platform_thread`, `Platform_pd::bind_thread` and `Cpu_thread_component`.
  mutating func createThread(
    of session: Int, in pd: Int, name: String, priority: Int, cpu: Int, _ script: inout Script
  ) throws(Interruption) -> Int {
    charge(.createThread)
    try consume(CoreMetadata.thread, of: .cpu(session))
    let row = threads.insert(blankThread(of: session, in: pd, name: name, priority: priority, cpu: cpu))
    guard let place = pds[pd].takePlace(row) else {
      warn("thread alloc failed")
      throw .refused(.threadCreationFailed)
    }
    threads[row].place = place
    try createKernelThread(row, &script)
    try bindToPD(row, &script)
    threads[row].cpuThreadBadge = try createGate(for: .cpuThread(row), &script)
    threads[row].pagerBadge = try createGate(for: .pagerGate(row), to: pager.slot, &script)
    threads[row].pagerSlot = badges[threads[row].pagerBadge]?.slot ?? .pager
    outbox.append(.threadCreated(pd: pds[pd].label, name: name, index: place, badge: threads[row].cpuThreadBadge))
    return row
  }

  private func blankThread(of session: Int, in pd: Int, name: String, priority: Int, cpu: Int) -> CoreThread {
    CoreThread(
      session: session, pd: pd, name: name, priority: priority, cpu: cpu, place: 0, threadBadge: 0, threadSlot: .thread,
      gateBadge: 0, gateSlot: .thread, irqBadge: 0, irqSlot: .thread)
  }

  /// Thread, its gate, its IRQ; the priority is set before the thread has a task.
  private mutating func createKernelThread(_ row: Int, _ script: inout Script) throws(Interruption) {
    (threads[row].threadBadge, threads[row].threadSlot) = try reserve(.thread(row))
    let thread = threads[row].threadSlot
    try create(KernelCall.createThread(at: thread), &script)
    threads[row].gateBadge = try createGate(for: .threadGate(row), to: thread, &script)
    threads[row].gateSlot = badges[threads[row].gateBadge]?.slot ?? thread
    (threads[row].irqBadge, threads[row].irqSlot) = try reserve(.threadIRQ(row))
    try create(KernelCall.createIRQ(at: threads[row].irqSlot, configuration.kernel), &script)
    try create(KernelCall.bindIRQ(threads[row].irqSlot, to: thread, label: 0, configuration.kernel), &script)
    let schedule = KernelCall.runThread(thread, priority: threads[row].priority, cpu: threads[row].cpu)
    _ = try script.kernel(schedule)
    _ = try script.kernel(schedule)
  }

  /// The component gets its own task, and of the thread only gate and IRQ: never the thread capability itself.
  private func bindToPD(_ row: Int, _ script: inout Script) throws(Interruption) {
    let thread = threads[row]
    let task = pds[thread.pd].task
    _ = try script.kernel(KernelCall.mapObject(task, to: task, at: ComponentSlots.task))
    let (gate, irq) = (ComponentSlots.gate(ofThread: thread.place), ComponentSlots.irq(ofThread: thread.place))
    _ = try script.kernel(KernelCall.mapObject(thread.gateSlot, to: task, at: gate))
    _ = try script.kernel(KernelCall.mapObject(thread.irqSlot, to: task, at: irq))
  }

  /// Stops the thread by a cancel towards address 0 with its own gate as pager, then destroys its objects.
  mutating func destroyThread(_ row: Int) {
    let thread = threads[row]
    let ownGate = ComponentSlots.gate(ofThread: thread.place)
    entrypoint.work.append(.invoke(KernelCall.setPager(thread.threadSlot, pager: ownGate)))
    entrypoint.work.append(
      .invoke(KernelCall.exchangeRegisters(thread.threadSlot, flags: ExchangeRegisters.cancel, ip: 0, sp: 0)))
    forgetFaulter(row)
    for badge in [thread.pagerBadge, thread.cpuThreadBadge, thread.irqBadge, thread.gateBadge, thread.threadBadge] {
      dissolve(badge)
    }
    pds[thread.pd].places[thread.place] = nil
    release(CoreMetadata.thread, of: .cpu(thread.session))
    outbox.append(.threadKilled(pd: pds[thread.pd].label, name: thread.name))
    threads.remove(row)
  }

  /// One dataspace per session, paid from its donation when it was opened.
  private mutating func traceControl(of session: Int, _ script: inout Script) throws(Interruption) -> Int {
    if let row = cpuSessions[session].traceControl { return row }
    let size = ComponentLayout.traceControlSize
    guard let address = memory.allocate(size) else { throw .refused(.outOfMetadata) }
    let row = dataspaces.insert(
      Dataspace(badge: 0, size: size, backing: .memory(physical: address), isWritable: true, owner: nil))
    dataspaces[row].badge = try createGate(for: .dataspace(row), &script)
    cpuSessions[session].traceControl = row
    entrypoint.work.append(.fill(address: address, bytes: size))
    return row
  }

  mutating func destroyCPU(_ session: Int) {
    for thread in threads.live where threads[thread].session == session { destroyThread(thread) }
    if let row = cpuSessions[session].traceControl {
      memory.release(dataspaces[row].physicalAddress, size: dataspaces[row].size)
      free(row)
    }
    dissolve(cpuSessions[session].badge)
    cpuSessions.remove(session)
  }
}
