import FiascoABI

/// One value of a record's payload, still without the names of a reader.
public enum TraceValue: Hashable, Sendable {
  case thread(ThreadID)
  case task(TaskID)
  case object(ObjectID)
  case number(Int64)
  /// An address, a tag or another word of bits.
  case word(UInt64)
  case text(String)
  case truth(Bool)
}

/// A value under the name the kernel's trace buffer has for it.
public struct TraceField: Hashable, Sendable {
  public let name: String
  public let value: TraceValue

  init(_ name: String, _ value: TraceValue) {
    self.name = name
    self.value = value
  }
}

extension KernelEvent {
  /// The payload, in the order of the kernel's own record. A table: one entry for each event.
  public func payload(in context: TraceContext) -> [TraceField] {
    let words = context.words
    return switch self {
    // Threads and scheduling
    case .contextSwitched(_, let to):
      [
        .thread("dst", to), TraceField("from_space", .task(context.task)), .thread("from_sched", context.scheduled),
        .number("from_prio", UInt64(context.priority)),
      ]
    case .contextSaved(let owner, let left): Self.context(0, owner, left.microseconds, words)
    case .contextLoaded(let owner, let left): Self.context(1, owner, left.microseconds, words)
    case .contextInvalidated(let owner): [.number("mode", 2), .thread("owner", owner)]
    case .timerTicked: [.word("ip", context.ip)]
    case .timeoutExpired(let t), .sliceExpired(let t), .threadStarted(let t), .threadKilled(let t): [.thread("id", t)]
    case .registersExchanged(let target, _, let ip, let sp, let flags):
      [.thread("id", target), .word("ip", ip), .word("sp", sp), .word("op", flags)]
    case .threadMigrated(let t, let from, let to):
      [.thread("id", t), .number("src_cpu", UInt64(from)), .number("dst_cpu", UInt64(to))]
    case .requestPosted(let kind, let t, let waits, let core):
      [.text("func", "\(kind)"), .thread("thread", t), .thread("wait", waits), .number("target_cpu", UInt64(core))]
    case .requestHandled(let kind, let t, let waits):
      [.text("func", "\(kind)"), .thread("thread", t), .thread("wait", waits)]

    // IPC
    case .ipcStarted(_, let target, let tag, let label): Self.request(target, tag, label, words)
    case .ipcReturned(_, let tag, let label, let error): Self.result(tag, label, error, words)
    case .ipcFailed(let t, let error): [.thread("id", t), .number("result", error.rawValue)]
    case .messageTransferred(let from, let to, let tag): [.thread("from", from), .thread("to", to), .word("tag", tag)]
    case .senderQueued(let t, let receiver): [.thread("id", t), .thread("at", receiver)]
    case .receiveBlocked(let t, let partner): [.thread("id", t), .thread("partner", partner)]
    case .gateInvoked(let t, let gate, let label): [.object("gate", gate), .thread("thread", t), .word("label", label)]
    case .replyCapabilityMissing(let t): [.thread("id", t)]
    case .irqTriggered(let object):
      [
        .object("obj", object), .text("chip", ["software", "icu", "deletion", "muxer"][Int(words[0] & 3)]),
        .number("pin", words[1]),
      ]
    case .irqDelivered(let object, let to): [.object("obj", object), .thread("to", to)]
    case .logWritten(let t, let bytes): [.thread("id", t), .number("bytes", UInt64(bytes))]

    // Virtual processors; type 0 is a resume
    case .vcpuEntered(let t, let entry, let state): Self.virtualProcessor(t, UInt64(entry.rawValue), state, words)
    case .vcpuResumed(let t, _, let state): Self.virtualProcessor(t, 0, state, words)

    // Faults
    case .pageFaulted(_, let address, let ip): [.word("pfa", address), .word("ip", ip), .number("err", words[0])]
    case .pageFaultAnswered(_, let address, let error): [.word("pfa", address), .number("ret", error?.rawValue ?? 0)]
    case .pageFaultUnanswered(_, let address):
      [.word("pfa", address), .word("cap_idx", words[1]), .number("err", words[0])]
    case .exceptionRaised(_, let cause, let ip): [.number("trapno", cause), .word("ip", ip)]
    case .exceptionUnanswered(_, let handler): [.word("cap_idx", handler)]

    // Objects and mappings
    case .objectCreated(let object, let kind, _):
      [.text("op", "\(kind)"), .object("newo", object), .object("factory", words[0]), .number("ram", words[1])]
    case .objectDestroyed(let object, let kind), .objectReleased(let object, let kind):
      [.object("id", object), .text("type", "\(kind)")]
    case .taskMapRequested(let task, let item, let page):
      [.task("id", task), .word("mask", item), .word("fpage", page), TraceField("map", .truth(true))]
    case .taskUnmapRequested(let task, let mask, let page):
      [.task("id", task), .word("mask", mask), .word("fpage", page), TraceField("map", .truth(false))]
    case .objectsMapped(let from, let to, let slot, let count):
      [.task("from", from), .task("to", to), .word("slot", UInt64(slot)), .number("count", UInt64(count))]
    case .pagesMapped(let from, let to, let address, let pages):
      [.task("from", from), .task("to", to), .word("address", address), .number("pages", UInt64(pages))]
    case .unmapped(let task, let page): [.task("id", task), .word("fpage", page)]
    }
  }

  /// `mode` as the original numbers it: 0 save, 1 load.
  private static func context(
    _ mode: UInt64, _ owner: ThreadID, _ left: Int64, _ words: InlineArray<5, UInt64>
  ) -> [TraceField] {
    [
      .number("mode", mode), .thread("owner", owner), .number("prio", words[0]), TraceField("left", .number(left)),
      .number("quantum", words[1]),
    ]
  }

  private static func virtualProcessor(
    _ t: ThreadID, _ type: UInt64, _ state: UInt16, _ words: InlineArray<5, UInt64>
  ) -> [TraceField] {
    [
      .thread("id", t), .number("type", type), .word("state", UInt64(state)), .word("ip", words[0]),
      .word("sp", words[1]), .task("space", TaskID(Int(Int64(bitPattern: words[2])))),
    ]
  }

  private static func request(
    _ target: UInt64, _ tag: UInt64, _ label: UInt64, _ words: InlineArray<5, UInt64>
  ) -> [TraceField] {
    let reference = ObjectReference(raw: target)
    return [
      .text("op", reference.operation.traceName), .word("tag", tag), .word("word0", words[0]),
      .word("word1", words[1]), .word("dst", reference.raw & ~0xf), .object("dbg_id", words[2]), .word("label", label),
      .word("timeout", words[3]), .number("abs_rcv_to", words[4]),
    ]
  }

  private static func result(
    _ tag: UInt64, _ label: UInt64, _ error: IPCError?, _ words: InlineArray<5, UInt64>
  ) -> [TraceField] {
    let reference = ObjectReference(raw: words[2])
    return [
      TraceField("have_snd", .truth(reference.operation.contains(.send))), .word("tag", tag),
      .word("word0", words[0]), .word("word1", words[1]), .number("result", error?.rawValue ?? 0),
      .word("from", label), .word("dst", reference.raw & ~0xf),
    ]
  }
}

extension TraceField {
  fileprivate static func thread(_ name: String, _ value: ThreadID) -> TraceField { TraceField(name, .thread(value)) }
  fileprivate static func task(_ name: String, _ value: TaskID) -> TraceField { TraceField(name, .task(value)) }
  fileprivate static func object(_ name: String, _ value: ObjectID) -> TraceField { TraceField(name, .object(value)) }
  fileprivate static func text(_ name: String, _ value: String) -> TraceField { TraceField(name, .text(value)) }
  fileprivate static func word(_ name: String, _ value: UInt64) -> TraceField { TraceField(name, .word(value)) }

  fileprivate static func number(_ name: String, _ value: UInt64) -> TraceField {
    TraceField(name, .number(Int64(bitPattern: value)))
  }

  /// A word of `Kernel.traceWords` that holds an object's id.
  fileprivate static func object(_ name: String, _ value: UInt64) -> TraceField {
    TraceField(name, .object(ObjectID(Int(Int64(bitPattern: value)))))
  }
}

extension IPCOperation {
  /// As the trace buffer's view and the readers of its records call the operation.
  public var traceName: String {
    switch self {
    case []: "none"
    case .send: "send"
    case .receive: "recv"
    case .call: "call"
    case .wait: "wait"
    case .sendAndWait: "snd+wait"
    case .replyOnly: "reply"
    case .replyAndWait: "repl+wait"
    default: "op \(rawValue)"
    }
  }
}
