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
