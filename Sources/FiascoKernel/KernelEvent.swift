import Determinism
import FiascoABI

/// What the kernel did, past tense, ids only. Names, short tags and payloads of its own trace buffer are in `Trace`.
public enum KernelEvent: Hashable, Sendable, BitwiseCopyable {
  case contextSwitched(from: ThreadID, to: ThreadID)
  case ipcStarted(ThreadID, target: UInt64, tag: UInt64, label: UInt64)
  case ipcFailed(ThreadID, error: IPCError)
  case messageTransferred(from: ThreadID, to: ThreadID, tag: UInt64)
  case senderQueued(ThreadID, at: ThreadID)
  case receiveBlocked(ThreadID, partner: ThreadID)
  case timeoutExpired(ThreadID)
  case irqTriggered(object: ObjectID)
  case irqDelivered(object: ObjectID, to: ThreadID)
  case pageFaulted(ThreadID, address: UInt64, ip: UInt64)
  case pageFaultUnanswered(ThreadID, address: UInt64)
  case exceptionRaised(ThreadID, cause: UInt64, ip: UInt64)
  case registersExchanged(ThreadID, by: ThreadID, ip: UInt64, sp: UInt64, flags: UInt64)
  /// `index` is the place in the table of the kind: for a thread its `ThreadID`.
  case objectCreated(ObjectID, kind: ObjectKind, index: Int32)
  case objectDestroyed(ObjectID, kind: ObjectKind)
  case threadStarted(ThreadID)
  case threadKilled(ThreadID)
  case objectsMapped(from: TaskID, to: TaskID, slot: UInt32, count: UInt32)
  case pagesMapped(from: TaskID, to: TaskID, address: UInt64, pages: UInt32)
  case unmapped(TaskID, flexPage: UInt64)
  case sliceExpired(ThreadID)
  case replyCapabilityMissing(ThreadID)
  /// A virtual processor's program was entered; `state` is what it had been doing.
  case vcpuEntered(ThreadID, VCPUEntry, state: UInt16)
  case vcpuResumed(ThreadID, task: TaskID, state: UInt16)
  /// Characters went to the kernel's log.
  case logWritten(ThreadID, bytes: UInt32)

  // Recorded only for a kernel trace (`Kernel.recordsTrace`); the digest of a run and its report do not know them.

  /// A system call is over: what the program finds in its registers, and the error in its UTCB if there is one.
  case ipcReturned(ThreadID, tag: UInt64, label: UInt64, error: IPCError?)
  case gateInvoked(ThreadID, gate: ObjectID, label: UInt64)
  /// The thread's scheduling context is consumed from now on; so much of its quantum is left.
  case contextLoaded(ThreadID, left: TimeSpan)
  case contextSaved(ThreadID, left: TimeSpan)
  /// The context's rest is gone: its slice is over, or its owner gave it up or died.
  case contextInvalidated(ThreadID)
  case pageFaultAnswered(ThreadID, address: UInt64, error: IPCError?)
  /// A thread without a usable exception handler stays in its exception.
  case exceptionUnanswered(ThreadID, handler: UInt64)
  case timerTicked
  case taskMapRequested(TaskID, item: UInt64, flexPage: UInt64)
  case taskUnmapRequested(TaskID, mask: UInt64, flexPage: UInt64)
  /// The last trace of an object is gone; its id may be used again.
  case objectReleased(ObjectID, kind: ObjectKind)
  /// A thread leaves one core for another.
  case threadMigrated(ThreadID, from: UInt8, to: UInt8)
  /// One core asks another, or does what it was asked; `waits` names who waits for the outcome.
  case requestPosted(RequestKind, ThreadID, waits: ThreadID, core: UInt8)
  case requestHandled(RequestKind, ThreadID, waits: ThreadID)
}
