import FiascoKernel
import FiascoMachine

/// A record as one line of JSON. Words of bits are text: readers that use floating point would lose digits.
enum TraceJSON {
  static func append(_ numbered: NumberedRecord, _ names: TraceNames, to text: inout String) {
    let record = numbered.record
    let thread = names[record.context.thread]
    text += "{\"number\":\(numbered.number),\"time\":\(record.at.picoseconds),\"core\":\(record.context.core)"
    text += ",\"event\":\"\(record.event.name)\",\"tag\":\"\(record.event.tag)\""
    text += ",\"thread\":\(thread),\"pointer\":\"\(hexadecimal(TraceNames.pointer(thread)))\""
    text += ",\"ip\":\"\(hexadecimal(record.context.ip))\",\"payload\":{"
    var separator = ""
    for field in record.event.payload(in: record.context) {
      text += "\(separator)\"\(field.name)\":\(value(field.value, names))"
      separator = ","
    }
    if let pair = numbered.pair { text += "\(separator)\"pair_event\":\(pair)" }
    text += "}}\n"
  }

  private static func value(_ value: TraceValue, _ names: TraceNames) -> String {
    switch value {
    case .thread(let thread): "\(names[thread])"
    case .task(let task): "\(names[task])"
    case .object(let object): "\(names[object])"
    case .number(let number): "\(number)"
    case .word(let word): "\"\(hexadecimal(word))\""
    case .text(let text): "\"\(text)\""
    case .truth(let truth): truth ? "true" : "false"
    }
  }
}
