import FiascoABI

/// An IPC gate: messages sent to it reach the bound thread under the gate's label.
///
/// Models `Ipc_gate_obj`.
struct Gate: BitwiseCopyable, Sendable {
  let object: ObjectID
  var thread = ThreadID.none
  var label: UInt64 = 0
  /// Threads that wait for somebody to bind the gate, in priority order.
  var firstWaiter = SenderID.none
}

/// An IRQ object. Models `Irq_sender`, and `Irq_muxer` of profile r67.
struct IRQ: BitwiseCopyable, Sendable {
  let object: ObjectID
  var thread = ThreadID.none
  var label: UInt64 = 0
  /// Profile r67: triggers not yet delivered. Profile modern: 0 or 1.
  var pending: UInt32 = 0
  var isQueued = false
  /// The receiver's core has been asked to deliver, and has not done it yet.
  var isInFlight = false
  var queueNext = SenderID.none
  var queuePrevious = SenderID.none
  var line = InterruptLine()
  /// Profile r67: no messages, but everything chained to it fires. Models `Irq_muxer`.
  var isMuxer = false
  var firstChained = ObjectID.none
  /// How many of the chained are masked: the muxer itself is unmasked when the last of them is.
  var maskedChained: Int32 = 0

  init(object: ObjectID, isMuxer: Bool = false) {
    self.object = object
    self.isMuxer = isMuxer
  }
}

/// Models `Semaphore` (profile modern only).
struct Semaphore: BitwiseCopyable, Sendable {
  let object: ObjectID
  /// Never more than fits into a signed word.
  var count: Int64 = 0
  var firstWaiter = SenderID.none
  var line = InterruptLine()

  init(object: ObjectID) {
    self.object = object
    line.isUnmasked = true
  }
}

/// A quota of kernel memory. Models `Factory` with `Ram_quota`.
public struct Factory: BitwiseCopyable, Sendable {
  let object: ObjectID
  /// Bytes; nil-like `.max` is unlimited.
  var limit: UInt64
  var used: UInt64 = 0
}

/// An explicit reply capability slot of a task (profile modern). Models an entry of `Reply_space`.
struct ReplySlot: BitwiseCopyable, Sendable {
  let task: TaskID
  let index: UInt32
  var caller: ThreadID
  var callerRights: UInt8
  /// The other occupied slots of the task; -1 at the ends.
  var next: Int32
  var previous: Int32 = -1
}
