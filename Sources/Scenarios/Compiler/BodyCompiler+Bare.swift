import FiascoABI

/// Statements that name the kernel's own objects.
extension BodyCompiler {
  func compileBare(_ statement: Statement) throws(Diagnostic) {
    switch statement.action {
    case .call(let call): try exchange(call, .call)
    case .sendAndWait(let call): try exchange(call, .sendAndWait)
    case .send(let send):
      let result = try transmit(
        send.message, nil, to: target(send.target, .send), timeouts(send: send.timeout, receive: nil))
      try assign(send.error, ifNamed: result.error)
    case .reply(let reply):
      let result = try transmit(
        reply.message, nil, to: .special(.replyOnly), timeouts(send: reply.timeout, receive: nil))
      try assign(reply.error, ifNamed: result.error)
    case .receive(let receive):
      let result = try transmit(
        nil, receive.message, to: target(receive.source, .receive), timeouts(send: nil, receive: receive.timeout))
      try readBare(result, into: receive.message)
    case .wait(let wait):
      let result = try transmit(
        nil, wait.message, to: .special(.wait), timeouts(send: nil, receive: wait.timeout))
      try readBare(result, into: wait.message)
    case .replyAndWait(let both):
      let result = try transmit(
        both.message, both.next, to: .special(.replyAndWait),
        timeouts(send: both.timeouts.send, receive: both.timeouts.receive))
      try readBare(result, into: both.next)
    case .serve(let serve): try serveBare(serve)
    case .signal(let signal): f.run("object_trigger", .constant(try slot(signal.target.member)))
    case .await(let wait): try awaitObject(wait)
    case .map(let map): try self.map(map)
    case .unmap(let unmap): try self.unmap(unmap)
    case .thread(let thread): try start(thread.name, priority: thread.priority, ip: nil, sp: nil, error: nil)
    case .start(let start):
      try self.start(start.thread, priority: nil, ip: start.ip, sp: start.sp, error: start.error)
    case .lock, .unlock: throw unsupported("lock", at: statement.position, instead: "await")
    case .allocate: throw unsupported("allocate", at: statement.position)
    case .attach: throw unsupported("attach", at: statement.position, instead: "map")
    case .detach: throw unsupported("detach", at: statement.position, instead: "unmap")
    case .genode(let action): throw unsupported(action.verb.rawValue, at: statement.position)
    default: preconditionFailure("a statement of both runtimes must not get here")
    }
  }

  var plan: BarePlan {
    guard let plan = program.bare else { preconditionFailure("a bare program has a plan") }
    return plan
  }

  func slot(_ name: Name) throws(Diagnostic) -> UInt64 {
    if let slot = plan.slot(name.text, in: task) { return slot }
    throw Diagnostic(.unknownName(name.text, kind: .capability, owner: names.prefix, near: nil), at: name.position)
  }

  func target(_ name: Name, _ operation: IPCOperation) throws(Diagnostic) -> IR.Value {
    .target(CapabilitySlot(UInt32(try slot(name))), operation)
  }

  // MARK: Objects

  /// A closed receive from an interrupt, or down on a semaphore.
  private func awaitObject(_ wait: AwaitStatement) throws(Diagnostic) {
    let slot = CapabilitySlot(UInt32(try self.slot(wait.name)))
    let capability = names.component.capabilities.first { $0.name.text == wait.name.text }
    let timeouts = timeouts(send: nil, receive: wait.timeout)
    let answer: (tag: IR.Value, label: IR.Value)
    if case .semaphore? = capability?.object {
      f.store(0, at: .messageRegister(0))
      answer = f.invoke(
        tag: .tag(label: KernelProtocol.semaphore, words: 1), target: .target(slot, .call), timeouts: timeouts)
    } else {
      // One call that tells the kernel that the last interrupt has been served, and waits for the next.
      f.store(.constant(Opcode.IRQ.endOfInterrupt), at: .messageRegister(0))
      answer = f.invoke(
        tag: .tag(label: KernelProtocol.irq, words: 1), target: .target(slot, .call), timeouts: timeouts)
    }
    let error = f.variable(0)
    f.if(answer.tag.tagError) { f.set(error, .errorWord) }
    try assign(wait.error, ifNamed: .local(error))
  }

  private func map(_ map: MapStatement) throws(Diagnostic) {
    let other = IR.Value.constant(try slot(map.target))
    let page: IR.Value
    let spot: IR.Value
    if names.dataspace(map.source.text) != nil {
      page = try memoryPage(map.source, nil, nil, rights: map.rights, at: map.source.position)
      spot = f.keep(try value(map.at, else: page & .constant(~0xfff)))
    } else {
      let own = CapabilitySlot(UInt32(try slot(map.source)))
      page = .constant(FlexPage.objects(own, rights: map.rights.objectRights).raw)
      spot = f.keep(try value(map.slot, else: .constant(UInt64(own.index)))) << 12
    }
    let control = spot | .constant(SendItem.map(grant: map.grant).raw)
    let result = f.call("task_map", other, .constant(UInt64(CapabilitySlot.task.index)), control, page)
    try assign(map.error, ifNamed: result)
  }

  private func unmap(_ unmap: UnmapStatement) throws(Diagnostic) {
    let page: IR.Value
    if names.dataspace(unmap.source.text) != nil {
      page = try memoryPage(unmap.source, nil, nil, rights: unmap.rights, at: unmap.source.position)
    } else {
      let own = CapabilitySlot(UInt32(try slot(unmap.source)))
      page = .constant(FlexPage.objects(own, rights: unmap.rights.objectRights).raw)
    }
    let mask = (unmap.own ? UnmapMask.own : 0) | (unmap.rights.contains(.delete) ? UnmapMask.deleteObjects : 0)
    let result = f.call("task_unmap", .constant(mask), page)
    try assign(unmap.error, ifNamed: result)
  }

  /// Registers first, then a place in the schedule: on today's kernel a thread does not run before it has one.
  private func start(
    _ name: Name, priority: Number?, ip: Expression?, sp: Expression?, error: Name?
  ) throws(Diagnostic) {
    let known = plan.tasks[task].threads.first { $0.description.name.text == name.text }
    let slot: UInt64
    if let known { slot = BarePlan.Slots.threads + UInt64(known.index) } else { slot = try self.slot(name) }
    let object = known.map { plan.object($0) } ?? .constant(ExchangeRegisters.keep)
    let start: IR.Value = known == nil ? .constant(ExchangeRegisters.keep) : .symbol("_thread_start")
    let ipValue = try value(ip, else: start)
    let spValue = try value(sp, else: object)
    let result = f.call("thread_exregs", .constant(slot), ipValue, spValue)
    try assign(error, ifNamed: result)
    let core = known.map { plan.core(of: $0) } ?? 0
    f.emit(
      .evaluate(BareScheduling.place(.constant(slot), known?.description, on: core, priority: priority)))
  }
}
