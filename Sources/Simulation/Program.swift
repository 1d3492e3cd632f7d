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

  mutating func resume(thread entry: Int, script: inout Script) -> UserAction {
    switch self {
    case .core(var program):
      self = .vacant
      defer { self = .core(program) }
      return program.resume(thread: entry, script: &script)
    case .initial(var program):
      self = .vacant
      defer { self = .initial(program) }
      return program.resume(thread: entry, script: &script)
    case .timer(var program):
      self = .vacant
      defer { self = .timer(program) }
      return program.resume(thread: entry, script: &script)
    case .checkpointer(var program):
      self = .vacant
      defer { self = .checkpointer(program) }
      return program.resume(thread: entry, script: &script)
    case .scripted(var program):
      self = .vacant
      defer { self = .scripted(program) }
      return program.resume(thread: entry, script: &script)
    }
  }

  /// Stands in while the program's state is moved out, so that its tables are never copied.
  private static var vacant: Program { .scripted(ScriptedProgram(kind: .core, actions: [])) }

  /// Images for another node. Every other program has none.
  mutating func takeDispatched() -> [DispatchedImage] {
    guard case .checkpointer(var program) = self else { return [] }
    self = .vacant
    defer { self = .checkpointer(program) }
    return program.takeDispatched()
  }

  /// True if the program can take an image.
  mutating func receive(_ content: DispatchedImage) -> Bool {
    guard case .checkpointer(var program) = self else { return false }
    self = .vacant
    defer { self = .checkpointer(program) }
    program.receive(content.image, as: content.name)
    return true
  }

  mutating func drainEvents() -> [SystemEvent] {
    switch self {
    case .core(var program):
      self = .vacant
      defer { self = .core(program) }
      return program.drainEvents().map(SystemEvent.genode)
    case .initial(var program):
      self = .vacant
      defer { self = .initial(program) }
      return program.drainEvents().map(SystemEvent.genode)
    case .timer(var program):
      self = .vacant
      defer { self = .timer(program) }
      return program.drainEvents().map(SystemEvent.genode)
    case .checkpointer(var program):
      self = .vacant
      defer { self = .checkpointer(program) }
      return program.drainCheckpointEvents().map(SystemEvent.checkpoint)
    case .scripted: return []
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
