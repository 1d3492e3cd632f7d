import FiascoABI

/// Messages of bare tasks: one system call for each statement, with every part of it in the author's hand.
extension BodyCompiler {
  // MARK: Timeouts

  func timeouts(send: Timeout?, receive: Timeout?) -> IR.Value {
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

  func exchange(_ call: CallMessage, _ operation: IPCOperation) throws(Diagnostic) {
    let result = try transmit(
      call.message, call.answer, to: target(call.target, operation),
      timeouts(send: call.timeouts.send, receive: call.timeouts.receive))
    try readBare(result, into: call.answer)
  }

  /// One system call. Everything is computed before the first message register is written.
  func transmit(
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
    let label = f.keep(try value(message.tagLabel, else: 0))
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
      let spot = f.keep(try value(hotSpot, else: 0))
      return [spot | .constant(SendItem.map(grant: item.grant).raw), page]
    case .object(let kind, _): throw unsupported(kind.rawValue, at: item.position, instead: "capability")
    }
  }

  /// The flexpage of a part of a dataspace, which must be a power of two and aligned to itself.
  func memoryPage(
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
      if case .object(let kind, _) = buffer.content {
        throw unsupported(kind.rawValue, at: buffer.position, instead: "capability")
      }
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
  func readBare(_ result: Result, into message: IncomingMessage) throws(Diagnostic) {
    try assign(message.error, ifNamed: result.error)
    try assign(message.tag, ifNamed: result.tag)
    f.openBlock()
    for (index, name) in message.into.enumerated() { try assign(name, IR.Value.messageRegister(index).loaded()) }
    try assign(message.badge, ifNamed: result.label & .constant(~3))
    let taken = f.takeBlock()
    f.emit(.choose(result.error.isZero, then: taken, otherwise: []))
  }

  /// `retry` repeats the system call with the reply in it; `wait` gives the reply up.
  func serveBare(_ serve: ServeLoop) throws(Diagnostic) {
    let answers = f.variable(0)
    f.openBlock()
    let error = f.variable(0)
    f.openBlock()
    let reply = try transmit(
      serve.reply, serve.request, to: .special(.replyAndWait), .timeouts(.sendZero))
    try readBare(reply, into: serve.request)
    f.set(error, reply.error)
    let replying = f.takeBlock()
    f.openBlock()
    let request = try transmit(nil, serve.request, to: .special(.wait), .timeouts(.never))
    try readBare(request, into: serve.request)
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
}
