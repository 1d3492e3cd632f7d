import Genode

extension GenodeEvent {
  /// The name of the case, which scenarios count by.
  var name: String {
    switch self {
    case .logWritten: "logWritten"
    case .warningPrinted: "warningPrinted"
    case .sessionOpened: "sessionOpened"
    case .sessionRefused: "sessionRefused"
    case .sessionClosed: "sessionClosed"
    case .serviceAnnounced: "serviceAnnounced"
    case .threadCreated: "threadCreated"
    case .threadStarted: "threadStarted"
    case .threadStartIgnored: "threadStartIgnored"
    case .threadPaused: "threadPaused"
    case .threadResumed: "threadResumed"
    case .threadKilled: "threadKilled"
    case .exceptionRecorded: "exceptionRecorded"
    case .faultResolved: "faultResolved"
    case .faultUnresolved: "faultUnresolved"
    case .dataspaceAllocated: "dataspaceAllocated"
    case .dataspaceFreed: "dataspaceFreed"
    case .regionAttached: "regionAttached"
    case .regionDetached: "regionDetached"
    case .signalSubmitted: "signalSubmitted"
    case .signalFetched: "signalFetched"
    case .childStarted: "childStarted"
    case .childExited: "childExited"
    case .childKilled: "childKilled"
    case .requestIgnored: "requestIgnored"
    }
  }
}
