import FiascoABI
import Genode

/// What the first task of a bare scenario has to make, with every slot and address decided at compile time.
///
/// The image is one program: the root task's thread creates all other tasks, gives them their memory, threads and
/// capabilities, starts them and then answers page faults that nobody else is asked about with "no".
final class BarePlan {
  struct Thread {
    var task: Int
    var index: Int
    var description: ThreadDescription
    /// Root's slot of the thread capability.
    var rootSlot: UInt64
    var stackBytes: Int
    /// False if it begins only with a statement.
    var startsAtOnce: Bool
  }

  struct Task {
    var names: ComponentNames
    var rootSlot: UInt64
    /// Slots of the author's capabilities in the task itself.
    var slots: [(name: String, slot: UInt64)] = []
    var threads: [Thread] = []
  }

  /// Where things are in the capability table of every task, below and above the author's slots.
  enum Slots {
    static let firstFree: UInt64 = 0x20
    static let threads: UInt64 = 0x1000
    static let pagers: UInt64 = 0x1100
    static let handlers: UInt64 = 0x1200
  }

  static let linkBase: UInt64 = 0x80a0_0000
  static let utcbBase: UInt64 = 0x31_0000_0000
  static let rootPriority: UInt64 = 255
  static let defaultPriority: UInt64 = 10
  static let defaultStack = 16_384

  private(set) var tasks: [Task] = []
  private var nextRootSlot: UInt64 = 0x100

  init(_ scenario: Scenario) throws(Diagnostic) {
    var base = ComponentNames.dataspaceBase
    for (index, component) in scenario.components.enumerated() {
      var task = Task(names: ComponentNames(component, base: &base), rootSlot: newRootSlot())
      task.slots = Self.slots(of: component)
      let nested = Self.nestedThreads(component)
      for (number, thread) in (component.threads.map { ($0, $0.started) } + nested.map { ($0, false) }).enumerated() {
        let stack = Int(thread.0.stack?.bytes ?? Int64(Self.defaultStack))
        task.threads.append(
          Thread(
            task: index, index: number, description: thread.0, rootSlot: newRootSlot(),
            stackBytes: (stack + 4095) & ~4095, startsAtOnce: thread.1))
      }
      tasks.append(task)
    }
  }

  func newRootSlot() -> UInt64 {
    nextRootSlot += 1
    return nextRootSlot - 1
  }

  private static func slots(of component: Component) -> [(String, UInt64)] {
    let fixed = component.capabilities.compactMap { $0.slot.map { UInt64($0.value) } }
    var next = Slots.firstFree
    var result: [(String, UInt64)] = []
    for capability in component.capabilities {
      if let slot = capability.slot {
        result.append((capability.name.text, UInt64(slot.value)))
        continue
      }
      while fixed.contains(next) { next += 1 }
      result.append((capability.name.text, next))
      next += 1
    }
    return result
  }

  private static func nestedThreads(_ component: Component) -> [ThreadDescription] {
    component.allStatements.compactMap { statement in
      if case .thread(let thread) = statement.action { thread } else { nil }
    }
  }

  // MARK: Lookups

  func taskIndex(_ name: String) -> Int? { tasks.firstIndex { $0.names.prefix == name } }

  func thread(_ name: ScopedName, in task: Int) throws(Diagnostic) -> Thread {
    let owner = name.component.flatMap { taskIndex($0.text) } ?? task
    if let found = tasks[owner].threads.first(where: { $0.description.name.text == name.member.text }) { return found }
    throw Diagnostic(
      .unknownName(name.member.text, kind: .thread, owner: tasks[owner].names.prefix, near: nil), at: name.position)
  }

  func slot(_ name: String, in task: Int) -> UInt64? { tasks[task].slots.first { $0.name == name }?.slot }

  /// Symbol of a thread's stack; its record is at the top.
  func stackSymbol(_ thread: Thread) -> String {
    tasks[thread.task].names.symbol("\(thread.description.name.text).stack")
  }

  func object(_ thread: Thread) -> IR.Value {
    .symbol(stackSymbol(thread)) + .constant(UInt64(thread.stackBytes - ThreadObject.size))
  }

  /// Where a thread lives: its own core, else that of its task.
  func core(of thread: Thread) -> UInt64 {
    UInt64((thread.description.core ?? tasks[thread.task].names.component.core)?.value ?? 0)
  }

  func utcb(_ thread: Thread) -> UInt64 { Self.utcbBase + UInt64(thread.index) * UTCB.size }
}

extension Rights {
  var objectRights: ObjectRights {
    var result: ObjectRights = []
    if contains(.read) { result.insert(.read) }
    if contains(.write) { result.insert(.write) }
    if contains(.special) { result.insert(.strong) }
    if contains(.delete) { result.insert(.delete) }
    return result
  }

  var memoryRights: MemoryRights {
    var result: MemoryRights = []
    if contains(.read) { result.insert(.read) }
    if contains(.write) { result.insert(.write) }
    if contains(.execute) { result.insert(.execute) }
    return result
  }
}
