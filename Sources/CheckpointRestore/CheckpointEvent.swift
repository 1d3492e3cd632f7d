/// A stretch of a checkpoint or restore whose length is of interest.
///
/// `freeze` and `frozen` begin together: `freeze` ends when the last thread stands still, `frozen` when the last one
/// goes on. `metadata` and `dump` lie inside `frozen`; `write` comes after it. What is copied while the target runs is
/// copied in `preCopy`, before it, or in `copyOnWrite`, behind it. `postCopy` follows a `restore` whose memory was not
/// there yet.
public enum CheckpointPhase: String, Hashable, Sendable, CaseIterable {
  case freeze, frozen, metadata, dump, write, restore
  case preCopy = "pre-copy"
  case copyOnWrite = "copy-on-write"
  case postCopy = "post-copy"
}

/// A piece of the work between freeze and resume, as the original's routine is divided.
///
/// Models the functions called by `Checkpointer::checkpoint` (checkpointer.cc). The six in the middle make or update
/// the stored records of one kind of session each, in this order.
public enum CheckpointStep: String, Hashable, Sendable, CaseIterable {
  case pause
  /// `state` of each thread, and its UTCB, which the original leaves out.
  case registers
  /// `_create_kcap_mappings`: one walk over the component's capability map.
  case capabilityMap
  case ramSession, pdSession, cpuSession, rmSessions, logSessions, timerSessions
  /// `_create_region_map_dataspaces` and the list of what is to be copied.
  case memoryList
  /// `_detach_designated_dataspaces`: from here on a write is noticed again.
  case rearm
  /// `_checkpoint_dataspaces`.
  case copy
  case resume
}

/// How much a checkpoint or restore had to handle: what its duration depends on.
public struct CheckpointTotals: Hashable, Sendable {
  public var threads = 0
  /// Sessions, region maps, dataspaces, RPC objects, signal contexts.
  public var objects = 0
  public var capabilities = 0
  public var regions = 0
  /// Pages of memory copied, and their bytes.
  public var pages = 0
  public var bytes: UInt64 = 0
  /// List nodes passed in searches.
  public var nodes = 0
  /// Lines of the verbose log.
  public var lines = 0
  /// Bytes that were written out.
  public var bytesWritten: UInt64 = 0
  /// Most RAM held for copies at one time, bytes.
  public var bytesHeld: UInt64 = 0
  /// Times the memory was gone through before the freeze.
  public var rounds = 0
  /// Parts copied or fetched because somebody waited for them.
  public var partsAwaited = 0
  public init() {}
}

/// What was done to a thread that goes on after a checkpoint or a restore.
public enum AppliedPolicy: String, Hashable, Sendable, CaseIterable {
  /// Registers as captured: the thread was in user code, or in a page fault that repeats itself.
  case unchanged
  /// Registers as captured although a system call was cut off: the thread sees its failure.
  case resumedAtIP
  /// The system call is made again with its own tag.
  case reissued
  /// The system call is made again, but the cancel destroyed its tag and nobody else knew it: the message is empty.
  case reissuedWithoutTag
  /// Only the wait is made again.
  case reissuedReceiveHalf
  /// The thread is told that its partner does not exist.
  case errorDelivered
  /// The thread object exists again but was never started.
  case notStarted
}

/// Why the checkpointer did not do what it was told.
public enum RefusalReason: Hashable, Sendable {
  case unknownTarget(String)
  case unknownCheckpoint(String)
  /// The target has exited, was killed, or could not be loaded.
  case targetNotRunning(String)
  /// A session that is not interposed has state nobody can read.
  case notInterposed(service: String)
  /// A dataspace of another server is attached; its contents belong to somebody else.
  case foreignDataspace(badge: UInt64)
  /// The component never told core where its capability map is.
  case capabilityMapUnknown
  /// Own RAM is too small for the copies.
  case notEnoughRAM(needed: UInt64, available: UInt64)
  case inconsistentImage(String)
  /// The image is of another program than the component that is to become it.
  case doesNotFit(component: String, String)
  /// A parent, session or kernel request that must succeed did not.
  case requestFailed(String)
  /// Restore steps need each other in a circle.
  case cyclicPlan
  /// The policy is to restore nothing rather than something inexact.
  case inexactThread(name: String, InexactThread.Reason)
  /// A thread of the checkpoint holds a request of somebody who was not checkpointed with it.
  case callerOutside(caller: String, holder: String)
  /// A thread was inside a call, or held a request, each time it was looked at.
  case notQuiescent(thread: String)
}

/// What the checkpointer did, in the past tense; the host adds the time.
public enum CheckpointEvent: Hashable, Sendable {
  case childStarted(child: String)
  case childExited(child: String, value: UInt64)
  /// A service that is not interposed was handed through: the next checkpoint will be refused.
  case sessionNotInterposed(child: String, service: String)

  case checkpointStarted(checkpoint: String, target: String)
  case phaseStarted(CheckpointPhase, of: String)
  case phaseEnded(CheckpointPhase, of: String, CheckpointTotals)
  /// The totals count from the beginning of the checkpoint.
  case stepEnded(CheckpointStep, of: String, CheckpointTotals)
  case threadCaptured(
    checkpoint: String, thread: String, situation: ThreadImage.Situation, ip: UInt64, error: UInt64,
    registersValid: Bool)
  case capabilityRecorded(checkpoint: String, slot: UInt64, badge: UInt64, kind: String)
  case dataspaceCopied(of: String, badge: UInt64, bytes: UInt64)
  /// A part of a managed dataspace was accessed for the first time since the last checkpoint, and attached again.
  case partTouched(child: String, badge: UInt64, address: UInt64)
  /// From now on the checkpointer carries out each access to a dataspace.
  case memoryMirrored(child: String, badge: UInt64, bytes: UInt64)
  case accessEmulated(child: String, address: UInt64, isWrite: Bool)
  /// An instruction that cannot be carried out: the target has the part for itself until the next checkpoint.
  case partSurrendered(child: String, badge: UInt64, address: UInt64)
  /// A fault in managed memory was signalled: the maps are searched, until there is no more.
  case faultSearchStarted
  case faultSearchEnded
  /// Memory was gone through once while the target ran; so much of it has been touched since.
  case roundEnded(checkpoint: String, round: Int, bytes: UInt64, remaining: UInt64)
  case roundsStopped(checkpoint: String, PreCopyStop)
  /// A thread of the original goes on. What was cut off for it has to be repaired like in a restored one.
  case threadContinued(checkpoint: String, thread: String, AppliedPolicy, ip: UInt64)
  case imageWritten(checkpoint: String, bytes: UInt64)
  /// A session that is not interposed was open; what its server keeps for the component is not in the image.
  case sessionLeftOut(checkpoint: String, service: String)

  /// A message was kept back until the next image is complete.
  case outputHeld(child: String)
  /// The oldest message that was kept back has been written.
  case outputReleased(child: String)
  /// Nobody could restore the state that wrote them.
  case outputsDiscarded(child: String, count: Int)
  /// Too many are kept back already.
  case outputRefused(child: String)
  /// The network device has got the image; it fetches and sends the bytes by itself.
  case imageSent(checkpoint: String, generation: UInt64, bytes: UInt64, node: Int)
  /// All bytes of another node's image are here.
  case imageReceived(checkpoint: String, generation: UInt64, bytes: UInt64)

  case targetKilled(target: String)

  case restoreStarted(checkpoint: String, child: String, ChildMode)
  case capabilityRestored(checkpoint: String, slot: UInt64, oldBadge: UInt64, newBadge: UInt64)
  /// Nobody knows what was in the slot; it stays empty.
  case capabilityLost(checkpoint: String, slot: UInt64, badge: UInt64)
  /// `start` or `setState` was called on a thread that runs already, as the original restorer did.
  case threadStateIgnored(checkpoint: String, thread: String)
  case threadRestored(checkpoint: String, thread: String, AppliedPolicy, ip: UInt64)
  /// The thread did not arrive at the trap of the UTCB loader.
  case threadLost(checkpoint: String, thread: String)
  /// A running client was given the objects of a restored server.
  case clientReconnected(client: String)
  /// A caller waits again for the thread that held its request.
  case callerRecreated(checkpoint: String, caller: String, holder: String)
  /// Signals that core had not delivered at the checkpoint were submitted again, merged as they were.
  case signalsResubmitted(checkpoint: String, imprint: UInt64, count: UInt64)
  /// A signal context of another component cannot be named in this one: the handler is not registered again.
  case handlerLost(checkpoint: String, badge: UInt64)
  case restoreFinished(checkpoint: String, child: String)

  case refused(RefusalReason)
}
