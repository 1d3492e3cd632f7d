import Determinism
import Scenarios

/// The report of a run for people: what happened, when, at what cost, and why, on one screen.
public struct TextReport {
  let record: RunRecord
  let style: TextStyle
  var layout: TextLayout

  public static func text(of record: RunRecord, style: TextStyle = TextStyle()) -> String {
    var report = TextReport(record: record, style: style, layout: TextLayout(style: style))
    report.write()
    return report.layout.text
  }

  private mutating func write() {
    heading()
    timeline()
    for checkpoint in record.checkpoints { describe(checkpoint) }
    deadlines()
    log()
    for restore in record.restores { describe(restore) }
    troubles()
    ending()
    expectations()
  }

  private mutating func heading() {
    for part in layout.wrap(record.scenario.title, width: style.width) { layout.line(style.marked(part, .bold)) }
    if let about = record.scenario.about {
      for part in layout.wrap(about, width: style.width - 2) { layout.line("  " + part) }
    }
    let machine = record.machine
    let time = record.end == Instant.zero ? "nothing simulated" : "\((record.end - Instant.zero).short) simulated"
    var facts = ["platform \(machine.platform.platform)", "kernel \(machine.kernel.rawValue)"]
    if let genode = machine.genode {
      facts.append("Genode \(genode.release.rawValue)")
      if let console = genode.console { facts.append("console of \(grouped(UInt64(console.baud))) baud") }
    }
    facts += [time, counted(record.instructions, "instruction")]
    for part in layout.wrap(facts.joined(separator: " · "), width: style.width - 2) { layout.line("  " + part) }
    for part in layout.wrap(costSentence, width: style.width - 2) { layout.line("  " + style.marked(part, .faint)) }
    layout.line()
  }

  /// Which figures the times rest on; a reader must see what was assumed.
  private var costSentence: String {
    let parts = record.machine.platform.statuses.map { "\($0.count) \($0.status.rawValue)" }
    return "costs: \(parts.joined(separator: ", ")) (stasis run --costs)"
  }

  /// How the run ended, if that needs saying, and what everybody waits for.
  private mutating func ending() {
    guard record.ending != .stopped && record.ending != .finished else { return }
    layout.entry("ending", record.ending.sentence, mark: .bad)
    waitingThreads()
    layout.line()
  }

  private mutating func waitingThreads() {
    let waiting = record.threads.filter { !$0.standing.isOver }
    layout.list("", waiting.prefix(20).map { ["\($0.name)", $0.standing.sentence] })
    if waiting.count > 20 { layout.entry("", "and \(counted(waiting.count - 20, "more thread"))") }
  }

  private mutating func expectations() {
    let checked = record.expectations
    guard !checked.isEmpty else {
      layout.entry("expectations", "none")
      return
    }
    let met = checked.filter(\.isMet).count
    layout.entry("expectations", "\(met) of \(checked.count) met", mark: met == checked.count ? .good : .bad)
    for failure in checked where !failure.isMet {
      let place = "\(record.scenario.file):\(failure.position.line):\(failure.position.column)"
      layout.entry("", "not met: \(failure.claim)", hanging: 2, mark: .bad)
      layout.entry("", "  \(failure.found)  (\(place))", hanging: 2)
    }
  }

  /// Faults nobody resolved and complaints of system components.
  private mutating func troubles() {
    var lines: [String] = []
    for thread in record.threads {
      for fault in thread.strandedFaults {
        lines.append("\(thread.name) touched \(hexadecimal(fault.value)) at \(place(fault)); no pager resolved it")
      }
      for exception in thread.exceptions {
        lines.append("\(thread.name) raised exception \(hexadecimal(exception.value)) at \(place(exception))")
      }
    }
    lines += complaints
    guard !lines.isEmpty else { return }
    for (index, line) in lines.prefix(10).enumerated() { layout.entry(index == 0 ? "trouble" : "", line, hanging: 2) }
    if lines.count > 10 { layout.entry("", "and \(counted(lines.count - 10, "more line")) (stasis run --json)") }
    layout.line()
  }

  /// Complaints that differ in numbers only are told once, with how many there were.
  private var complaints: [String] {
    var kinds: [(kind: String, first: Complaint, count: Int)] = []
    for complaint in record.complaints {
      let digits = "0123456789abcdef"
      let kind = complaint.component + complaint.name + complaint.text.filter { !digits.contains($0) }
      if let index = kinds.firstIndex(where: { $0.kind == kind }) {
        kinds[index].count += 1
      } else {
        kinds.append((kind, complaint, 1))
      }
    }
    return kinds.map { _, first, count in
      let text = first.text.isEmpty ? "" : ", \(first.text)"
      let more = count > 1 ? " (and \(counted(count - 1, "more", plural: "more")) of this kind)" : ""
      return "\(first.at.short)  \(first.component): \(first.name)\(text)\(more)"
    }
  }

  private func place(_ fault: FaultPlace) -> String {
    "\(fault.symbol.map { "\($0), " } ?? "")ip \(hexadecimal(fault.ip)), \(fault.at.short)"
  }
}
