import Determinism

/// What one run of a scenario showed, as plain values: the only thing that expectations and reports read.
///
/// Lists are in the order of happening; what has no time stands in the order of the scenario file.
public struct RunRecord: Hashable, Sendable {
  public var scenario: ScenarioHeading
  public var machine: MachineHeading
  public var ending: RunEnding
  /// Simulated time at the end.
  public var end: Instant
  public var instructions: UInt64
  public var traceDigest: StateDigest
  /// What the scenario's timeline did to the machine.
  public var marks: [TimelineMark] = []
  public var log: [LoggedLine] = []
  public var components: [ComponentRecord] = []
  public var jobs: [JobStreamRecord] = []
  public var checkpoints: [CheckpointRecord] = []
  public var restores: [RestoreRecord] = []
  public var threads: [ThreadRecord] = []
  /// In the order in which components first ran.
  public var processors: [ProcessorUse] = []
  public var complaints: [Complaint] = []
  public var counts: [EventCount] = []
  public var variables: [FinalVariable] = []
  public var expectations: [CheckedExpectation] = []

  public init(
    scenario: ScenarioHeading, machine: MachineHeading, ending: RunEnding, end: Instant, instructions: UInt64 = 0,
    traceDigest: StateDigest = StateDigest()
  ) {
    self.scenario = scenario
    self.machine = machine
    self.ending = ending
    self.end = end
    self.instructions = instructions
    self.traceDigest = traceDigest
  }
}

public struct ScenarioHeading: Hashable, Sendable {
  /// As the user named it.
  public var file: String
  public var title: String
  public var about: String?

  public init(file: String, title: String, about: String? = nil) {
    self.file = file
    self.title = title
    self.about = about
  }
}

public struct MachineHeading: Hashable, Sendable {
  public var platform: CostTable
  public var kernel: KernelChoice
  /// Nil without Genode.
  public var genode: GenodeDescription?

  public init(platform: CostTable, kernel: KernelChoice, genode: GenodeDescription? = nil) {
    self.platform = platform
    self.kernel = kernel
    self.genode = genode
  }
}

/// Why a run ended.
public enum RunEnding: Hashable, Sendable {
  /// By the timeline's `stop`.
  case stopped
  /// Every thread of every component has come to its end.
  case finished
  /// Nobody will ever run again, and not everybody has come to an end.
  case stuck
  /// A thread repeats a failing system call while nothing else happens.
  case livelock(thread: ThreadName, error: Int, repetitions: UInt64)
  /// A thread executes instructions for ever, without a system call and without letting time pass.
  case spinning(thread: ThreadName, instructions: UInt64)
  /// The real kernel would not survive what happened.
  case kernelStopped(reason: String)
  /// A named limit was hit; what was computed so far stands in the record.
  case limit(name: String, value: UInt64)

  /// The word of the scenario language for it.
  public var outcome: Outcome {
    switch self {
    case .stopped: .stopped
    case .finished: .finished
    case .stuck, .livelock, .spinning, .kernelStopped: .stuck
    case .limit: .limit
    }
  }
}

/// An entry of the timeline that was carried out.
public struct TimelineMark: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable {
    case checkpoint, kill, restore, stop, signal, interrupt, start, pause, resume, detach
  }
  public var at: Instant
  public var kind: Kind
  /// The checkpoint, component or signal.
  public var name: String

  public init(at: Instant, kind: Kind, name: String = "") {
    self.at = at
    self.kind = kind
    self.name = name
  }
}

public struct LoggedLine: Hashable, Sendable {
  public var at: Instant
  public var component: String
  public var text: String

  public init(at: Instant, component: String, text: String) {
    self.at = at
    self.component = component
    self.text = text
  }
}

/// Something that a system component said went wrong, under the name it has there.
public struct Complaint: Hashable, Sendable {
  public var at: Instant
  public var name: String
  public var component: String
  public var text: String

  public init(at: Instant, name: String, component: String, text: String) {
    self.at = at
    self.name = name
    self.component = component
    self.text = text
  }
}

/// How often a kind of record occurred in the trace.
public struct EventCount: Hashable, Sendable {
  public var name: String
  public var count: UInt64

  public init(_ name: String, _ count: UInt64) {
    self.name = name
    self.count = count
  }
}

/// A variable of the scenario at the end of the run; no value if its memory cannot be reached any more.
public struct FinalVariable: Hashable, Sendable {
  public var component: String
  public var name: String
  public var value: Int64?

  public init(component: String, name: String, value: Int64?) {
    self.component = component
    self.name = name
    self.value = value
  }
}
