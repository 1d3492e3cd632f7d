extension Decoder {
  static let priorities: ClosedRange<Int64> = 0...255
  static let coreNumbers: ClosedRange<Int64> = 0...63

  mutating func component(_ value: JSONValue) -> Component? {
    let bare = runtime == .bare
    guard let m = members(of: value, as: bare ? .task : .component) else { return nil }
    let position = value.position
    let name = name(m["name"], else: position)
    let component = Component(
      position: position, name: name, ram: optionalSize(m["ram"]),
      priority: integer(m["priority"], in: Decoder.priorities), core: integer(m["core"], in: Decoder.coreNumbers),
      started: bool(m["started"], default: true), checkpointed: bool(m["checkpointed"], default: true),
      dataspaces: table(m["dataspaces"], of: "dataspaces", .identifier).compactMap { dataspace($0, $1) },
      variables: table(m["variables"], of: "variables", .identifier).compactMap { variable($0, $1) },
      functions: table(m["functions"], of: "lists of statements", .identifier).map {
        Function(name: $0, body: statements($1))
      },
      threads: list(m["threads"], of: "threads").compactMap { thread($0) },
      construct: statements(m["construct"]), binary: binary(m["binary"]),
      capabilities: table(m["capabilities"], of: "capabilities", .identifier).compactMap { capability($0, $1) },
      pager: m["pager"].map { scopedName($0, else: position) }, declared: DeclaredNames())
    if m["binary"] != nil {
      for key in ["construct", "threads", "functions"] where m[key] != nil {
        report(
          .conflictingKeys("binary", key, owner: bare ? "a task" : "a component"), at: m[key]?.position ?? position)
      }
    } else if m["construct"] == nil, m["threads"] == nil {
      report(.nothingToRun(bare ? "`threads` or `binary`" : "`construct`, `threads` or `binary`"), at: position)
    }
    return component
  }

  private mutating func binary(_ value: JSONValue?) -> Name? {
    guard let value, let text = text(value, expected: "the path of an ELF file") else { return nil }
    if text.text.isEmpty { report(.empty("the path"), at: value.position) }
    return Name(text.text, at: value.position)
  }

  private mutating func dataspace(_ name: Name, _ value: JSONValue) -> Dataspace? {
    guard let m = members(of: value, as: .dataspace) else {
      return Dataspace(
        name: name, size: SizeValue(bytes: 0, at: value.position), content: nil, at: nil, mapped: true)
    }
    return Dataspace(
      name: name, size: size(m["size"], else: value.position), content: content(m["content"]), at: constant(m["at"]),
      mapped: bool(m["mapped"], default: true))
  }

  private mutating func content(_ value: JSONValue?) -> DataspaceContent? {
    guard let value else { return nil }
    switch value.content {
    case .string(let text): return .text(text.text)
    case .integer, .number: return integer(value, in: 0...255).map { .fill(UInt8(truncatingIfNeeded: $0.value)) }
    case .array(let words): return .words(words.map { integer($0, in: .min ... .max)?.value ?? 0 })
    default:
      report(
        .wrongType(expected: "a text, a list of 64-bit words, or one byte value", found: describe(value)),
        at: value.position)
      return nil
    }
  }

  /// `{ "in": "flock", "initial": 0 }`, or only the initial value.
  private mutating func variable(_ name: Name, _ value: JSONValue) -> Variable? {
    switch value.content {
    case .integer, .number, .string:
      return Variable(name: name, dataspace: nil, initial: constant(value)?.value ?? 0, bytes: 8)
    default: break
    }
    guard let m = members(of: value, as: .variable) else {
      return Variable(name: name, dataspace: nil, initial: 0, bytes: 8)
    }
    var bytes = 8
    if let value = m["size"], let size = integer(value, in: 1...8) {
      if [1, 2, 4, 8].contains(size.value) {
        bytes = Int(size.value)
      } else {
        report(.outOfRange("\(size.value)", allowed: "1, 2, 4 or 8"), at: value.position)
      }
    }
    return Variable(
      name: name, dataspace: optionalName(m["in"], .identifier), initial: constant(m["initial"])?.value ?? 0,
      bytes: bytes)
  }

  private mutating func thread(_ value: JSONValue) -> ThreadDescription? {
    guard let m = members(of: value, as: .thread) else { return nil }
    return thread(m, name: name(m["name"], else: value.position), at: value.position)
  }

  mutating func thread(_ m: Members, name: Name, at position: Position) -> ThreadDescription {
    for key in ["pager", "exceptions", "scheduling"] where runtime == .genode {
      if let value = m[key] { report(.wrongRuntime(key: key, runtime: .genode, instead: nil), at: value.position) }
    }
    if let scheduling = m["scheduling"], m["priority"] != nil {
      report(.conflictingKeys("priority", "scheduling", owner: "a thread"), at: scheduling.position)
    }
    return ThreadDescription(
      position: position, name: name, priority: integer(m["priority"], in: Decoder.priorities),
      core: integer(m["core"], in: Decoder.coreNumbers), started: bool(m["started"], default: true),
      stack: optionalSize(m["stack"]), pager: m["pager"].map { scopedName($0, else: position) },
      scheduling: m["scheduling"].flatMap { scheduling($0) },
      exceptionHandler: m["exceptions"].map { scopedName($0, else: position) }, body: statements(m["body"]))
  }

  private mutating func capability(_ name: Name, _ value: JSONValue) -> Capability? {
    guard let (kind, position, m) = headed(value, as: CapabilityKind.self) else {
      return Capability(name: name, object: .empty, rights: .all, slot: nil)
    }
    let object = capabilityObject(kind, m, at: position)
    return Capability(name: name, object: object, rights: rights(m["rights"]), slot: constant(m["slot"]))
  }

  private mutating func capabilityObject(
    _ kind: CapabilityKind, _ m: Members, at position: Position
  ) -> CapabilityObject {
    let operand = m[kind.rawValue]
    let zero = Number(0, at: operand?.position ?? position)
    switch kind {
    case .gate: return .gate(to: scopedName(operand, else: position), label: constant(m["label"])?.value ?? 0)
    case .thread: return .thread(scopedName(operand, else: position))
    case .task: return .task(name(operand, else: position))
    case .irq: return .irq(integer(operand, in: 0...Decoder.interruptPins.upperBound) ?? zero)
    case .semaphore: return .semaphore(initial: integer(operand, in: 0...Int64(Int32.max)) ?? zero)
    case .factory: return .factory(quota: size(operand, else: position))
    case .copy: return .copy(of: scopedName(operand, else: position))
    case .log, .scheduler, .icu, .empty: justTrue(operand)
    }
    return switch kind {
    case .log: .log
    case .scheduler: .scheduler
    case .icu: .icu
    default: .empty
    }
  }
}
