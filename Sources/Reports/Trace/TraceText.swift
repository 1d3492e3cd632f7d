import Determinism
import FiascoABI
import FiascoKernel
import FiascoMachine

/// A record as a line for people: columns that every record has, then what its event adds.
///
/// After the view of the trace buffer in the kernel's debugger: number, time, processor, thread, short tag, payload.
enum TraceText {
  static let head = "  number       time (us)  cpu  thread  tag    payload\n"

  static func append(_ numbered: NumberedRecord, _ names: TraceNames, to text: inout String) {
    let record = numbered.record
    let thread = names[record.context.thread]
    text += right("\(numbered.number)", 8) + right(microseconds(record.at), 16) + right("\(record.context.core)", 5)
    text += right(thread == 0 ? "-" : String(thread, radix: 16), 8) + "  " + left(record.event.tag, 5) + "  "
    text += sentence(numbered, names) + "\n"
  }

  /// What the debugger words in its own way; everything else is a list of names and values.
  private static func sentence(_ numbered: NumberedRecord, _ names: TraceNames) -> String {
    let context = numbered.record.context
    switch numbered.record.event {
    case .contextSwitched(let from, let to):
      let owner = context.scheduled == to || to.isNone ? "" : " on time of \(id(names[context.scheduled]))"
      return "\(id(names[from])) ==> \(id(names[to]))\(owner)"
    case .ipcStarted(_, let target, let tag, let label):
      return request(ObjectReference(raw: target), MessageTag(raw: tag), label, context, names)
    case .ipcReturned(_, let tag, let label, let error):
      let pair = numbered.pair.map { " of \($0)" } ?? ""
      if let error { return "error \(error.rawValue)\(pair): \(describe(MessageTag(raw: tag)))" }
      return "ok\(pair): \(describe(MessageTag(raw: tag))) from \(hexadecimal(label)) \(words(context))"
    case .contextSaved, .contextLoaded, .contextInvalidated:
      return (numbered.record.event.name.split(separator: " ").last.map(String.init) ?? "") + " "
        + list(numbered, names, skipping: "mode")
    case .taskMapRequested, .taskUnmapRequested: return list(numbered, names, skipping: "map")
    default: return list(numbered, names)
    }
  }

  private static func request(
    _ target: ObjectReference, _ tag: MessageTag, _ label: UInt64, _ context: TraceContext, _ names: TraceNames
  ) -> String {
    let object = names[ObjectID(Int(Int64(bitPattern: context.words[2])))]
    let place = target.isSpecial ? "[INV]" : "[C:\(String(target.index, radix: 16))]"
    let timeouts = IPCTimeouts(raw: context.words[3])
    return "\(target.operation.traceName)->\(place) DID=\(id(object)) L=\(hexadecimal(label)) "
      + "TO=\(describe(timeouts.send))/\(describe(timeouts.receive)) \(describe(tag)) \(words(context))"
  }

  private static func list(_ numbered: NumberedRecord, _ names: TraceNames, skipping: String = "") -> String {
    let fields = numbered.record.event.payload(in: numbered.record.context)
    return fields.filter { $0.name != skipping }.map { "\($0.name)=\(value($0.value, names))" }.joined(separator: " ")
  }

  private static func value(_ value: TraceValue, _ names: TraceNames) -> String {
    switch value {
    case .thread(let thread): id(names[thread])
    case .task(let task): id(names[task])
    case .object(let object): id(names[object])
    case .number(let number): "\(number)"
    case .word(let word): hexadecimal(word)
    case .text(let text): text
    case .truth(let truth): truth ? "yes" : "no"
    }
  }

  /// The debugger writes numbers of objects in hexadecimal, without a prefix.
  private static func id(_ number: UInt64) -> String { number == 0 ? "-" : String(number, radix: 16) }

  private static func describe(_ tag: MessageTag) -> String {
    "(p=\(tag.label) w=\(tag.words) i=\(tag.items)\(tag.hasError ? " E" : ""))"
  }

  private static func describe(_ timeout: IPCTimeout) -> String {
    if timeout.isNever { return "INF" }
    if timeout.isZero { return "0" }
    return timeout.isAbsolute ? "abs(BR\(timeout.bufferRegister))" : "\(timeout.microseconds)us"
  }

  private static func words(_ context: TraceContext) -> String {
    "(\(String(context.words[0], radix: 16)),\(String(context.words[1], radix: 16)))"
  }

  /// With three decimals: nanoseconds.
  private static func microseconds(_ instant: Instant) -> String {
    let nanoseconds = instant.picoseconds / 1000
    let fraction = String(nanoseconds % 1000)
    return "\(nanoseconds / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  private static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
