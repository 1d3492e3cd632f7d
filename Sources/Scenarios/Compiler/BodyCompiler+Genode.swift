import Genode

/// Statements that need Genode: sessions, services, threads, memory from core.
extension BodyCompiler {
  func compileGenode(_ statement: Statement) throws(Diagnostic) {
    switch statement.action {
    case .call(let call): try callService(call)
    case .serve(let serve): try self.serve(serve, at: statement.position)
    case .signal(let signal): try self.signal(signal)
    case .await(let wait): try self.await(wait)
    case .lock(let name): f.run("lock_acquire", .symbol(names.symbol("lock.\(name.text)")))
    case .unlock(let name): f.run("lock_release", .symbol(names.symbol("lock.\(name.text)")))
    case .allocate(let allocate): self.allocate(allocate)
    case .attach(let attach): try self.attach(attach)
    case .detach(let detach): try self.detach(detach)
    case .genode(let action): try compile(action)
    case .thread(let thread): try createThread(thread)
    case .start(let start): try self.start(start)
    case .send(let send): try sendToService(send)
    case .wait(let wait): try waitForAnybody(wait)
    case .receive: throw unsupported("receive", at: statement.position, instead: "serve")
    case .reply: throw unsupported("reply", at: statement.position, instead: "serve")
    case .replyAndWait: throw unsupported("reply and wait", at: statement.position, instead: "serve")
    case .sendAndWait: throw unsupported("send and wait", at: statement.position, instead: "call")
    case .map: throw unsupported("map", at: statement.position)
    case .unmap: throw unsupported("unmap", at: statement.position)
    default: preconditionFailure("a statement of both runtimes must not get here")
    }
  }

  // MARK: Services

  /// The session is opened with the first call; its capability stays in `session.<service>`.
  private func callService(_ call: CallMessage) throws(Diagnostic) {
    guard call.timeouts == PhaseTimeouts() else { throw unsupported("timeout", at: call.target.position) }
    try checkPlain(call.message)
    try checkPlain(call.answer)
    let session = openSession(call.target)
    let message = sharedMessage()
    try fill(message, from: call.message, opcode: 0)
    let error = f.call("ipc_call", session.loaded(), message)
    try assign(call.answer.error, ifNamed: error)
    try read(message, into: call.answer, from: 0)
    accept(call.answer, from: message)
  }

  private func openSession(_ service: Name) -> IR.Value {
    let session = program.session(service.text, of: names)
    f.if(session.loaded().isZero) {
      let slot = f.call("session_open", module.text(service.text), module.text("ram_quota=8192, label=\"\""))
      f.store(slot, at: session)
    }
    return session
  }

  /// A request whose answer nobody waits for: Genode has no such call, the kernel below it has.
  private func sendToService(_ send: SendMessage) throws(Diagnostic) {
    try checkPlain(send.message)
    let session = openSession(send.target)
    let message = sharedMessage()
    try fill(message, from: send.message, opcode: 0)
    let tag = f.call("message_send", message, CapabilityMap.badge(session.loaded()))
    let answer = f.invoke(
      tag: tag, target: .target(slot: session.loaded(), .send), timeouts: timeouts(send: send.timeout, receive: nil))
    let error = f.variable(0)
    f.if(answer.tag.tagError) { f.set(error, .errorWord) }
    try assign(send.error, ifNamed: .local(error))
  }

  /// The kernel's open wait, bare: nobody is answered, and what arrives is no request of an RPC object.
  private func waitForAnybody(_ wait: WaitMessage) throws(Diagnostic) {
    if let buffer = wait.message.buffers.first { throw unsupported("buffers", at: buffer.position) }
    try checkPlain(wait.message)
    let result = try transmit(nil, wait.message, to: .special(.wait), timeouts(send: nil, receive: wait.timeout))
    try readBare(result, into: wait.message)
  }

  private func checkPlain(_ message: OutgoingMessage) throws(Diagnostic) {
    if message.items.count > RPCLayout.maxCapabilities { throw tooMany(message.items[0].position) }
    for item in message.items {
      guard case .object = item.content else { throw unsupported("items", at: item.position) }
    }
    if let label = message.tagLabel { throw unsupported("label", at: label.position) }
  }

  private func checkPlain(_ message: IncomingMessage) throws(Diagnostic) {
    if message.buffers.count > RPCLayout.maxCapabilities { throw tooMany(message.buffers[0].position) }
    for buffer in message.buffers {
      guard case .object = buffer.content else { throw unsupported("buffers", at: buffer.position) }
    }
    if let tag = message.tag { throw unsupported("tag", at: tag.position) }
  }

  private func tooMany(_ position: Position) -> Diagnostic {
    Diagnostic(.outOfRange("the list", allowed: "at most \(RPCLayout.maxCapabilities) capabilities"), at: position)
  }

  /// Writes words and capabilities into a message buffer; a request starts with an opcode, a reply does not.
  private func fill(_ message: IR.Value, from source: OutgoingMessage, opcode: UInt64?) throws(Diagnostic) {
    // All values first: an expression may be about words of the message that is being answered.
    var words = opcode.map { [IR.Value.constant($0)] } ?? []
    for word in source.words { words.append(f.keep(try value(word))) }
    let slots = source.items.map { item -> IR.Value in
      guard case .object(let kind, let name) = item.content else { return 0 }
      return f.keep(slot(of: name.text, kind))
    }
    f.store(.constant(UInt64(slots.count)), at: message.at(MessageBuffer.capabilityCount))
    for (index, slot) in slots.enumerated() { f.store(slot, at: message.at(MessageBuffer.capabilities + 8 * index)) }
    f.store(.constant(UInt64(words.count)), at: message.at(MessageBuffer.payloadCount))
    for (index, word) in words.enumerated() { f.store(word, at: message.at(MessageBuffer.payload + 8 * index)) }
  }

  private func read(_ message: IR.Value, into target: IncomingMessage, from first: Int) throws(Diagnostic) {
    for (index, name) in target.into.enumerated() {
      try assign(name, message.field(MessageBuffer.payload + 8 * (first + index)))
    }
  }

  /// The handler becomes the dispatch function of an RPC object that each session gets; then the service is announced.
  ///
  /// In `construct` the loop is the entrypoint's own, which runs when construct has returned; in another thread it
  /// stands here and never ends.
  private func serve(_ serve: ServeLoop, at position: Position) throws(Diagnostic) {
    try checkPlain(serve.request)
    try checkPlain(serve.reply)
    guard kind == .construct || kind == .thread else { throw unsupported("serve", at: position) }
    let service = serve.service.text
    let handler = names.symbol("\(service).handler")
    try program.add(handler, names, kind: .handler, parameters: 2) { (body, p) throws(Diagnostic) in
      try body.read(p[1], into: serve.request, from: 1)
      body.accept(serve.request, from: p[1])
      try body.assign(serve.request.badge, ifNamed: IR.Value.symbol("rpc_badge").loaded())
      try body.assign(serve.request.error, ifNamed: 0)
      try body.compile(serve.handler)
      try body.fill(p[1], from: serve.reply, opcode: nil)
      body.f.exit(0)
    }
    f.store(.constant(serve.onError == .wait ? 1 : 0), at: IR.Value.myself.at(ThreadObject.heals))
    f.run("service_announce", module.text(service), .symbol(handler))
    if kind == .construct {
      f.exit()
    } else {
      f.run("entrypoint_loop", 0)
    }
  }

  // MARK: Signals

  func context(_ name: String) -> IR.Value { .symbol(names.symbol("signal.\(name)")) }

  private func signal(_ signal: SignalStatement) throws(Diagnostic) {
    if let component = signal.target.component, component.text != names.prefix {
      throw unsupported("signal to another component", at: signal.target.position, instead: "items")
    }
    f.run("signal_submit", context(signal.target.member.text).field(SignalContext.capability), 1)
  }

  private func await(_ wait: AwaitStatement) throws(Diagnostic) {
    if wait.timeout != nil { throw unsupported("timeout", at: wait.name.position) }
    f.run("signal_wait", context(wait.name.text))
    try assign(wait.error, ifNamed: 0)
  }

  // MARK: Threads

  func createThread(_ thread: ThreadDescription) throws(Diagnostic) {
    let symbol = names.symbol(thread.name.text)
    try program.add(symbol, names, kind: .thread, parameters: 1) { (body, _) throws(Diagnostic) in
      try body.compile(thread.body)
      body.f.run("thread_exit")
    }
    let stack = UInt64(thread.stack?.bytes ?? 0)
    guard stack <= ComponentLayout.stackSlotSize else {
      throw Diagnostic(
        .outOfRange("\(stack)", allowed: "at most \(ComponentLayout.stackSlotSize) bytes"), at: thread.position)
    }
    let object = f.call(
      "thread_create", .constant(stack == 0 ? ComponentLayout.entrypointStackSize : (stack + 4095) & ~4095),
      module.text(thread.name.text), .constant(UInt64(thread.priority?.value ?? 0)),
      .constant(UInt64(thread.core?.value ?? names.component.core?.value ?? 0)), .symbol(symbol), 0)
    f.store(object, at: .symbol(names.symbol("thread.\(thread.name.text)")))
    f.run(thread.started ? "thread_start" : "thread_identify", object)
  }

  private func start(_ start: StartThread) throws(Diagnostic) {
    let object = IR.Value.symbol(names.symbol("thread.\(start.thread.text)")).loaded()
    let ip = try value(start.ip, else: .symbol("_thread_start"))
    let sp = try value(start.sp, else: object)
    let result = f.call("thread_start_at", object, ip, sp)
    try assign(start.error, ifNamed: result)
  }
}
