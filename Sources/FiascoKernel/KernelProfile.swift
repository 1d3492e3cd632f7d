/// Which kernel is modelled, as a set of named behaviours: one kernel, no two copies of an operation.
///
/// `r67` is what Genode 16.05-17.02 used; `modern` is the kernel whose output `Tests/Conformance` holds.
public struct KernelProfile: Hashable, Sendable {
  public enum Name: String, Hashable, Sendable, CaseIterable { case r67, modern }
  public let name: Name

  /// The reply capability is tracked: cleared when the caller stops waiting. Otherwise one stale raw pointer.
  public var tracksReplyCapability: Bool
  /// Only a receiver in an open wait gets a reply capability.
  public var replyCapabilityOnlyInOpenWait: Bool
  public var explicitReplySlots: Bool
  /// A sender queued at a receiver that dies is told so (error 6). Otherwise it sleeps on.
  public var deathWakesSenders: Bool
  /// Triggers of a queued IRQ coalesce into one message. Otherwise they are counted.
  public var irqsCoalesce: Bool
  /// A page fault without a pager kills the thread. Otherwise it blocks for ever.
  public var missingPagerKills: Bool
  /// A pager refuses by a negative label. Otherwise by MR0 of all ones.
  public var pagerRefusesByLabel: Bool
  /// Operation bits 0 are an error. Otherwise they mean a call.
  public var operationZeroFails: Bool
  /// A receive with zero timeout from oneself gives up the processor.
  public var yieldReschedules: Bool
  /// Too short messages to kernel objects have an error of their own.
  public var distinguishesMessageLength: Bool
  /// A gate's label must leave the two low bits clear.
  public var checksGateLabel: Bool
  /// Cancelling a thread at an unbound gate is noticed there.
  public var cancelAtUnboundGate: Bool
  /// An absolute send timeout in the past fails at once. Otherwise at the next tick.
  public var pastSendTimeoutFailsAtOnce: Bool
  /// The scheduler checks its parameters.
  public var checksSchedulerParameters: Bool
  /// ex_regs answers bit 0 of the flags word with "was ready" (a patch Genode carried).
  public var reportsReadiness: Bool
  /// A thread runs only after run_thread has placed it on a processor.
  public var needsPlacement: Bool
  /// cap_equal compares rights as well as objects.
  public var equalityIncludesRights: Bool
  /// The kernel clock advances in ticks. Otherwise timeouts count from the exact time.
  public var clockAdvancesInTicks: Bool

  /// Which classes of scheduling the kernel was built with. Genode's boards use the default.
  public var scheduler = SchedulerConfiguration.fixedPriority
  /// Of the argos kernel: a thread whose deadline is over runs only when nobody can still meet one. Otherwise it comes
  /// first, like every early deadline.
  public var lateThreadsRunLast = false

  public static let modern = KernelProfile(
    name: .modern, tracksReplyCapability: true, replyCapabilityOnlyInOpenWait: true, explicitReplySlots: true,
    deathWakesSenders: true, irqsCoalesce: true, missingPagerKills: true, pagerRefusesByLabel: true,
    operationZeroFails: true, yieldReschedules: false, distinguishesMessageLength: true, checksGateLabel: true,
    cancelAtUnboundGate: true, pastSendTimeoutFailsAtOnce: true, checksSchedulerParameters: true,
    reportsReadiness: false, needsPlacement: true, equalityIncludesRights: true, clockAdvancesInTicks: false)

  public static let r67 = KernelProfile(
    name: .r67, tracksReplyCapability: false, replyCapabilityOnlyInOpenWait: false, explicitReplySlots: false,
    deathWakesSenders: false, irqsCoalesce: false, missingPagerKills: false, pagerRefusesByLabel: false,
    operationZeroFails: false, yieldReschedules: true, distinguishesMessageLength: false, checksGateLabel: false,
    cancelAtUnboundGate: false, pastSendTimeoutFailsAtOnce: false, checksSchedulerParameters: false,
    reportsReadiness: true, needsPlacement: false, equalityIncludesRights: false, clockAdvancesInTicks: true)

  public static func named(_ name: Name) -> KernelProfile {
    switch name {
    case .modern: .modern
    case .r67: .r67
    }
  }
}
