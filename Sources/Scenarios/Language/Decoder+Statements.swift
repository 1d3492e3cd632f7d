extension Decoder {
  mutating func statements(_ value: JSONValue?) -> [Statement] {
    var result: [Statement] = []
    for element in list(value, of: "statements") {
      guard let (verb, position, members) = headed(element, as: Verb.self) else { continue }
      result.append(Statement(action(verb, members, at: position), at: position))
    }
    return result
  }

  private mutating func action(_ verb: Verb, _ m: Members, at position: Position) -> Statement.Action {
    let operand = m[verb.rawValue]
    switch verb {
    case .set:
      return .set(
        SetVariable(variable: name(operand, .identifier, else: position), value: expression(m["to"], else: position)))
    case .log: return .log(logLine(operand))
    case .compute: return .compute(duration(operand, else: position))
    case .read: return .touch(touch(.read, m, at: position))
    case .write: return .touch(touch(.write, m, at: position))
    case .if, .while, .repeat, .forever, .do, .every: return control(verb, m, at: position)
    case .call, .send, .receive, .wait, .reply, .replyAndWait, .sendAndWait, .serve:
      return message(verb, m, at: position)
    case .sleep: return .sleep(duration(operand, else: position))
    case .yield:
      justTrue(operand)
      return .yield
    case .signal: return .signal(SignalStatement(target: scopedName(operand, else: position)))
    case .await:
      return .await(
        AwaitStatement(
          name: name(operand, else: position), timeout: timeout(m["timeout"]),
          error: optionalName(m["error"], .identifier)))
    case .lock: return .lock(name(operand, else: position))
    case .unlock: return .unlock(name(operand, else: position))
    case .allocate, .attach, .detach, .map, .unmap, .load, .store, .fault: return memory(verb, m, at: position)
    case .thread: return .thread(thread(m, name: name(operand, else: position), at: position))
    case .start:
      return .start(
        StartThread(
          thread: name(operand, else: position), ip: optionalExpression(m["ip"]), sp: optionalExpression(m["sp"]),
          error: optionalName(m["error"], .identifier)))
    case .regionMap, .destroy, .faultHandler, .state, .pause, .resume, .free, .identify, .upgrade, .quota, .elapsed:
      return .genode(genode(verb, m, at: position))
    case .exit:
      if case .bool = operand?.content {
        justTrue(operand)
        return .exit(nil)
      }
      return .exit(optionalExpression(operand))
    }
  }

  private mutating func touch(_ access: MemoryTouch.Access, _ m: Members, at position: Position) -> MemoryTouch {
    MemoryTouch(
      access: access, dataspace: name(m[access.rawValue], .identifier, else: position),
      offset: optionalSize(m["offset"], allowZero: true), bytes: optionalSize(m["bytes"]),
      stride: optionalSize(m["stride"]), value: optionalExpression(m["value"]))
  }

  private mutating func control(_ verb: Verb, _ m: Members, at position: Position) -> Statement.Action {
    let operand = m[verb.rawValue]
    switch verb {
    case .if:
      return .branch(
        Branch(
          condition: expression(operand, else: position), then: statements(m["then"]), otherwise: statements(m["else"]))
      )
    case .while:
      return .loop(WhileLoop(condition: expression(operand, else: position), body: statements(m["do"])))
    case .repeat:
      return .repeated(RepeatLoop(times: expression(m["times"], else: position), body: statements(operand)))
    case .every:
      return .every(
        PeriodicJob(
          period: duration(operand, allowZero: false, else: position),
          deadline: optionalDuration(m["deadline"], allowZero: false), offset: optionalDuration(m["offset"]),
          name: optionalName(m["name"]), times: optionalExpression(m["times"]), body: statements(m["do"])))
    case .do: return .callFunction(name(operand, .identifier, else: position))
    default: return .forever(statements(operand))
    }
  }

  private mutating func memory(_ verb: Verb, _ m: Members, at position: Position) -> Statement.Action {
    let operand = m[verb.rawValue]
    let error = optionalName(m["error"], .identifier)
    switch verb {
    case .allocate:
      return .allocate(Allocate(size: size(operand, else: position), name: name(m["as"], .identifier, else: position)))
    case .attach:
      return .attach(
        Attach(
          dataspace: name(operand, .identifier, else: position), map: optionalName(m["to"], .identifier),
          at: optionalExpression(m["at"]), offset: optionalSize(m["offset"], allowZero: true),
          bytes: optionalSize(m["bytes"]),
          rights: rights(m["rights"], default: [.read, .write, .execute]),
          into: optionalName(m["into"], .identifier), error: error))
    case .map:
      return .map(
        MapStatement(
          source: name(operand, .identifier, else: position), target: name(m["to"], .identifier, else: position),
          rights: rights(m["rights"]), grant: bool(m["grant"], default: false), slot: optionalExpression(m["slot"]),
          at: optionalExpression(m["at"]), error: error))
    case .unmap:
      return .unmap(
        UnmapStatement(
          source: name(operand, .identifier, else: position), rights: rights(m["rights"]),
          own: bool(m["own"], default: false), error: error))
    case .load:
      return .load(
        LoadStatement(
          address: expression(operand, else: position), into: name(m["into"], .identifier, else: position)))
    case .store:
      return .store(
        StoreStatement(address: expression(operand, else: position), value: expression(m["value"], else: position)))
    case .fault:
      return .fault(
        FaultStatement(
          address: expression(operand, else: position),
          access: choice(m["access"], FaultStatement.Access.self, default: .read)))
    default:
      return .detach(
        Detach(
          dataspace: name(operand, .identifier, else: position), map: optionalName(m["from"], .identifier),
          at: optionalExpression(m["at"])))
    }
  }

  /// Letters of `Rights.letters`, each once.
  mutating func rights(_ value: JSONValue?, default standard: Rights = .all) -> Rights {
    guard let value, let text = text(value, expected: "rights such as \"rw\"") else { return standard }
    var result: Rights = []
    for letter in text.text {
      guard let right = Rights.letters.first(where: { $0.letter == letter })?.right, !result.contains(right) else {
        report(.badName(text.text, allowed: "each of the letters r, w, s, x and d at most once"), at: value.position)
        return standard
      }
      result.insert(right)
    }
    if result.isEmpty {
      report(.badName("", allowed: "at least one of the letters r, w, s, x and d"), at: value.position)
    }
    return result
  }
}
