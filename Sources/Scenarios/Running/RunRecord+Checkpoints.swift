import CheckpointRestore
import Determinism

/// One checkpoint of a component: how long each part took, and what was taken.
public struct CheckpointRecord: Hashable, Sendable {
  /// When a part of the work was done.
  public struct Span<Part: Hashable & Sendable>: Hashable, Sendable {
    public var part: Part
    public var from: Instant
    public var duration: TimeSpan

    public init(_ part: Part, from: Instant, duration: TimeSpan) {
      self.part = part
      self.from = from
      self.duration = duration
    }
  }
  /// A thread as the checkpointer found it.
  public struct CapturedThread: Hashable, Sendable {
    public var name: ThreadName
    public var situation: ThreadImage.Situation

    public init(name: ThreadName, situation: ThreadImage.Situation) {
      self.name = name
      self.situation = situation
    }
  }

  public struct DeliveredError: Hashable, Sendable {
    public var name: ThreadName
    public var code: Int

    public init(name: ThreadName, code: Int) {
      self.name = name
      self.code = code
    }
  }

  /// The original goes on.
  public enum Repair: Hashable, Sendable {
    /// A caller waits again for the thread that held its request.
    case callerRecreated(caller: String, holder: String)
    /// A call whose request had been taken is made again: it is served at least once.
    case callRepeated(thread: String)
    /// A message whose tag is lost is sent again without its words.
    case emptyMessage(thread: String)
  }

  /// One pass over the memory while the component ran: copied up to its end, and touched again by then, bytes.
  public struct Round: Hashable, Sendable {
    public var bytes: UInt64
    public var remaining: UInt64

    public init(bytes: UInt64, remaining: UInt64) {
      self.bytes = bytes
      self.remaining = remaining
    }
  }

  public var name: String
  public var component: String
  public var at: Instant
  /// From the order to a complete image.
  public var total: TimeSpan?
  public var rounds: [Round] = []
  public var stop: PreCopyStop?
  /// Memory whose accesses the checkpointer carries out from here on, bytes.
  public var bytesMirrored: UInt64 = 0
  /// Faults that the strategy caused in the component, until the next checkpoint.
  public var faults = FaultService()
  public var phases: [Span<CheckpointPhase>] = []
  /// Of the work while the component was frozen; one begins where the last one ended.
  public var steps: [Span<CheckpointStep>] = []
  public var counts = CheckpointTotals()
  public var threads: [CapturedThread] = []
  /// Errors that the original's threads were let go on with.
  public var delivered: [DeliveredError] = []
  /// Services of open sessions whose state is not in the image.
  public var leftOut: [String] = []
  /// Number of the image, if it was sent to another node.
  public var generation: UInt64?
  public var sent: Instant?
  /// When it was there whole; nil if it never was.
  public var received: Instant?
  /// What was done to threads of the original that were cut off, where it was not undone without a trace.
  public var repairs: [Repair] = []
  /// Why there is no image, if there is none.
  public var failure: String?
  /// Taken by an earlier run, and read from a file.
  public var isGiven = false

  public init(name: String, component: String, at: Instant) {
    self.name = name
    self.component = component
    self.at = at
  }

  /// The instant that the image is of: what was copied before it has been copied again if it was touched.
  public var frozenAt: Instant { phases.first { $0.part == .frozen }?.from ?? at }

  public func duration(of phase: CheckpointPhase) -> TimeSpan? { phases.first { $0.part == phase }?.duration }
}

/// Accesses that waited for the checkpointer.
public struct FaultService: Hashable, Sendable {
  public var count = 0
  /// From the moment the checkpointer learned of each to its end.
  public var time = TimeSpan.zero

  public init() {}
}

/// One restore: what became of each thread, and how the restored component behaves.
public struct RestoreRecord: Hashable, Sendable {
  public var checkpoint: String
  /// Name of the restored component.
  public var component: String
  public var at: Instant
  /// Until its threads run, and, where memory comes later, until all of it is there.
  public var duration: TimeSpan?
  public var complete: TimeSpan?
  /// Faults that were served because memory was not there yet.
  public var faults = FaultService()
  public var child: RestoredChild
  public var policy: BlockedThreadPolicy
  public var counts = CheckpointTotals()
  public var threads: [ThreadFate] = []
  /// Threads that ran already when they were given their registers: the kernel refused.
  public var ignoredStarts: [String] = []
  /// Callers that wait again for the threads that held their requests.
  public var recreated: [RecreatedCaller] = []
  public var judgement: Judgement?
  /// Lines that came out of a state that the restore has undone, oldest first.
  public var exposed: [ExposedOutput] = []
  /// Number of the node on which it was done.
  public var node = 0
  /// Of the image, if it came from another node.
  public var generation: UInt64?
  /// Work that was lost: from the restored state to the end of its component. Nil if the component lived on.
  public var recoveryPoint: TimeSpan?
  /// From the end of the component to its next completed job; without jobs, to the end of the restore.
  public var recoveryTime: TimeSpan?
  /// Why nothing was restored, if so.
  public var failure: String?

  public init(
    checkpoint: String, component: String, at: Instant, child: RestoredChild, policy: BlockedThreadPolicy
  ) {
    self.checkpoint = checkpoint
    self.component = component
    self.at = at
    self.child = child
    self.policy = policy
  }
}

public struct RecreatedCaller: Hashable, Sendable {
  public var caller: String
  public var holder: String

  public init(caller: String, holder: String) {
    self.caller = caller
    self.holder = holder
  }
}

/// What a restored thread met in its first moments.
public struct ThreadFate: Hashable, Sendable {
  /// The first answer of the kernel that the thread sees.
  public enum FirstSight: Hashable, Sendable {
    /// A failed IPC, its code from the UTCB.
    case error(code: Int)
    /// A message arrived.
    case message
    /// Blocked in a wait, and nothing has come until the end of the run.
    case waits
    /// Its message was not taken until the end of the run.
    case stillSends
    /// User code ran and made no system call.
    case runs
    /// It never executed an instruction.
    case nothing
  }
  public var name: ThreadName
  public var situation: ThreadImage.Situation
  public var sight: FirstSight
  public var at: Instant
  /// Whether the thread has blocked in a receive since, or got a message.
  public var hasWaited: Bool
  /// Errors of the same code in a row from the first one, without anything else in between.
  public var repetitions: UInt64
  /// A different error that followed the first one, and how often in a row.
  public var following: FollowingError?

  public struct FollowingError: Hashable, Sendable {
    public var code: Int
    public var repetitions: UInt64
    public init(code: Int, repetitions: UInt64) {
      self.code = code
      self.repetitions = repetitions
    }
  }

  public init(
    name: ThreadName, situation: ThreadImage.Situation, sight: FirstSight, at: Instant, hasWaited: Bool = false,
    repetitions: UInt64 = 0
  ) {
    self.name = name
    self.situation = situation
    self.sight = sight
    self.at = at
    self.hasWaited = hasWaited
    self.repetitions = repetitions
  }
}

/// How the machine with the restored component compares with one in which nothing was killed.
public struct Judgement: Hashable, Sendable {
  public var verdict: Verdict
  /// What was observed, one sentence each.
  public var reasons: [String]

  public init(_ verdict: Verdict, reasons: [String]) {
    self.verdict = verdict
    self.reasons = reasons
  }
}
