import FiascoABI

/// What the kernel did, past tense, ids only. The short tags of the kernel's own trace buffer are in `tag`.
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
  case registersExchanged(ThreadID, by: ThreadID, ip: UInt64, flags: UInt64)
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
}
