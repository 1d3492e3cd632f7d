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
      try read(result, into: receive.message)
    case .wait(let wait):
      let result = try transmit(
        nil, wait.message, to: .special(.wait), timeouts(send: nil, receive: wait.timeout))
      try read(result, into: wait.message)
    case .replyAndWait(let both):
      let result = try transmit(
        both.message, both.next, to: .special(.replyAndWait),
        timeouts(send: both.timeouts.send, receive: both.timeouts.receive))
      try read(result, into: both.next)
    case .serve(let serve): try self.serve(serve)
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
    default: preconditionFailure("a statement of both runtimes must not get here")
    }
  }

  private var plan: BarePlan {
    guard let plan = program.bare else { preconditionFailure("a bare program has a plan") }
    return plan
  }

  private func slot(_ name: Name) throws(Diagnostic) -> UInt64 {
    if let slot = plan.slot(name.text, in: task) { return slot }
    throw Diagnostic(.unknownName(name.text, kind: .capability, owner: names.prefix, near: nil), at: name.position)
  }

  private func target(_ name: Name, _ operation: IPCOperation) throws(Diagnostic) -> IR.Value {
    .target(CapabilitySlot(UInt32(try slot(name))), operation)
  }

  // MARK: Timeouts

  private func timeouts(send: Timeout?, receive: Timeout?) -> IR.Value {
    .timeouts(IPCTimeouts(send: Self.timeout(send), receive: Self.timeout(receive)))
  }

  private static func timeout(_ timeout: Timeout?) -> IPCTimeout {
    guard case .after(let duration) = timeout else { return .never }
    var exponent: UInt64 = 0
    var mantissa = duration.microsecondsRoundedUp
    if mantissa == 0 { return .zero }
    while mantissa > 1023 {
      mantissa = (mantissa + 1) >> 1
      exponent += 1
    }
    return IPCTimeout(raw: UInt16(mantissa | exponent << 10))
  }

  // MARK: Messages

  struct Result {
    var tag: IR.Value
    var label: IR.Value
    var error: IR.Value
  }

  private func exchange(_ call: CallMessage, _ operation: IPCOperation) throws(Diagnostic) {
    let result = try transmit(
      call.message, call.answer, to: target(call.target, operation),
      timeouts(send: call.timeouts.send, receive: call.timeouts.receive))
    try read(result, into: call.answer)
  }

  /// One system call. Everything is computed before the first message register is written.
  private func transmit(
    _ message: OutgoingMessage?, _ incoming: IncomingMessage?, to target: IR.Value, _ timeouts: IR.Value
  ) throws(Diagnostic) -> Result {
    if let incoming { try openBuffers(incoming.buffers) }
    let tag = try message.map { message throws(Diagnostic) in try fill(message) } ?? .tag()
    let answer = f.invoke(tag: tag, target: target, timeouts: timeouts)
    let error = f.variable(0)
    f.if(answer.tag.tagError) { f.set(error, .errorWord) }
    return Result(tag: answer.tag, label: answer.label, error: .local(error))
  }

  private func fill(_ message: OutgoingMessage) throws(Diagnostic) -> IR.Value {
    var words: [IR.Value] = []
    for word in message.words { words.append(f.keep(try value(word))) }
    for item in message.items { words += try self.item(item) }
    let label = try message.tagLabel.map { expression throws(Diagnostic) in f.keep(try value(expression)) } ?? 0
    let last = message.items.last?.position ?? message.words.last?.position ?? .start
    guard words.count <= UTCB.messageRegisterCount else {
      throw Diagnostic(.outOfRange("\(words.count) words", allowed: "at most 63 with two for each item"), at: last)
    }
    for (index, word) in words.enumerated() { f.store(word, at: .messageRegister(index)) }
    return f.keep(label << 16 | .tag(words: message.words.count, items: message.items.count))
  }

  private func item(_ item: MessageItem) throws(Diagnostic) -> [IR.Value] {
    switch item.content {
    case .capability(let name):
      let page = FlexPage.objects(CapabilitySlot(UInt32(try slot(name))), rights: item.rights.objectRights)
      return [.constant(SendItem.map(grant: item.grant).raw), .constant(page.raw)]
    case .memory(let name, let offset, let bytes, let hotSpot):
      let page = try memoryPage(name, offset, bytes, rights: item.rights, at: item.position)
      let spot = try hotSpot.map { expression throws(Diagnostic) in f.keep(try value(expression)) } ?? 0
      return [spot | .constant(SendItem.map(grant: item.grant).raw), page]
    }
  }

  /// The flexpage of a part of a dataspace, which must be a power of two and aligned to itself.
  private func memoryPage(
    _ name: Name, _ offset: SizeValue?, _ bytes: SizeValue?, rights: Rights, at position: Position
  ) throws(Diagnostic) -> IR.Value {
    guard let place = names.dataspace(name.text), let base = place.address else {
      throw Diagnostic(.unknownName(name.text, kind: .dataspace, owner: names.prefix, near: nil), at: name.position)
    }
    let address = base + UInt64(offset?.bytes ?? 0)
    let length = bytes.map { UInt64($0.bytes) } ?? place.bytes - UInt64(offset?.bytes ?? 0)
    return .constant(try Self.page(address, length, rights.memoryRights, at: position).raw)
  }

  private static func page(
    _ address: UInt64, _ bytes: UInt64, _ rights: MemoryRights, at position: Position
  ) throws(Diagnostic) -> FlexPage {
    guard bytes >= 4096, bytes & (bytes - 1) == 0, address % bytes == 0 else {
      throw Diagnostic(
        .outOfRange("\(bytes) bytes at \(address)", allowed: "a power of two from 4KiB on, aligned to itself"),
        at: position)
    }
    return .memory(address, order: bytes.trailingZeroBitCount, rights: rights)
  }

  /// Buffers for memory come first, then those for capabilities, each list with an end.
  private func openBuffers(_ buffers: [ReceiveBuffer]) throws(Diagnostic) {
    var words: [IR.Value] = []
    for buffer in buffers {
      guard case .memory(let address, let bytes) = buffer.content else { continue }
      let order = UInt64(bytes.bytes).trailingZeroBitCount
      let at = f.keep(try value(address))
      words += [at | .constant(SendItem.map().raw), at | .constant(FlexPage.memory(0, order: order, rights: .rwx).raw)]
    }
    words.append(0)
    let firstObject = UInt64(words.count)
    for buffer in buffers {
      guard case .capability(let name) = buffer.content else { continue }
      words.append(.constant(FiascoABI.ReceiveBuffer.small(CapabilitySlot(UInt32(try slot(name)))).raw))
    }
    words.append(0)
    f.store(.constant(firstObject << 10), at: .bufferDescriptor)
    for (index, word) in words.enumerated() { f.store(word, at: .bufferRegister(index)) }
  }

  /// Words and label are only taken from a message that has arrived.
  private func read(_ result: Result, into message: IncomingMessage) throws(Diagnostic) {
    try assign(message.error, ifNamed: result.error)
    try assign(message.tag, ifNamed: result.tag)
    f.openBlock()
    for (index, name) in message.into.enumerated() { try assign(name, IR.Value.messageRegister(index).loaded()) }
    try assign(message.badge, ifNamed: result.label & .constant(~3))
    let taken = f.takeBlock()
    f.emit(.choose(result.error.isZero, then: taken, otherwise: []))
  }

  /// `retry` repeats the system call with the reply in it; `wait` gives the reply up.
  private func serve(_ serve: ServeLoop) throws(Diagnostic) {
    let answers = f.variable(0)
    f.openBlock()
    let error = f.variable(0)
    f.openBlock()
    let reply = try transmit(
      serve.reply, serve.request, to: .special(.replyAndWait), .timeouts(.sendZero))
    try read(reply, into: serve.request)
    f.set(error, reply.error)
    let replying = f.takeBlock()
    f.openBlock()
    let request = try transmit(nil, serve.request, to: .special(.wait), .timeouts(.never))
    try read(request, into: serve.request)
    f.set(error, request.error)
    let waiting = f.takeBlock()
    f.emit(.choose(.local(answers), then: replying, otherwise: waiting))
    f.openBlock()
    try compile(serve.handler)
    f.set(answers, 1)
    let handling = f.takeBlock()
    f.openBlock()
    if serve.onError == .wait { f.set(answers, 0) }
    let failing = f.takeBlock()
    f.emit(.choose(.local(error), then: failing, otherwise: handling))
    f.emit(.loop(while: 1, body: f.takeBlock()))
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
      answer = f.invoke(tag: .tag(), target: .target(slot, .receive), timeouts: timeouts)
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
      spot = try map.at.map { expression throws(Diagnostic) in f.keep(try value(expression)) } ?? page & .constant(~0xfff)
    } else {
      let own = CapabilitySlot(UInt32(try slot(map.source)))
      page = .constant(FlexPage.objects(own, rights: map.rights.objectRights).raw)
      let place = try map.slot.map { expression throws(Diagnostic) in f.keep(try value(expression)) }
      spot = (place ?? .constant(UInt64(own.index))) << 12
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
    let ipValue = try ip.map { expression throws(Diagnostic) in try value(expression) } ?? start
    let spValue = try sp.map { expression throws(Diagnostic) in try value(expression) } ?? object
    let result = f.call("thread_exregs", .constant(slot), ipValue, spValue)
    try assign(error, ifNamed: result)
    let level = priority?.value ?? known?.description.priority?.value ?? Int64(BarePlan.defaultPriority)
    f.run(
      "thread_run", .constant(UInt64(CapabilitySlot.scheduler.index)), .constant(slot), .constant(UInt64(level)))
  }
}
