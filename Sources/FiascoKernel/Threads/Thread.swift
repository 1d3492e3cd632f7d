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
  /// Senders that wait for this thread, highest priority first; and where somebody goes on who changes their labels.
  public var firstSender = SenderID.none
  var nextModified = SenderID.none

  // Reply capability (K3)
  /// Who called this thread and waits for its reply.
  public var caller = ThreadID.none
  public var callerRights: UInt8 = 0
  /// Whose reply slot names this thread (profile `modern`: a back pointer), and the entry of the explicit slot; -1 implicit.
  public var awaitedFrom = ThreadID.none
  public var awaitedEntry: Int32 = -1

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
  /// Index into the table of kernel-user memory beside the UTCB; -1 without.
  var areas: Int32 = -1
  /// The unbound gate where the thread waited, until it has run again; or the gate whose waiters it is waking.
  var waitedGate: Int32 = -1

  /// Where the floating-point registers are saved; -1 as long as none were used.
  var fpuState: Int32 = -1

  // Scheduling
  /// Home core: the thread stands in the lists of no other.
  public var core: UInt8 = 0
  public var priority: UInt8 = 1
  public var schedulingClass = SchedulingClass.fixedPriority
  /// Share of a fair thread.
  public var weight: UInt64 = 1
  /// What orders a thread of the classes below the priorities: its virtual deadline or its deadline, in microseconds.
  public var rank: UInt64 = 0
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
  /// IRQ object or semaphore that fires when a gate to the thread dies.
  public var deletionObserver = ObjectID.none

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
  /// What run_thread has set. A fair thread's virtual deadline is no parameter: it stays.
  public internal(set) var schedulingParameters: SchedulingParameters {
    get {
      SchedulingParameters(
        schedulingClass: schedulingClass, priority: priority, quantum: quantum, weight: weight,
        deadline: schedulingClass == .deadline ? rank : 0)
    }
    set {
      if newValue.schedulingClass == .deadline {
        rank = newValue.deadline
      } else if schedulingClass == .deadline {
        rank = 0
      }
      schedulingClass = newValue.schedulingClass
      priority = newValue.priority
      quantum = newValue.quantum
      weight = newValue.weight
    }
  }

  /// Names no slot: every bit above the slot's offset is set (observed in conformance threadctl/05).
  public static let noSelector: UInt64 = ~0xfff

  @inline(__always) public var isReady: Bool { flags.contains(.ready) }
  @inline(__always) public var isDead: Bool { flags.contains(.dead) }

  /// Frame of the UTCB and its place in it.
  @inline(__always) var utcb: (frame: Int, offset: Int) { (Int(utcbFrame), Int(utcbOffset)) }
}

// What is looked at or changed together: one access to the thread table each.
extension Thread {
  /// Whether the thread takes a message from this sender right now.
  ///
  /// Models `Receiver::sender_ok`: exactly waiting, and open with nobody before us, or closed for us.
  @inline(__always) func accepts(_ sender: SenderID) -> Bool {
    guard phase == .receiveWait else { return false }
    if partner.isNone { return firstSender.isNone || firstSender == sender }
    return partner == sender
  }

  /// Whose place it is in the queue, and whom the thread wants to hear.
  @inline(__always) var queue: (first: SenderID, partner: SenderID) { (firstSender, partner) }

  /// Where the thread stands inside the kernel.
  @inline(__always) var position: (flags: ThreadFlags, continuation: Continuation) { (flags, continuation) }

  /// The running operation, as the decision needs it who runs after a delivery.
  @inline(__always) var receivePhase: (isThere: Bool, isClosed: Bool, timeout: IPCTimeout) {
    (hasReceivePhase, !partner.isNone, timeouts.receive)
  }

  /// What the thread sends, and whether it then waits for `receiver` alone: a call.
  @inline(__always)
  func message(to receiver: ThreadID) -> (tag: MessageTag, label: UInt64, rights: UInt8, isCall: Bool) {
    (tag.withError(false), label, sendRights, hasReceivePhase && partner == SenderID(thread: receiver))
  }

  /// The thread enters the kernel by a system call: a cancel that found it in user mode is lost on most ports, and so is
  /// the value of the trap before. Returns its flags.
  @inline(__always)
  mutating func takeTrap(keepsCancel: Bool) -> ThreadFlags {
    if !keepsCancel { flags.remove(.cancel) }
    faultAddress = 0
    return flags
  }

  /// Whoever wakes a blocked thread first does it for all.
  @inline(__always) mutating func becomeReady() {
    flags.insert(.ready)
    flags.remove(.wakePending)
  }

  /// Takes the request of a system call; from now on the thread is inside the kernel.
  mutating func enter(tag: MessageTag, timeouts: IPCTimeouts, label: UInt64) {
    entry = .systemCall
    continuation = .finish
    self.tag = tag
    self.timeouts = timeouts
    self.label = label
    hasReceivePhase = false
    replySlot = -1
  }

  /// Begins an IPC operation with this receive phase.
  mutating func begin(_ receive: ReceivePhase) {
    flags.subtract([.timeout, .transferFailed])
    tag = tag.withError(false)
    switch receive {
    case .none:
      hasReceivePhase = false
      partner = .none
    case .open:
      hasReceivePhase = true
      partner = .none
    case .closed(let sender):
      hasReceivePhase = true
      partner = sender
    }
  }

  /// The send phase is over with success. The receive phase begins together with the delivery: there is no window in
  /// which the reply could be lost.
  mutating func endSend() {
    phase = hasReceivePhase ? .receiveWait : .none
    continuation = hasReceivePhase ? .receive : .finish
    if !hasReceivePhase { flags.remove(.cancel) }
  }

  /// A message has come: the thread is ready and finishes its operation when it runs.
  mutating func endReceive(tag: MessageTag, label: UInt64) {
    self.tag = tag
    self.label = label
    endReceive()
  }

  mutating func endReceive() {
    phase = .none
    continuation = .finish
    flags.insert(.ready)
    flags.subtract([.timeout, .cancel, .wakePending])
    // A reply ends the call: nobody owes this thread an answer any more.
    awaitedFrom = .none
    awaitedEntry = -1
    deadline = .never
  }

  /// The operation is over; returns what it was for and what a system call gives: a tag, a label if it received, and
  /// whether an alien's handler is to be told.
  mutating func leaveOperation() -> (purpose: KernelEntry, tag: MessageTag, label: UInt64?, isAlien: Bool) {
    let result = (entry, tag, hasReceivePhase ? label : nil, alienReturn)
    if entry == .systemCall { hasReceivePhase = false }
    continuation = .user
    entry = .user
    replySlot = -1
    return result
  }
}
