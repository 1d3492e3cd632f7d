/// The state area of a virtual processor: 57 words of 8 bytes in kernel-user memory, shared by the kernel and the
/// program that drives it. All names are word numbers.
public enum VCPUState {
  public static let bytes: UInt64 = 57 * 8
  /// Of the layout; programs compare it for equality.
  public static let version = 0
  public static let currentVersion: UInt64 = 1
  /// Register set in the form of an exception message: a word of the kernel, x1...x31, pc, status, cause, value.
  public static let registers = 8
  /// The four words of a received message: tag, selector, timeouts, label.
  public static let messageTag = 45
  public static let messageSelector = 46
  public static let messageLabel = 48
  /// Four fields of 16 bits: state, saved state, sticky flags, unused.
  public static let flags = 49
  /// Selector of the task for user mode; its operation bits say what the kernel shall do with it.
  public static let userTask = 50
  public static let entryStackPointer = 51
  public static let entryInstructionPointer = 52
  /// Stack pointer of the next entry, computed by the kernel.
  public static let stackPointer = 53
  /// tp and gp of the host while the processor is in user mode, and whether they are there.
  public static let hostThreadPointer = 54
  public static let hostGlobalPointer = 55
  public static let hostSaved = 56
  /// Set in the sticky flags while somebody is queued at the thread.
  public static let irqPending: UInt16 = 1
}

/// What a virtual processor takes as an entry of its own, and in which mode it is. Models `Vcpu_state::State`.
public struct VCPUFlags: OptionSet, Hashable, BitwiseCopyable, Sendable {
  public let rawValue: UInt16
  @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }
  /// Messages are delivered at any time.
  public static let irqs = VCPUFlags(rawValue: 0x1)
  public static let pageFaults = VCPUFlags(rawValue: 0x2)
  public static let exceptions = VCPUFlags(rawValue: 0x4)
  public static let userMode = VCPUFlags(rawValue: 0x20)
  public static let fpuEnabled = VCPUFlags(rawValue: 0x80)
  public static let traps: VCPUFlags = [.irqs, .pageFaults, .exceptions]
}

/// The area of a page-fault trampoline: 42 words of 8 bytes in kernel-user memory. All names are word numbers.
public enum FaultTrampoline {
  public static let bytes: UInt64 = 42 * 8
  /// Where the thread goes on when it faults.
  public static let instructionPointer = 0
  /// Message register 0 at the fault: it is needed for the call that ends the handler.
  public static let savedMessage = 3
  public static let flags = 4
  /// Register set at the fault in the form of an exception message.
  public static let registers = 5
  /// A fault is being handled.
  public static let inProgress: UInt64 = 1
  /// Somebody wants an exception as soon as the handler is done.
  public static let triggerAfterwards: UInt64 = 2

  /// What the operation does, in the bits above the opcode.
  public static let setup: UInt64 = 0
  public static let resume: UInt64 = 0x1_0000
  public static let reflect: UInt64 = 0x2_0000
  public static let disable: UInt64 = 0x3_0000
  public static let enable: UInt64 = 0x4_0000
}
