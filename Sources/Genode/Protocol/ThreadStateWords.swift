import FiascoABI

/// Layout of the answer to `CPUThreadOpcode.state`, and of the argument of `setState` (first two and last words).
///
///     state      [flags][exceptions][gate slot][gate badge][UTCB][37 registers]
///     setState   [flags][exceptions][37 registers]
///
/// The registers are the exception message of the kernel: x1...x31 at words 1...31, ip at 32, status, cause, value.
/// Valid only with `registersValid`; after a pause of a blocked thread only ip and sp (x2) are.
/// Models `Thread_state` and `Foc_thread_state`.
public enum ThreadStateWords {
  public static let flags = 0
  public static let exceptions = 1
  public static let gateSlot = 2
  public static let gateBadge = 3
  public static let utcb = 4
  public static let registers = 5
  public static let count = 5 + ExceptionMessage.words
  public static let setRegisters = 2
  public static let setCount = 2 + ExceptionMessage.words
  public static let stackPointerRegister = 2
}

/// Flags of a thread's record in core.
public struct ThreadStateFlags: OptionSet, Hashable, BitwiseCopyable, Sendable {
  public let rawValue: UInt64
  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
  /// The thread waits for the answer to an exception message; its registers are in the record.
  public static let inException = ThreadStateFlags(rawValue: 1)
  public static let paused = ThreadStateFlags(rawValue: 2)
  public static let unresolvedPageFault = ThreadStateFlags(rawValue: 4)
  public static let started = ThreadStateFlags(rawValue: 8)
  @inlinable public var registersValid: Bool { contains(.inException) }
}
