/// Upper bounds of everything that can grow, so that a wrong scenario ends with a sentence and not with a full disk.
///
/// A scenario or a flag may raise each of them. Reaching one is an input error (`LimitReached`), never a crash.
public struct Limits: Hashable, Sendable {
  /// Threads of all nodes together.
  public var threads = 100_000
  /// Tasks of all nodes together.
  public var tasks = 10_000
  /// Slots of one task's object space.
  public var capabilitiesPerTask = 1 << 20
  /// Kernel objects of one node that are neither threads nor tasks.
  public var kernelObjects = 1_000_000
  /// Events taken from the queue in one run.
  public var events = 50_000_000
  /// Records a sink keeps in memory.
  public var traceRecords = 1_000_000
  /// Host bytes for simulated RAM, all forks included.
  public var simulatorMemoryBytes = 4 << 30
  /// Depth of nested values in an input file, and of calls in a scenario program.
  public var nesting = 64
  /// Bytes of one file read or written.
  public var fileBytes = 64 << 20
  /// Instructions of one run.
  public var instructions: UInt64 = 1_000_000_000_000
  /// Instructions a thread may execute without a trap, an event or passing time before the run is called stuck.
  public var instructionsWithoutProgress: UInt64 = 100_000_000
  /// Events at one and the same instant before the run is called stuck.
  public var eventsAtOneInstant = 1_000_000
  /// Bytes of log output of one run.
  public var outputBytes = 16 << 20
  /// Snapshots kept for time travel.
  public var snapshots = 10_000
  /// Findings listed one by one in a report.
  public var findings = 1_000

  public init() {}
}

/// A run stopped because something reached its named bound; what was computed so far is still reported.
public struct LimitReached: Error, Hashable, Sendable {
  /// The name of the property of `Limits`, which is also its name in a scenario.
  public var limit: String
  /// The bound that was in force.
  public var value: UInt64

  public init(limit: String, value: UInt64) {
    self.limit = limit
    self.value = value
  }

  public init(limit: String, value: Int) {
    self.init(limit: limit, value: UInt64(value))
  }
}
