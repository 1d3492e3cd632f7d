import Determinism
import FiascoABI

/// Thrown by `Script` when the next action has no result yet: the step is abandoned, the action is carried out by
/// the simulated machine, and the step runs again from its start with one more result.
public struct Suspension: Error {
  public init() {}
}

/// Lets a native program be written as straight-line code although it is a value that can be forked at any instant.
///
/// A step is a function of (the program's committed state, the results so far). It asks for actions one after the
/// other; results that exist are replayed, the first missing one suspends the step, and every change the step made
/// is thrown away. When a step returns, its changes are committed and the results are forgotten. So a step must be
/// short (tens of actions); a loop over many things is one step per thing.
public struct Script: Hashable, Sendable {
  struct Happened: Hashable, Sendable {
    var action: UserAction
    var result: UserActionResult
  }

  private(set) var history: [Happened] = []
  private var cursor = 0
  /// The action a suspended step waits for.
  public private(set) var pending: UserAction?

  public init() {}

  /// Whether an action has yet to happen.
  public var isSuspended: Bool { if case .some = pending { true } else { false } }

  /// The result of `action`; suspends the step if it has none yet.
  ///
  /// A step that asks for another action than the last time has let its control flow depend on state that another
  /// thread of the program changed meanwhile; that is a defect, found here rather than as a wrong result.
  public mutating func perform(_ action: UserAction) throws(Suspension) -> UserActionResult {
    if cursor < history.count {
      precondition(history[cursor].action == action, "a replayed step must ask for the same actions in the same order")
      cursor += 1
      return history[cursor - 1].result
    }
    pending = action
    throw Suspension()
  }

  /// Called by the host: the pending action has happened.
  public mutating func complete(_ result: UserActionResult) {
    guard let action = pending else { preconditionFailure("only a pending action can be completed") }
    history.append(Happened(action: action, result: result))
    pending = nil
  }

  public mutating func rewind() { cursor = 0 }

  public mutating func commit() {
    precondition(cursor == history.count, "a replayed step must use every result it asked for")
    history.removeAll(keepingCapacity: true)
    cursor = 0
    pending = nil
  }
}

extension Script {
  public mutating func invoke(_ call: SystemCall) throws(Suspension) -> SystemCallResult {
    guard case .returned(let result) = try perform(.invoke(call)) else {
      preconditionFailure("a system call must be completed with its result")
    }
    return result
  }

  /// The call for each of so many consecutive pages; its last word names the first one.
  mutating func invokeForPages(_ call: SystemCall, _ pages: Int) throws(Suspension) {
    guard pages > 0, let last = call.words.indices.last else { return }
    _ = try perform(.invokeSeries(call, count: pages, word: last, step: 4096))
  }

  public mutating func compute(picoseconds: UInt64) throws(Suspension) {
    if picoseconds > 0 { _ = try perform(.compute(picoseconds: picoseconds)) }
  }

  public mutating func copy(to: UInt64, from: UInt64, bytes: UInt64) throws(Suspension) {
    _ = try perform(.copy(to: to, from: from, bytes: bytes))
  }

  public mutating func fill(_ address: UInt64, bytes: UInt64, value: UInt8 = 0) throws(Suspension) {
    _ = try perform(.fill(address: address, bytes: bytes, value: value))
  }

  public mutating func read(_ address: UInt64, count: Int) throws(Suspension) -> [UInt64] {
    guard case .words(let words) = try perform(.read(address: address, count: count)) else {
      preconditionFailure("a read must be completed with words")
    }
    return words
  }

  /// Microseconds of the kernel clock.
  public mutating func readClock() throws(Suspension) -> UInt64 {
    guard case .words(let words) = try perform(.readClock), let clock = words.first else {
      preconditionFailure("a clock reading must be completed with one word")
    }
    return clock
  }

  public mutating func write(_ address: UInt64, _ words: [UInt64]) throws(Suspension) {
    _ = try perform(.write(address: address, words: words))
  }
}

/// Behaviour of a system component that is written in Swift instead of machine code.
///
/// It has a task, threads, a capability table and page faults like everybody else.
public protocol NativeProgram: Hashable, Sendable {
  /// One committed step of the thread that entered at `entry` (0 is the main thread).
  mutating func step(thread entry: Int, script: inout Script) throws(Suspension)

  /// Takes the records of the steps committed since the last call; they are history, not state.
  mutating func drainEvents() -> [GenodeEvent]
}

extension NativeProgram {
  /// Feeds the whole state, for comparing machines. Slow (it goes through the textual form), hence never while running.
  public func digest(into digest: inout StateDigest) { digest.combine(String(reflecting: self)) }

  /// Runs steps until one needs an action that has not happened yet; that action is `script.pending`.
  public mutating func resume(thread entry: Int, script: inout Script) -> UserAction {
    while true {
      var attempt = self
      script.rewind()
      do {
        try attempt.step(thread: entry, script: &script)
        self = attempt
        script.commit()
      } catch {
        guard let action = script.pending else { preconditionFailure("a suspended step must name its action") }
        return action
      }
    }
  }
}

/// Addresses at which native programs start: a thread of a task that begins here runs Swift code of that program.
public enum NativeEntry {
  public static let base: UInt64 = 0x7000_0000
  public static let programStride: UInt64 = 0x10_0000
  public static let threadStride: UInt64 = 0x1000

  public enum Kind: UInt64, Sendable, CaseIterable { case core, initial, timer, checkpointer }

  /// The instruction pointer at which thread `thread` of program `kind` starts.
  public static func address(_ kind: Kind, thread: Int = 0) -> UInt64 {
    base + kind.rawValue * programStride + UInt64(thread) * threadStride
  }

  public static func decode(_ ip: UInt64) -> (kind: Kind, thread: Int)? {
    guard ip >= base, let kind = Kind(rawValue: (ip - base) / programStride) else { return nil }
    return (kind, Int((ip - base) % programStride / threadStride))
  }
}
