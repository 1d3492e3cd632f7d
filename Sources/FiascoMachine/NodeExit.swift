import FiascoKernel

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
