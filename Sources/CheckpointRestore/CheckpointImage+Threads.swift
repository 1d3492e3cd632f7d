/// One thread as the checkpointer found it.
///
/// Models `Stored_cpu_thread_info`, plus the UTCB, which belongs to no dataspace and is lost without it.
public struct ThreadImage: Hashable, Codable, Sendable {
  /// What the thread was doing in the kernel when it was sampled, as far as the checkpointer can tell.
  public enum Situation: String, Hashable, Codable, Sendable, CaseIterable {
    /// In user code: registers are the whole truth.
    case runnable
    /// Blocked before its message was taken; the whole call can be issued again.
    case sendPhase
    /// Its message was taken, the answer is outstanding; only the receive half may be issued again.
    case callReceivePhase
    /// Waits for anybody; nothing is owed to it.
    case openWait
    /// Waits for anybody after a reply that may or may not have gone out.
    case replyAndWait
    /// Waits for one partner (also: for the end of a timeout).
    case closedReceive
    /// Waits for its pager.
    case pageFault
    case unknown
  }

  /// Register file size: x0...x31.
  public static let registerCount = 32
  /// UTCB size in words; an image may also leave the UTCB out (no words).
  public static let utcbWordCount = 128

  public var name: String
  /// The kernel's own number of the thread, for people who compare with a trace; means nothing after a restore.
  public var kernelID: UInt64
  /// x0...x31; x0 is always 0.
  public var registers: [UInt64]
  public var pc: UInt64
  /// False if the registers are those of an earlier exception, because the thread was inside a system call.
  public var registersValid: Bool
  public var utcbAddress: UInt64
  public var utcb: [UInt64]
  public var priority: UInt32
  /// False if the thread object exists but was never started: it has no registers worth restoring.
  public var started: Bool
  public var situation: Situation
  /// The UTCB's error word when the thread was sampled.
  public var errorCode: UInt64
  /// Tag of the system call that was cut off; nil if there was none or the cancel destroyed it.
  public var sendTag: UInt64? = nil
  /// The machine's status word of the exception, sanitised by the kernel when it is given back.
  public var status: UInt64 = 0
  /// Badge under which the component knows the thread's CPU session object.
  public var badge: UInt64 = 0
  /// Badge of the thread's own gate.
  public var gateBadge: UInt64 = 0
  public var cpu: UInt32 = 0
  /// Paused by the component itself: it is restored to a stop.
  public var paused = false
  /// A thread of another component, as "component/thread", that waited for an answer of this one; nil if nobody did, or
  /// nobody looked.
  public var outsideCaller: String? = nil
  /// Signal context of the component for the thread's exceptions; 0 for none.
  public var exceptionHandlerBadge: UInt64 = 0

  public init(
    name: String, kernelID: UInt64 = 0, registers: [UInt64] = [UInt64](repeating: 0, count: registerCount),
    pc: UInt64 = 0, registersValid: Bool = true, utcbAddress: UInt64 = 0, utcb: [UInt64] = [],
    priority: UInt32 = 0, started: Bool = true, situation: Situation = .runnable, errorCode: UInt64 = 0
  ) {
    self.name = name
    self.kernelID = kernelID
    self.registers = registers
    self.pc = pc
    self.registersValid = registersValid
    self.utcbAddress = utcbAddress
    self.utcb = utcb
    self.priority = priority
    self.started = started
    self.situation = situation
    self.errorCode = errorCode
  }
}
