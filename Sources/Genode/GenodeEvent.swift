import FiascoABI

/// What happened in the Genode layer, past tense, ids where the reader has a table for them.
public enum GenodeEvent: Hashable, Sendable {
  /// A component wrote a line; `component` is its session label, for example `init -> timer`.
  case logWritten(component: String, text: String)
  /// Core or a system component printed a line of its own.
  case warningPrinted(component: String, text: String)
  case sessionOpened(service: String, label: String, badge: UInt64)
  case sessionRefused(service: String, label: String, reason: RPCException)
  case sessionClosed(service: String, label: String)
  case serviceAnnounced(name: String, by: String)
  case threadCreated(pd: String, name: String, index: Int, badge: UInt64)
  case threadStarted(pd: String, name: String, ip: UInt64)
  /// `start` on a thread that has been started before: the kernel refuses the second bind.
  case threadStartIgnored(pd: String, name: String)
  case threadPaused(pd: String, name: String, cancelling: Bool)
  case threadResumed(pd: String, name: String)
  case threadKilled(pd: String, name: String)
  /// The registers of a stopped thread arrived at core.
  case exceptionRecorded(pd: String, name: String, cause: UInt64, ip: UInt64)
  case faultResolved(pd: String, name: String, address: UInt64, pages: Int)
  case faultUnresolved(pd: String, name: String, address: UInt64, isWrite: Bool)
  case dataspaceAllocated(badge: UInt64, bytes: UInt64)
  case dataspaceFreed(badge: UInt64, bytes: UInt64)
  case regionAttached(map: UInt64, address: UInt64, bytes: UInt64)
  case regionDetached(map: UInt64, address: UInt64, unmappedPages: Int)
  case signalSubmitted(context: UInt64, count: UInt64)
  case signalFetched(context: UInt64, count: UInt64)
  case childStarted(name: String)
  case childExited(name: String, value: UInt64)
  case childKilled(name: String)
  /// A request that named one object and arrived at another; it gets no answer.
  case requestIgnored(badge: UInt64, claimed: UInt64)
  /// A map's queue of faulters leads back into itself, and core's entrypoint walks it for ever.
  case faulterQueueEndless(map: UInt64)
}
