import Determinism
import FiascoABI
import RISCV

/// A thread control block: plain data, no references.
///
/// Models `Thread` with its `Context`, `Receiver`, `Sender` and `Sched_context` parts.
public struct Thread: BitwiseCopyable, Sendable {
  // Identity
  public let object: ObjectID
  public var task: TaskID = .none
  /// Virtual address of the UTCB, and the frame and offset behind it.
  public var utcbAddress: UInt64 = 0
  public var utcbFrame: Int32 = -1
  public var utcbOffset: UInt16 = 0
  /// Unique over the whole run: a slot is reused, a serial number never.
  public var serial: UInt64 = 0

  // State
  public var flags: ThreadFlags = [.dead]
  public var phase: IPCPhase = .none
  public var entry: KernelEntry = .user
  public var continuation: Continuation = .user

  // IPC in flight (the system call's frame)
  /// Receive partner of the operation; none in an open wait. Stale outside an IPC, as in the original.
  public var partner: SenderID = .none
  public var timeouts = IPCTimeouts.never
  /// Why the last operation failed; meaningful only while `tag` has the error bit.
  public var lastError = IPCError.notExistent
  /// Tag of the running operation: what is sent, later what was received.
  public var tag = MessageTag()
  /// Label to send, later the label received.
  public var label: UInt64 = 0
  /// Rights of the capability used for sending (CW = 1, CS = 2), plus bit 7: reply.
  public var sendRights: UInt8 = 0
  public var hasReceivePhase = false
  /// The reply capability of the received call goes to this explicit slot; -1 the implicit one (profile `modern`).
  public var replySlot: Int32 = -1
  /// Where the thread stands in a sender queue.
  public var queuedAt = ThreadID.none
  public var queuedAtGate: Int32 = -1
  public var queueNext = SenderID.none
  public var queuePrevious = SenderID.none
  public var queuedPriority: UInt8 = 0
  /// Senders that wait for this thread, highest priority first.
  public var firstSender = SenderID.none

  // Reply capability (K3)
  /// Who called this thread and waits for its reply.
  public var caller = ThreadID.none
  public var callerRights: UInt8 = 0
  /// Whose reply slot names this thread (profile `modern`: a back pointer), and which explicit slot; -1 implicit.
  public var awaitedFrom = ThreadID.none
  public var awaitedSlot: Int32 = -1

  // Faults
  /// Selectors in the thread's own task; a new thread has the invalid one.
  public var pager = Thread.noSelector
  public var exceptionHandler = Thread.noSelector
  public var faultAddress: UInt64 = 0
  public var faultCause: UInt64 = 0
  /// Message and buffer registers that a kernel-made message displaces: MR0, MR1, BDR, BR0, BR1.
  public var saved: SavedRegisters = SavedRegisters()
  /// An alien thread's permitted system call is running: its handler is told when it is over.
  public var alienReturn = false

  // Scheduling
  public var priority: UInt8 = 1
  public var quantum = TimeSpan.milliseconds(10)
  public var left = TimeSpan.milliseconds(10)
  public var readyNext = ThreadID.none
  public var readyPrevious = ThreadID.none
  /// When the IPC timeout fires; never if none is armed.
  public var deadline = Instant.never
  public var consumed = TimeSpan.picoseconds(0)

  // Deletion
  /// Gates and IRQs that still refer to the thread keep its control block.
  public var internalReferences: UInt32 = 0
  /// Triggered when a gate to the thread dies; -1 none was registered, -2 the registered one is gone.
  public var deletionIRQ: Int32 = -1

  public init(object: ObjectID) { self.object = object }
}

/// What the kernel keeps of a user's UTCB while it uses it for a message of its own.
public struct SavedRegisters: BitwiseCopyable, Sendable {
  public var message0: UInt64 = 0
  public var message1: UInt64 = 0
  public var descriptor: UInt64 = 0
  public var buffer0: UInt64 = 0
  public var buffer1: UInt64 = 0
  public init() {}
}

extension Thread {
  /// Names no slot: every bit above the slot's offset is set (observed in conformance threadctl/05).
  public static let noSelector: UInt64 = ~0xfff

  public var isReady: Bool { flags.contains(.ready) }
  public var isDead: Bool { flags.contains(.dead) }
}
