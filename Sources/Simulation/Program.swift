import FiascoABI
import FiascoKernel
import FiascoMachine
import Genode

/// Every program written in Swift that a task can run: a closed set.
public enum Program: Sendable {
  case scripted(ScriptedProgram)

  var kind: NativeEntry.Kind {
    switch self {
    case .scripted(let program): program.kind
    }
  }

  mutating func resume(thread entry: Int, script: inout Script) -> UserAction {
    switch self {
    case .scripted(var program):
      let action = program.resume(thread: entry, script: &script)
      self = .scripted(program)
      return action
    }
  }

  mutating func drainEvents() -> [SystemEvent] { [] }
}

/// A happening of any layer, in that layer's own vocabulary.
public enum SystemEvent: Hashable, Sendable {
  case kernel(KernelEvent)
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
}
