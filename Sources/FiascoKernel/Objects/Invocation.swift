import FiascoABI

/// What a kernel object answers to an invocation.
enum InvocationOutcome {
  /// A message with this label; negative labels are refusals.
  case answer(label: Int64, words: Int = 0, items: Int = 0)
  case ipcError(IPCError)
  /// The operation has arranged itself how the thread goes on (it blocks, or has failed).
  case none
  /// The operation sends no answer: a caller goes on to wait for one.
  case noReply

  static func refused(_ error: InvocationError) -> InvocationOutcome { .answer(label: error.rawValue) }
  static var ok: InvocationOutcome { .answer(label: 0) }
}
