extension Decoder {
  mutating func message(_ verb: Verb, _ m: Members, at position: Position) -> Statement.Action {
    let operand = m[verb.rawValue]
    switch verb {
    case .call: return .call(callMessage(operand, m, at: position))
    case .sendAndWait: return .sendAndWait(callMessage(operand, m, at: position))
    case .send:
      return .send(
        SendMessage(
          target: name(operand, else: position), message: outgoing(m), timeout: timeout(m["timeout"]),
          error: optionalName(m["error"], .identifier)))
    case .receive:
      return .receive(
        ReceiveMessage(source: name(operand, else: position), message: incoming(m), timeout: timeout(m["timeout"])))
    case .wait:
      justTrue(operand)
      return .wait(WaitMessage(message: incoming(m), timeout: timeout(m["timeout"])))
    case .reply:
      justTrue(operand)
      return .reply(
        ReplyMessage(
          message: outgoing(m), timeout: timeout(m["timeout"]), error: optionalName(m["error"], .identifier)))
    case .replyAndWait:
      justTrue(operand)
      return .replyAndWait(
        ReplyAndWaitMessage(message: outgoing(m), next: incoming(m), timeouts: timeouts(m["timeout"])))
    default:
      return .serve(serve(operand, m, at: position))
    }
  }

  private mutating func callMessage(_ target: JSONValue?, _ m: Members, at position: Position) -> CallMessage {
    CallMessage(
      target: name(target, else: position), message: outgoing(m), answer: incoming(m),
      timeouts: timeouts(m["timeout"]))
  }

  private mutating func serve(_ service: JSONValue?, _ m: Members, at position: Position) -> ServeLoop {
    let reply = OutgoingMessage(words: expressions(m["reply"]), tagLabel: nil, items: items(m["items"]))
    return ServeLoop(
      service: name(service, else: position), request: incoming(m), handler: statements(m["handler"]), reply: reply,
      onError: choice(m["on error"], ServeLoop.OnError.self, default: .wait))
  }

  private mutating func outgoing(_ m: Members) -> OutgoingMessage {
    OutgoingMessage(
      words: expressions(m["words"]), tagLabel: optionalExpression(m["tag label"]), items: items(m["items"]))
  }

  private mutating func incoming(_ m: Members) -> IncomingMessage {
    IncomingMessage(
      into: list(m["into"], of: "variable names").map { name($0, .identifier) },
      badge: optionalName(m["badge"], .identifier), tag: optionalName(m["tag"], .identifier),
      error: optionalName(m["error"], .identifier), buffers: buffers(m["accept"]))
  }

  private mutating func items(_ value: JSONValue?) -> [MessageItem] {
    var result: [MessageItem] = []
    for element in list(value, of: "message items") {
      guard let (kind, position, m) = headed(element, as: MessageItemKind.self) else { continue }
      let source = name(m[kind.rawValue], .identifier, else: position)
      let content: MessageItem.Content =
        switch kind {
        case .capability: .capability(source)
        case .memory:
          .memory(
            source, offset: optionalSize(m["offset"], allowZero: true), bytes: optionalSize(m["bytes"]),
            hotSpot: optionalExpression(m["hot spot"]))
        case .dataspace: .object(.dataspace, source)
        case .thread: .object(.thread, name(m[kind.rawValue], else: position))
        case .signal: .object(.signal, name(m[kind.rawValue], else: position))
        }
      result.append(
        MessageItem(
          position: position, content: content, rights: rights(m["rights"]), grant: bool(m["grant"], default: false)))
    }
    return result
  }

  private mutating func buffers(_ value: JSONValue?) -> [ReceiveBuffer] {
    var result: [ReceiveBuffer] = []
    for element in list(value, of: "receive buffers") {
      guard let (kind, position, m) = headed(element, as: ReceiveBufferKind.self) else { continue }
      let content: ReceiveBuffer.Content =
        switch kind {
        case .capability: .capability(name(m["capability"], .identifier, else: position))
        case .memory:
          .memory(address: expression(m["memory"], else: position), bytes: size(m["bytes"], else: position))
        case .dataspace: .object(.dataspace, name(m[kind.rawValue], .identifier, else: position))
        case .thread: .object(.thread, name(m[kind.rawValue], else: position))
        case .signal: .object(.signal, name(m[kind.rawValue], else: position))
        }
      result.append(ReceiveBuffer(position: position, content: content))
    }
    return result
  }

  mutating func timeout(_ value: JSONValue?) -> Timeout? {
    guard let value else { return nil }
    if case .string(let text) = value.content, text.text == "never" { return .never }
    return optionalDuration(value).map { .after($0) }
  }

  private mutating func timeouts(_ value: JSONValue?) -> PhaseTimeouts {
    guard let value else { return PhaseTimeouts() }
    guard case .object = value.content else {
      let both = timeout(value)
      return PhaseTimeouts(send: both, receive: both)
    }
    guard let m = members(of: value, as: .timeouts) else { return PhaseTimeouts() }
    return PhaseTimeouts(send: timeout(m["send"]), receive: timeout(m["receive"]))
  }
}
