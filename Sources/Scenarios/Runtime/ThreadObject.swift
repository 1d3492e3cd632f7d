import FiascoABI

/// The record at the top of every stack: what the component itself knows about the thread.
///
/// The thread's UTCB points to it (user word 2), so a thread finds its own record without any register.
/// Models `Genode::Thread` and its `Native_thread` on top of the `Stack`.
enum ThreadObject {
  static let size = 256

  /// Address of the UTCB. Must be the first word: the start code loads tp from it.
  static let utcb = 0
  /// Slot of the gate that leads to the thread; pager and IRQ follow in the next two slots.
  static let gate = 8
  static let entry = 16
  static let argument = 24
  /// Slot of the `Cpu_thread` capability.
  static let cpuThread = 32
  static let stackDataspace = 40
  /// The permanent window of four slots of a thread that serves requests; 0 if it has none.
  static let receiveWindow = 48
  /// Slot of the thread's own Timer session; 0 until the first sleep.
  static let timer = 56
  /// Not 0: an error of reply-and-wait ends the attempt to reply (`"on error": "wait"`; Genode since 18.08).
  static let heals = 64
  /// The next one in the queue of a lock.
  static let nextWaiter = 72
  /// Set by the one who hands a lock over.
  static let isGranted = 80
  /// The signal context and receiver of the thread's own timer (`SignalContext`).
  static let timerContext = 96
}

/// A source of signals as the receiving component keeps it; its address is the imprint that core hands back.
///
/// Models `Genode::Signal_context`.
enum SignalContext {
  static let size = 48
  /// Equals `magic` while the context is alive.
  static let liveness = 0
  /// How many submits have arrived and not been taken.
  static let pending = 8
  /// Slot of the capability that senders use.
  static let capability = 16
  /// Address of the semaphore of the receiver to wake.
  static let semaphore = 24
  /// The receiver's semaphore if the context has one of its own: two words.
  static let ownSemaphore = 32
  static let magic: UInt64 = 0x5167_6e61_6c21
}

extension IR.Value {
  /// Field of a record at this address.
  func field(_ offset: Int) -> IR.Value { (self + .constant(UInt64(offset))).loaded() }
  func at(_ offset: Int) -> IR.Value { self + .constant(UInt64(offset)) }

  static func messageRegister(_ index: Int) -> IR.Value { IR.Value.utcb.at(8 * (UTCB.messageRegisters + index)) }
  static func bufferRegister(_ index: Int) -> IR.Value { IR.Value.utcb.at(8 * (UTCB.bufferRegisters + index)) }
  static var bufferDescriptor: IR.Value { IR.Value.utcb.at(8 * UTCB.bufferDescriptor) }
  static var errorWord: IR.Value { IR.Value.utcb.field(8 * UTCB.error) & 0x1f }
  /// The running thread's `ThreadObject`.
  static var myself: IR.Value { IR.Value.utcb.field(8 * (UTCB.userWords + 2)) }

  static func tag(label: Int64 = 0, words: Int = 0, items: Int = 0) -> IR.Value {
    .constant(MessageTag(label: label, words: words, items: items).raw)
  }

  /// A destination word made from a slot index that is known at run time.
  static func target(slot: IR.Value, _ operation: IPCOperation) -> IR.Value {
    slot << 12 | .constant(operation.rawValue)
  }
  static func target(_ slot: CapabilitySlot, _ operation: IPCOperation) -> IR.Value {
    .constant(ObjectReference(slot: slot, operation: operation).raw)
  }
  static func special(_ operation: IPCOperation) -> IR.Value { .constant(ObjectReference.special(operation).raw) }
  static func timeouts(_ timeouts: IPCTimeouts) -> IR.Value { .constant(timeouts.raw) }

  /// Not 0 if a returned tag says that the system call failed.
  var tagError: IR.Value { self & .constant(MessageTagFlags.error.rawValue) }
  /// The signed label of a tag.
  var tagLabel: IR.Value { .binary(.shiftRightSigned, self, 16) }
}
