import Determinism
import ELFFiles

/// What an observer knows about the programs of a run: components, symbols, job streams, places of variables.
struct ProgramTable {
  var isGenode: Bool
  /// In file order.
  var components: [String]
  /// One for each component, or one for all tasks of a bare scenario.
  var programs: [CompiledProgram]
  var timebaseHertz: UInt64
  /// How much later than the first node the one was switched on whose records are read.
  var bootDelay = TimeSpan.zero
  /// Threads of bare tasks in the order in which the root task makes them.
  private(set) var bareThreads: [ThreadName] = []
  private(set) var streams: [JobStream] = []

  init(scenario: Scenario, programs: [CompiledProgram], timebaseHertz: UInt64) {
    isGenode = scenario.runtime == .genode
    components = scenario.components.map(\.name.text)
    self.programs = programs
    self.timebaseHertz = timebaseHertz
    streams = programs.flatMap(\.streams)
    guard !isGenode else { return }
    bareThreads = scenario.components.flatMap { component in
      (component.threads.map(\.name.text) + component.declared.threads.map(\.text)).map {
        ThreadName(component.name.text, $0)
      }
    }
  }

  func index(ofStream id: Int) -> Int? { streams.firstIndex { $0.id == id } }

  /// Ticks of the time base since the machine was switched on, as an instant of the first node.
  func instant(ofTick tick: UInt64) -> Instant {
    Instant(picoseconds: tick &* (1_000_000_000_000 / timebaseHertz)) + bootDelay
  }

  /// The function or statement an instruction belongs to; addresses mean something within one component only.
  func symbol(at ip: UInt64, of component: String?) -> String? {
    let index = isGenode ? components.firstIndex { $0 == component } : 0
    guard let index, programs.indices.contains(index) else { return nil }
    return programs[index].symbols.filter { $0.kind == .function && $0.address <= ip && ip < $0.address + $0.size }
      .last?.name
  }

  /// `init -> checkpointer -> counter` is the component `counter`.
  static func component(ofLabel label: String) -> String {
    guard let arrow = label.utf8.lastIndex(of: UInt8(ascii: ">")) else { return label }
    return String(label[label.utf8.index(after: arrow)...].drop { $0 == " " })
  }
}
