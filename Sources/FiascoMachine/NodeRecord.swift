import Determinism
import FiascoKernel

/// Something that happened, and when.
public struct NodeRecord: Hashable, Sendable {
  public let at: Instant
  public let event: NodeEvent
  /// The core on which it happened.
  public var core: UInt8 = 0
}

public enum NodeEvent: Hashable, Sendable {
  case kernel(KernelEvent)
  /// A program executed a `hint` instruction: free of charge, only for the observer.
  case hint(thread: ThreadID, kind: UInt64, value: UInt64)
}

/// Why the machine gave control back.
public enum NodeExit: Hashable, Sendable {
  /// The time limit is reached.
  case reached
  /// The current thread runs a native program: somebody above must say what it does next.
  case native(ThreadID)
  /// No thread is ready and no timeout is pending: nothing will ever happen by itself.
  case quiet
  /// The real kernel would not survive this.
  case stopped(KernelStop)
  /// A thread has executed a `hint`.
  case limit
}
