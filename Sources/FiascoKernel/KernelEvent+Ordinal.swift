extension KernelEvent {
  /// Number of the case: what every run records comes first, then what only a kernel trace has.
  public var ordinal: Int {
    switch self {
    case .contextSwitched: 0
    case .ipcStarted: 1
    case .ipcFailed: 2
    case .messageTransferred: 3
    case .senderQueued: 4
    case .receiveBlocked: 5
    case .timeoutExpired: 6
    case .irqTriggered: 7
    case .irqDelivered: 8
    case .pageFaulted: 9
    case .pageFaultUnanswered: 10
    case .exceptionRaised: 11
    case .registersExchanged: 12
    case .objectCreated: 13
    case .objectDestroyed: 14
    case .threadStarted: 15
    case .threadKilled: 16
    case .objectsMapped: 17
    case .pagesMapped: 18
    case .unmapped: 19
    case .sliceExpired: 20
    case .replyCapabilityMissing: 21
    case .logWritten: 22
    case .vcpuEntered: 23
    case .vcpuResumed: 24
    case .ipcReturned: 25
    case .gateInvoked: 26
    case .contextLoaded: 27
    case .contextSaved: 28
    case .contextInvalidated: 29
    case .pageFaultAnswered: 30
    case .exceptionUnanswered: 31
    case .timerTicked: 32
    case .taskMapRequested: 33
    case .taskUnmapRequested: 34
    case .objectReleased: 35
    case .threadMigrated: 36
    case .requestPosted: 37
    case .requestHandled: 38
    }
  }

  /// How many kinds of events a run records without a trace.
  public static let recordedKinds = 25

  /// Recorded only while a kernel trace is made.
  public var isTraceOnly: Bool { ordinal >= Self.recordedKinds }
}
