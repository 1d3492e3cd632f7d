import CheckpointRestore
import Determinism
import FiascoABI
import FiascoKernel
import Genode
import Simulation

/// Turns the records of a run into what the run record holds.
///
/// Everything here is an observer's view: nothing goes back into the machine.
struct RunCollector {
  let programs: ProgramTable
  var tracker = ThreadTracker()
  var log: [LoggedLine] = []
  var complaints: [Complaint] = []
  var components: [ComponentRecord] = []
  var jobs: [JobStreamRecord]
  /// Job streams that have begun and not ended, with who runs them and the first release that has not been seen.
  var openStreams: [(stream: Int, thread: ThreadName?, next: Instant)] = []
  var counts = EventCounts()
  var repetition = Repetition()
  var checkpoints: CheckpointCollector
  var processors = ProcessorAccount()
  /// Records of the run when each image was complete, in this order.
  private(set) var imageEvents: [(checkpoint: String, number: UInt64)] = []
  var bareThreadsSeen = 0
  /// Bytes of all lines.
  private(set) var outputTotal: UInt64 = 0
  /// Unfinished lines on the kernel's console, by writer.
  private var console: [(thread: ThreadID, bytes: [UInt8])] = []
  /// Writes to the console whose bytes have not been taken yet.
  var writes: [(at: Instant, thread: ThreadID, bytes: Int)] = []

  static let unresolvedFault = "unresolved fault"
  private static let rootTask = "core"

  init(scenario: Scenario, programs: ProgramTable) {
    self.programs = programs
    checkpoints = CheckpointCollector(scenario: scenario)
    jobs = programs.streams.map {
      JobStreamRecord(
        component: $0.component, name: $0.name, period: .picoseconds($0.period.picoseconds),
        deadline: .picoseconds($0.deadline.picoseconds))
    }
    for component in programs.components { components.append(ComponentRecord(name: component)) }
  }

  /// Takes all records the machine has made since the last call.
  mutating func take(from system: inout System) {
    for record in system.drainRecords() {
      switch record.event {
      case .kernel(let event):
        if case .contextSwitched(_, let thread) = event {
          let name = tracker.name(of: thread)?.component ?? RunCollector.rootTask
          processors.switched(to: thread, name, core: Int(record.core), at: record.at)
        }
        take(event, at: record.at, kernel: system.node.kernel)
      case .genode(let event): take(event, at: record.at)
      case .checkpoint(let event): take(event, at: record.at)
      case .hint(let thread, let kind, let value): takeHint(thread, kind, value, at: record.at)
      }
    }
    if !programs.isGenode { takeConsole(system.node.kernel.console) }
    system.node.kernel.console.removeAll(keepingCapacity: true)
  }

  private mutating func print(_ text: String, _ component: String, _ instant: Instant) {
    repetition.reset()
    outputTotal += UInt64(text.utf8.count)
    log.append(LoggedLine(at: instant, component: component, text: text))
  }

  // MARK: Genode

  private mutating func take(_ event: GenodeEvent, at instant: Instant) {
    counts.add(event)
    switch event {
    case .logWritten(let label, let text):
      print(text, ProgramTable.component(ofLabel: label), instant)
    case .warningPrinted(let label, let text):
      complain("warning", ProgramTable.component(ofLabel: label), text, instant)
    case .sessionRefused(let service, let label, let reason):
      complain("\(reason)", ProgramTable.component(ofLabel: label), "\(service) session refused", instant)
    case .threadCreated(let label, let name, _, _):
      _ = tracker.named(ThreadName(ProgramTable.component(ofLabel: label), name))
    case .threadStartIgnored(let label, let name):
      complain("start ignored", ProgramTable.component(ofLabel: label), "thread `\(name)` runs already", instant)
    case .faultUnresolved(let label, let name, let address, let isWrite):
      let access = isWrite ? "write" : "read"
      let place = "0x" + String(address, radix: 16)
      tracker.note(fault: address, of: ThreadName(ProgramTable.component(ofLabel: label), name), at: instant)
      complain(
        RunCollector.unresolvedFault, ProgramTable.component(ofLabel: label), "\(name) \(access)s \(place)", instant)
    case .childStarted(let name): begin(name, at: instant)
    case .childExited(let name, let value):
      end(name, at: instant) { $0.exitValue = Int64(bitPattern: value) }
    default: break
    }
  }

  private mutating func take(_ event: CheckpointEvent, at instant: Instant) {
    counts.add(event)
    switch event {
    case .childStarted(let child):
      if components.first(where: { $0.name == child })?.lives.last.map({ $0.until == nil }) != true {
        begin(child, at: instant)
      }
    case .childExited(let child, let value): end(child, at: instant) { $0.exitValue = Int64(bitPattern: value) }
    case .targetKilled(let target): end(target, at: instant)
    case .restoreStarted(let name, let child, _): begin(child, at: instant, from: name)
    case .capabilityLost(_, let slot, let badge):
      complain("capability lost", "checkpointer", "slot \(slot) with badge \(badge) stays empty", instant)
    case .threadStateIgnored(_, let thread):
      complain("start ignored", "checkpointer", "thread `\(thread)` runs already", instant)
    case .phaseStarted(.frozen, _): processors.pauseBegan(at: instant)
    case .phaseEnded(.frozen, _, _): processors.pauseEnded(at: instant)
    case .refused(let reason): complain("refused", "checkpointer", reason.sentence, instant)
    case .imageWritten(let name, _): imageEvents.append((name, counts.total))
    default: break
    }
    checkpoints.take(event, at: instant, tracker: tracker)
  }

  mutating func complain(_ name: String, _ component: String, _ text: String, _ instant: Instant) {
    complaints.append(Complaint(at: instant, name: name, component: component, text: text))
  }

  // MARK: Lives of components

  mutating func begin(_ component: String, at instant: Instant, from checkpoint: String? = nil) {
    let index = index(of: component)
    components[index].lives.append(ComponentRecord.Life(from: instant, restoredFrom: checkpoint))
  }

  mutating func end(
    _ component: String, at instant: Instant, _ change: (inout ComponentRecord.Life) -> Void = { _ in }
  ) {
    let index = index(of: component)
    guard !components[index].lives.isEmpty else { return }
    let last = components[index].lives.count - 1
    components[index].lives[last].until = instant
    change(&components[index].lives[last])
  }

  private mutating func index(of component: String) -> Int {
    if let index = components.firstIndex(where: { $0.name == component }) { return index }
    components.append(ComponentRecord(name: component))
    return components.count - 1
  }

  // MARK: Hints of programs

  private mutating func takeHint(_ thread: ThreadID, _ kind: UInt64, _ value: UInt64, at instant: Instant) {
    guard let hint = MachineHint(rawValue: kind) else { return }
    repetition.reset()
    counts.add("\(hint)")
    switch hint {
    case .construct:
      guard let component = tracker.name(of: thread)?.component else { return }
      let index = index(of: component)
      if components[index].lives.isEmpty { components[index].lives.append(ComponentRecord.Life(from: instant)) }
      components[index].lives[components[index].lives.count - 1].constructEntries.append(instant)
    case .jobsBegin, .jobRelease, .jobCompletion, .jobsEnd:
      let (stream, release) = MachineHint.job(value)
      guard let index = programs.index(ofStream: stream) else { return }
      note(hint, of: index, release: programs.instant(ofTick: release), by: thread, at: instant)
    case .threadExit:
      tracker[thread].isExited = true
    }
  }

  // MARK: The kernel's console

  /// Bare tasks print through the kernel. Each write says how many of the bytes are its own; lines are put together for
  /// each thread, so that threads that write in turns do not tear each other's lines.
  private mutating func takeConsole(_ bytes: [UInt8]) {
    var rest = bytes[...]
    for write in writes {
      var line = console.first { $0.thread == write.thread }?.bytes ?? []
      console.removeAll { $0.thread == write.thread }
      line += rest.prefix(write.bytes)
      rest = rest.dropFirst(write.bytes)
      while let end = line.firstIndex(of: UInt8(ascii: "\n")) {
        let component = tracker.name(of: write.thread)?.component ?? "console"
        print(String(decoding: line[..<end], as: UTF8.self), component, write.at)
        line.removeSubrange(...end)
      }
      if !line.isEmpty { console.append((write.thread, line)) }
    }
    writes.removeAll(keepingCapacity: true)
  }
}
