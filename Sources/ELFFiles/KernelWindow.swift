import CheckpointRestore

/// What the checkpointer knows of the kernel, as arrays of plain C structures in two segments above the user addresses:
/// with the companion file a debugger prints them like variables of a program.
struct KernelWindow {
  struct Segment {
    var name: String
    var address: UInt64
    var bytes: [UInt8]
  }

  /// A variable of the companion: an array of structures, or one structure.
  struct Variable {
    var name: String
    var address: UInt64
    var structure: DebugStructure
    /// Nil for one structure that is no array.
    var count: Int?
    var size: UInt64 { UInt64(structure.size * (count ?? 1)) }
  }

  static let objectAddress: UInt64 = 0xffff_0000_0000_0000
  static let capabilityAddress: UInt64 = 0xffff_0000_4000_0000

  private(set) var segments: [Segment] = []
  private(set) var variables: [Variable] = []

  init(_ image: CheckpointImage) {
    var objects = Segment(name: "kernel objects", address: Self.objectAddress, bytes: [])
    add("checkpoint", .checkpoint, [Self.words(of: image)], isArray: false, to: &objects)
    add("kernel_threads", .thread, image.threads.enumerated().map(Self.words), to: &objects)
    add("kernel_objects", .object, image.kernelObjects.map(Self.words), to: &objects)
    add("ipc_in_flight", .message, image.messagesInFlight.map(Self.words), to: &objects)
    var capabilities = Segment(name: "capability slots", address: Self.capabilityAddress, bytes: [])
    add("capability_slots", .capability, image.capabilities.map(Self.words), to: &capabilities)
    segments = [objects, capabilities]
  }

  private mutating func add(
    _ name: String, _ structure: DebugStructure, _ rows: [[DebugValue]], isArray: Bool = true, to segment: inout Segment
  ) {
    segment.bytes.pad(to: 16)
    let address = segment.address + UInt64(segment.bytes.count)
    for row in rows { structure.append(row, to: &segment.bytes) }
    // Nothing has no address of its own; one empty entry says so.
    if rows.isEmpty { segment.bytes.append(contentsOf: repeatElement(0, count: structure.size)) }
    variables.append(
      Variable(name: name, address: address, structure: structure, count: isArray ? max(rows.count, 1) : nil))
  }

  // MARK: Rows

  private static func words(of image: CheckpointImage) -> [DebugValue] {
    [
      .text(image.name), .text(image.componentName), .number(image.generation), .number(image.takenAtPicoseconds),
      .number(image.origin.seed), .number(image.origin.eventNumber), .text(image.parent?.name ?? ""),
      .number(image.parent?.generation ?? 0), .number(UInt64(image.threads.count)),
      .number(UInt64(image.kernelObjects.count)), .number(UInt64(image.messagesInFlight.count)),
      .number(UInt64(image.capabilities.count)),
    ]
  }

  private static func words(_ index: Int, _ thread: ThreadImage) -> [DebugValue] {
    [
      .text(thread.name), .number(UInt64(index + 1)), .number(ordinal(thread.situation)), .number(thread.pc),
      .number(thread.registers[2]), .number(thread.utcbAddress), .number(UInt64(thread.priority)),
      .number(UInt64(thread.cpu)), .number(thread.errorCode), .number(thread.badge), .number(thread.gateBadge),
      .number(thread.started ? 1 : 0), .number(thread.registersValid ? 1 : 0), .number(thread.paused ? 1 : 0),
    ]
  }

  private static func words(_ object: KernelObjectImage) -> [DebugValue] {
    let kind = KernelObjectImage.Kind.allCases.firstIndex(of: object.kind) ?? 0
    return [
      .text(object.name), .number(UInt64(kind)), .number(UInt64((object.threadIndex ?? -1) + 1)),
      .number(object.badge), .number(object.slot ?? .max),
    ]
  }

  private static func words(_ message: IPCInFlight) -> [DebugValue] {
    [
      .number(UInt64(message.threadIndex + 1)), .number(ordinal(message.phase)), .number(message.slot ?? .max),
      .number(message.partnerBadge), .text(message.partnerKind), .number(message.operation),
      .number(message.tag ?? .max), .number(message.timeouts), .number(message.label),
    ]
  }

  private static func words(_ capability: CapabilityImage) -> [DebugValue] {
    [.number(capability.slot), .number(capability.badge), .text(capability.kind)]
  }

  private static func ordinal(_ situation: ThreadImage.Situation) -> UInt64 {
    UInt64(ThreadImage.Situation.allCases.firstIndex(of: situation) ?? 0)
  }
}

enum DebugValue {
  case number(UInt64)
  case text(String)
}

/// A C structure: fields in order, each aligned to its size.
struct DebugStructure {
  enum FieldType: Hashable {
    case unsigned64, unsigned32, flag
    /// Characters, zero at the end.
    case text(Int)
    case situation, objectKind

    var size: Int {
      switch self {
      case .unsigned64: 8
      case .unsigned32, .situation, .objectKind: 4
      case .flag: 1
      case .text(let count): count
      }
    }
    var alignment: Int { if case .text = self { 1 } else { size } }
  }

  struct Field {
    var name: String
    var type: FieldType
    var offset = 0
  }

  let name: String
  let fields: [Field]
  /// A multiple of 8, so that arrays stay aligned.
  let size: Int

  init(_ name: String, _ fields: [(String, FieldType)]) {
    self.name = name
    var next = 0
    self.fields = fields.map { name, type in
      let offset = (next + type.alignment - 1) / type.alignment * type.alignment
      next = offset + type.size
      return Field(name: name, type: type, offset: offset)
    }
    size = (next + 7) / 8 * 8
  }

  func append(_ row: [DebugValue], to bytes: inout [UInt8]) {
    let start = bytes.count
    for (field, value) in zip(fields, row) {
      bytes.pad(upTo: UInt64(start + field.offset))
      switch (value, field.type) {
      case (.text(let text), .text(let count)):
        bytes += Array(text.utf8.prefix(count - 1))
        bytes.pad(upTo: UInt64(start + field.offset + count))
      case (.number(let number), _):
        for shift in 0..<field.type.size { bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * shift))) }
      case (.text, _): preconditionFailure("a text needs a field of characters")
      }
    }
    bytes.pad(upTo: UInt64(start + size))
  }
}

extension DebugStructure {
  static let checkpoint = DebugStructure(
    "checkpoint",
    [
      ("name", .text(32)), ("component", .text(32)), ("generation", .unsigned64), ("taken_at_ps", .unsigned64),
      ("seed", .unsigned64), ("event", .unsigned64), ("parent", .text(32)), ("parent_generation", .unsigned64),
      ("threads", .unsigned32), ("objects", .unsigned32), ("messages", .unsigned32), ("capabilities", .unsigned32),
    ])
  /// `lwp`: the number debuggers show the thread under.
  static let thread = DebugStructure(
    "thread",
    [
      ("name", .text(32)), ("lwp", .unsigned32), ("situation", .situation), ("pc", .unsigned64), ("sp", .unsigned64),
      ("utcb", .unsigned64), ("priority", .unsigned32), ("cpu", .unsigned32), ("error", .unsigned64),
      ("badge", .unsigned64), ("gate_badge", .unsigned64), ("started", .flag), ("registers_valid", .flag),
      ("paused", .flag),
    ])
  /// `lwp`: 0 if no thread belongs to it. `slot`: all ones if the capability map does not have it.
  static let object = DebugStructure(
    "kernel_object",
    [
      ("name", .text(32)), ("kind", .objectKind), ("lwp", .unsigned32), ("badge", .unsigned64), ("slot", .unsigned64),
    ])
  static let message = DebugStructure(
    "message",
    [
      ("lwp", .unsigned32), ("phase", .situation), ("slot", .unsigned64), ("partner_badge", .unsigned64),
      ("partner", .text(24)), ("operation", .unsigned64), ("tag", .unsigned64), ("timeouts", .unsigned64),
      ("label", .unsigned64),
    ])
  static let capability = DebugStructure(
    "capability", [("slot", .unsigned64), ("badge", .unsigned64), ("kind", .text(24))])
}
