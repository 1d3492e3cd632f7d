import CheckpointRestore
import FiascoABI
import FiascoKernel
import FiascoMachine
import Genode

/// Every program written in Swift that a task can run: a closed set.
public enum Program: Sendable {
  case core(Core)
  case initial(InitComponent)
  case timer(TimerDriver)
  case checkpointer(Checkpointer)
  /// A fixed list of actions.
  case scripted(ScriptedProgram)

  var kind: NativeEntry.Kind {
    switch self {
    case .core: .core
    case .initial: .initial
    case .timer: .timer
    case .checkpointer: .checkpointer
    case .scripted(let program): program.kind
    }
  }

  /// Runs the program until the thread's next action, which the script then knows; returns what happened on the way.
  ///
  /// The state is moved out and back, so that it is never held twice and its tables are never copied.
  mutating func resume(thread entry: Int, script: inout Script) -> [SystemEvent] {
    switch consume self {
    case .core(var program):
      program.resume(thread: entry, script: &script)
      let events = program.drainEvents().map(SystemEvent.genode)
      self = .core(program)
      return events
    case .initial(var program):
      program.resume(thread: entry, script: &script)
      let events = program.drainEvents().map(SystemEvent.genode)
      self = .initial(program)
      return events
    case .timer(var program):
      program.resume(thread: entry, script: &script)
      let events = program.drainEvents().map(SystemEvent.genode)
      self = .timer(program)
      return events
    case .checkpointer(var program):
      program.resume(thread: entry, script: &script)
      let events = program.drainCheckpointEvents().map(SystemEvent.checkpoint)
      self = .checkpointer(program)
      return events
    case .scripted(var program):
      program.resume(thread: entry, script: &script)
      self = .scripted(program)
      return []
    }
  }
}

/// A happening of any layer, in that layer's own vocabulary.
public enum SystemEvent: Hashable, Sendable {
  case kernel(KernelEvent)
  case genode(GenodeEvent)
  case checkpoint(CheckpointEvent)
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
    guard let action = actions.first else {
      return try script.compute(picoseconds: 1 << 60)
    }
    _ = try script.perform(action)
    actions.removeFirst()
  }

  public mutating func drainEvents() -> [GenodeEvent] { [] }
}
