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
  /// Triggers the IRQs chained to it instead of sending messages.
  var isMuxer = false
  /// Muxer this IRQ is chained to, and the next one there; of a muxer, the first of its chain. -1 for none.
  var muxer: Int32 = -1
  var nextChained: Int32 = -1
  var firstChained: Int32 = -1
  var thread = ThreadID.none
  var label: UInt64 = 0
  /// Profile r67: triggers not yet delivered. Profile modern: 0 or 1.
  var pending: UInt32 = 0
  var isQueued = false
  var queueNext = SenderID.none
  var queuePrevious = SenderID.none
  /// Interrupt controller and pin that trigger it; none for an IRQ that only software triggers.
  var controller = ObjectID.none
  var pin: Int32 = -1
}

/// Models `Semaphore` (profile modern only).
struct Semaphore: BitwiseCopyable, Sendable {
  let object: ObjectID
  var count: UInt32 = 0
  var firstWaiter = SenderID.none
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
}
