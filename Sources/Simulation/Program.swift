import FiascoABI
import FiascoKernel
import FiascoMachine
import Genode

/// Every program written in Swift that a task can run: a closed set.
public enum Program: Sendable {
  case scripted(ScriptedProgram)
  case core(Core)
  case initial(InitComponent)
  case timer(TimerDriver)

  var kind: NativeEntry.Kind {
    switch self {
    case .scripted(let program): program.kind
    case .core: .core
    case .initial: .initial
    case .timer: .timer
    }
  }

  mutating func resume(thread entry: Int, script: inout Script) -> UserAction {
    switch self {
    case .scripted(var program):
      let action = program.resume(thread: entry, script: &script)
      self = .scripted(program)
      return action
    case .core(var program):
      let action = program.resume(thread: entry, script: &script)
      self = .core(program)
      return action
    case .initial(var program):
      let action = program.resume(thread: entry, script: &script)
      self = .initial(program)
      return action
    case .timer(var program):
      let action = program.resume(thread: entry, script: &script)
      self = .timer(program)
      return action
    }
  }

  mutating func drainEvents() -> [SystemEvent] {
    switch self {
    case .scripted: return []
    case .core(var program):
      let events = program.drainEvents()
      if !events.isEmpty { self = .core(program) }
      return events.map { .genode($0) }
    case .initial(var program):
      let events = program.drainEvents()
      if !events.isEmpty { self = .initial(program) }
      return events.map { .genode($0) }
    case .timer(var program):
      let events = program.drainEvents()
      if !events.isEmpty { self = .timer(program) }
      return events.map { .genode($0) }
    }
  }
}

/// A happening of any layer, in that layer's own vocabulary.
public enum SystemEvent: Hashable, Sendable {
  case kernel(KernelEvent)
  case genode(GenodeEvent)
  case hint(thread: ThreadID, kind: UInt64, value: UInt64)

  init(_ event: NodeEvent) {
    switch event {
    case .kernel(let event): self = .kernel(event)
    case .hint(let thread, let kind, let value): self = .hint(thread: thread, kind: kind, value: value)
    }
  }
}

/// A fixed list of actions for one thread: what tests and small scenarios need.
public struct ScriptedProgram: NativeProgram {
  public let kind: NativeEntry.Kind
  public var actions: [UserAction]
  public init(kind: NativeEntry.Kind, actions: [UserAction]) {
    self.kind = kind
    self.actions = actions
  }
  public mutating func step(thread entry: Int, script: inout Script) throws(Suspension) {
    if actions.isEmpty { try script.compute(picoseconds: 1 << 60) }
    _ = try script.perform(actions[0])
    actions.removeFirst()
  }
  public mutating func drainEvents() -> [GenodeEvent] { [] }
}
