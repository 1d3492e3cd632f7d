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
  /// A sender queued at a receiver that dies is told so (error 6). Otherwise it sleeps on, and what ends the sleep
  /// later, a cancel or its timeout, looks to it like success (observed r02 r03 r54).
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
  /// An absolute send timeout in the past fails at once. Otherwise when the timer wheel comes by (observed r20 r49).
  public var pastSendTimeoutFailsAtOnce: Bool
  /// The scheduler checks its parameters.
  public var checksSchedulerParameters: Bool
  /// ex_regs answers bit 0 of the flags word with "was ready" (a patch Genode carried).
  public var reportsReadiness: Bool
  /// run_thread lets a thread that never had a processor run at once if its priority says so. Otherwise the thread is
  /// listed in front of its equals and the caller goes on (observed f07 f08).
  public var placementPreempts: Bool
  /// A cancel that finds a thread in user mode waits there for its next IPC. Otherwise the next kernel entry drops it.
  /// The entry path of r67 clears the wrong bit, on ARM and (observed a37 r14-r17 r47) on x86.
  public var cancelWaitsForNextIPC: Bool
  /// A queued message whose items fail ends the sender's operation. Otherwise a caller never learns of it and waits for
  /// its reply, and a sender keeps its tag with the error bit (observed a60 r77 r78).
  public var queuedItemFailureAborts: Bool
  /// The label of a gate shows in the sender's own label register (observed a07 and thirty others).
  public var gateLabelReachesSender: Bool
  /// A call that must not wait for its reply does not even switch to the server (observed a11).
  public var zeroReceiveTimeoutSkipsSwitch: Bool
  /// IRQs attach to a thread under their own label, once, without asking for rights, and forget what was pending.
  /// Otherwise they are bound like gates, again if wanted, and keep a pending trigger (observed g01-g16).
  public var attachesIRQs: Bool
  /// A number of IRQs may be chained to one that triggers them all.
  public var hasIRQMuxers: Bool
  /// An argument that names nothing lacks the rights (-1). Otherwise it is an invalid argument (observed f04).
  public var emptyArgumentLacksRights: Bool
  /// The scheduler tells which classes of threads it knows (observed f10).
  public var listsSchedulerClasses: Bool
  /// A thread's page faults can be redirected to itself.
  public var hasFaultTrampoline: Bool
  /// A page fault forgets a cancel that found the thread in user mode. Otherwise the message to the pager is cancelled.
  public var faultForgetsCancel: Bool
  /// cap_equal compares rights as well as objects.
  public var equalityIncludesRights: Bool
  /// Whoever has changed the labels of more than 50 senders leaves the queue to the next one.
  public var endsSenderWalks: Bool
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
    reportsReadiness: false, placementPreempts: true, cancelWaitsForNextIPC: false, queuedItemFailureAborts: true,
    gateLabelReachesSender: false, zeroReceiveTimeoutSkipsSwitch: true, attachesIRQs: false, hasIRQMuxers: false,
    emptyArgumentLacksRights: false, listsSchedulerClasses: true, hasFaultTrampoline: true,
    faultForgetsCancel: false, equalityIncludesRights: true, endsSenderWalks: true, clockAdvancesInTicks: false)

  public static let r67 = KernelProfile(
    name: .r67, tracksReplyCapability: false, replyCapabilityOnlyInOpenWait: false, explicitReplySlots: false,
    deathWakesSenders: false, irqsCoalesce: false, missingPagerKills: false, pagerRefusesByLabel: false,
    operationZeroFails: false, yieldReschedules: true, distinguishesMessageLength: false, checksGateLabel: false,
    cancelAtUnboundGate: false, pastSendTimeoutFailsAtOnce: false, checksSchedulerParameters: false,
    reportsReadiness: true, placementPreempts: false, cancelWaitsForNextIPC: true, queuedItemFailureAborts: false,
    gateLabelReachesSender: true, zeroReceiveTimeoutSkipsSwitch: false, attachesIRQs: true, hasIRQMuxers: true,
    emptyArgumentLacksRights: true, listsSchedulerClasses: false, hasFaultTrampoline: false,
    faultForgetsCancel: true, equalityIncludesRights: false, endsSenderWalks: false,
    clockAdvancesInTicks: true)

  /// The kernel of May 2019 that Genode's port file named then: it tracks reply capabilities and wakes the senders of a
  /// dead receiver like today's, and counts interrupts like r67. Pending triggers it forgot at attach and detach are kept
  /// here (observed g02 g09); nothing else is known to differ from what was observed.
  public static let genode2019: KernelProfile = {
    var profile = modern
    profile.replyCapabilityOnlyInOpenWait = false
    profile.explicitReplySlots = false
    profile.irqsCoalesce = false
    profile.pagerRefusesByLabel = false
    profile.operationZeroFails = false
    profile.yieldReschedules = true
    profile.checksGateLabel = false
    profile.cancelAtUnboundGate = false
    profile.pastSendTimeoutFailsAtOnce = false
    profile.checksSchedulerParameters = false
    profile.placementPreempts = false
    profile.queuedItemFailureAborts = false
    profile.gateLabelReachesSender = true
    profile.zeroReceiveTimeoutSkipsSwitch = false
    profile.hasFaultTrampoline = false
    profile.clockAdvancesInTicks = true
    return profile
  }()

  /// What the kernel info page lists.
  var features: [String] {
    hasFaultTrampoline ? ["pf_tramp", "abiver:3", "mapdb", "jdb"] : ["mapdb", "jdb"]
  }

  public static func named(_ name: Name) -> KernelProfile {
    switch name {
    case .modern: .modern
    case .r67: .r67
    }
  }
}
