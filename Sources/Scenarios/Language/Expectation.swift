/// What the author says must come out.
public struct Expectation: Hashable, Sendable {
  public var position: Position
  public var claim: Claim

  public enum Claim: Hashable, Sendable {
    /// `{ "log": "counter", "is": ["1 sheep", "..."] }`
    case log(component: Name, is: [LinePattern])
    /// `{ "restored": "c1", "verdict": "equivalent", "recovery point": "<=100ms", "recovery time": "<30ms" }`
    case restored(checkpoint: Name, verdict: Verdict, recovery: RecoveryBounds = RecoveryBounds())
    /// `{ "exposed": "c1", "is": 0 }`: lines that came out of a state which the restore of `c1` has undone.
    case exposed(checkpoint: Name, Comparison)
    /// `{ "deadlines": "met" }`, `{ "deadlines": { "job": "control", "missed": ">0" } }`
    case deadlines(job: Name?, missed: Comparison)
    /// `{ "thread": "server/ep", "sees": "error 7" }`
    case thread(ScopedName, sees: Observation)
    /// `{ "error": "Out_of_metadata", "in": "counter" }`
    case error(Name, component: Name?)
    /// `{ "outcome": "stuck" }`
    case outcome(Outcome)
    /// `{ "count": "pageFault", "is": ">0" }`: how often a kind of record occurs in the trace.
    case count(Name, Comparison)
    /// `{ "variable": "counter/sheep", "is": 9 }` at the end of the run.
    case variable(ScopedName, Comparison)
  }
}

/// What a restore may have cost: how much was lost, and how long it took.
public struct RecoveryBounds: Hashable, Sendable {
  /// From the restored state to the end of its component.
  public var point: SpanComparison?
  /// From the end of the component to its next completed job.
  public var time: SpanComparison?

  public init(point: SpanComparison? = nil, time: SpanComparison? = nil) {
    self.point = point
    self.time = time
  }
}

/// `"100ms"`, `"<=100ms"`.
public struct SpanComparison: Hashable, Sendable {
  /// Of picoseconds.
  public var comparison: Comparison
  /// As the author wrote it.
  public var text: String

  public init(_ comparison: Comparison, text: String) {
    self.comparison = comparison
    self.text = text
  }
}

/// One expected line: texts with anything between them; `anyLines` stands for any number of lines, also none.
public enum LinePattern: Hashable, Sendable {
  case anyLines
  /// `"a...b"` has the pieces "a" and "b"; one piece means the whole line.
  case line([String])
}

public enum Verdict: String, Hashable, Sendable, CaseIterable {
  case equivalent, harmless, divergent, duplicated, lost, stuck, crashed, late
}

public enum Outcome: String, Hashable, Sendable, CaseIterable {
  /// By the timeline's `stop`.
  case stopped
  /// Every thread has exited.
  case finished
  case stuck
  case limit
}

/// What a thread sees from the kernel.
public enum Observation: Hashable, Sendable {
  /// `"error 7"`: an IPC came back with this code.
  case error(Int)
  /// `"no error"`: every IPC of the thread came back with code 0.
  case noError
  /// `"page fault"`: a fault that no pager resolved.
  case pageFault
  case exception
}

/// `5`, `">0"`, `"<=3"`.
public struct Comparison: Hashable, Sendable {
  public var relation: Relation
  public var value: Int64

  public enum Relation: String, Hashable, Sendable, CaseIterable {
    case equal = "==", notEqual = "!=", lessOrEqual = "<=", greaterOrEqual = ">=", less = "<", greater = ">"
  }

  public init(_ relation: Relation, _ value: Int64) {
    self.relation = relation
    self.value = value
  }

  public func holds(for found: Int64) -> Bool {
    switch relation {
    case .equal: found == value
    case .notEqual: found != value
    case .lessOrEqual: found <= value
    case .greaterOrEqual: found >= value
    case .less: found < value
    case .greater: found > value
    }
  }
}
