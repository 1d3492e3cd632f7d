import Determinism

/// A thread by the names of the scenario.
public struct ThreadName: Hashable, Comparable, Sendable, CustomStringConvertible {
  public var component: String
  public var thread: String

  public init(_ component: String, _ thread: String) {
    self.component = component
    self.thread = thread
  }

  public static func < (a: ThreadName, b: ThreadName) -> Bool { (a.component, a.thread) < (b.component, b.thread) }
  public var description: String { component.isEmpty ? thread : "\(component)/\(thread)" }
}

/// A component through all its lives.
public struct ComponentRecord: Hashable, Sendable {
  public struct Life: Hashable, Sendable {
    /// Number of the node.
    public var node = 0
    public var from: Instant
    public var until: Instant?
    /// When `Component::construct` was entered; a restored component must not enter it again.
    public var constructEntries: [Instant] = []
    /// The checkpoint this life began from.
    public var restoredFrom: String?
    public var exitValue: Int64?

    public init(from: Instant, restoredFrom: String? = nil) {
      self.from = from
      self.restoredFrom = restoredFrom
    }
  }
  public var name: String
  public var lives: [Life]

  public init(name: String, lives: [Life] = []) {
    self.name = name
    self.lives = lives
  }
}

/// One thread over the whole run: what it was told by the kernel, and where it stands at the end.
public struct ThreadRecord: Hashable, Sendable {
  public struct SeenError: Hashable, Sendable {
    /// The UTCB's error word: bit 0 tells the receive phase.
    public var code: Int
    public var count: UInt64
    public var first: Instant

    public init(code: Int, count: UInt64, first: Instant) {
      self.code = code
      self.count = count
      self.first = first
    }
  }
  public var name: ThreadName
  public var standing: ThreadStanding
  /// By error code.
  public var errors: [SeenError] = []
  public var messages: UInt64 = 0
  /// Page faults that nobody resolved.
  public var strandedFaults: [FaultPlace] = []
  public var exceptions: [FaultPlace] = []

  public init(name: ThreadName, standing: ThreadStanding) {
    self.name = name
    self.standing = standing
  }
}

/// A fault of user code: where, and what was touched.
public struct FaultPlace: Hashable, Sendable {
  public var at: Instant
  public var ip: UInt64
  /// Address for a page fault, cause for an exception.
  public var value: UInt64
  /// The function or statement the instruction belongs to, if it is known.
  public var symbol: String?

  public init(at: Instant, ip: UInt64, value: UInt64, symbol: String? = nil) {
    self.at = at
    self.ip = ip
    self.value = value
    self.symbol = symbol
  }
}

/// What a thread is doing at an instant, in the words of the kernel's interface.
public enum ThreadStanding: Hashable, Sendable {
  case running
  /// Blocked in a receive from anybody; `afterReply` if the system call was reply_and_wait.
  case waitsForAnybody(afterReply: Bool)
  /// Blocked in a receive from one partner; `afterCall` if the partner has the request.
  case waitsFor(partner: String, afterCall: Bool)
  /// Its message has not been taken.
  case sendsTo(partner: String)
  case sleepsUntil(Instant)
  case waitsForPager(address: UInt64)
  case waitsForExceptionHandler
  case waitsForSemaphore
  case atUnboundGate
  /// A fault or exception that has no handler: blocked for ever.
  case stranded
  case neverStarted
  /// Reached the end of its program.
  case exited
  case killed

  /// Whether the thread has come to an end, as opposed to waiting for something.
  public var isOver: Bool {
    switch self {
    case .exited, .killed, .neverStarted: true
    default: false
    }
  }
}
