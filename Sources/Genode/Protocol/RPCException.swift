/// Why a remote procedure call gave no result: the first word of a reply, 0 meaning success.
///
/// Genode numbers the exceptions of each function separately; here one list serves all interfaces, so that a
/// trace can name them.
public enum RPCException: UInt64, Error, Hashable, BitwiseCopyable, Sendable, CaseIterable {
  /// The kernel refused or aborted the IPC; nothing is known about the server. Never sent by a server.
  case ipcError = 1
  /// The arguments do not fit the function, or the function does not exist.
  case invalidArgs
  /// The caller's RAM account holds less than the request needs.
  case quotaExceeded
  /// The session's donated quota cannot hold the administrative data of the request; `Parent.upgrade` heals it.
  case outOfMetadata
  /// The address range overlaps another region or lies outside the map.
  case regionConflict
  case invalidDataspace
  /// The parent has no route to the service.
  case serviceDenied
  /// The service exists but refuses this session.
  case unavailable
  /// A thread, or the session object of a thread, could not be created.
  case threadCreationFailed
  /// The capability argument names no live object of the right kind.
  case invalidCapability
  /// The thread is in a state in which the request has no meaning.
  case stateAccessFailed
}
