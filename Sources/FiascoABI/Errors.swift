/// Why an IPC failed, as the UTCB's error word says it; bit 0 tells the receive phase.
///
/// Models `L4_error`.
public enum IPCError: UInt64, Error, Hashable, BitwiseCopyable, Sendable, CaseIterable {
  case sendTimeout = 2
  case receiveTimeout = 3
  case notExistent = 4
  case receiveNotExistent = 5
  case sendCanceled = 6
  case receiveCanceled = 7
  case sendOverflow = 8
  case receiveOverflow = 9
  case sendMapFailed = 16
  case receiveMapFailed = 17
  case noReplyCapability = 19

  /// The same failure told to the partner on the other side.
  public var seenByReceiver: IPCError { IPCError(rawValue: rawValue | 1) ?? self }
}

/// What a kernel object answers when it refuses: the negative label of the returned tag.
///
/// Models `L4_err`.
public enum InvocationError: Int64, Error, Hashable, BitwiseCopyable, Sendable, CaseIterable {
  case permission = -1
  case noEntry = -2
  case noMemory = -12
  case busy = -16
  case exists = -17
  case noDevice = -19
  case invalidArgument = -22
  case outOfRange = -34
  case noSystemCall = -38
  case badProtocol = -39
  case addressNotAvailable = -99
  case messageTooShort = -1001
  case messageTooLong = -1002
}

/// The label of a request: which kind of object is meant to understand it.
public enum KernelProtocol {
  public static let irq: Int64 = -1
  public static let pageFault: Int64 = -2
  public static let exception: Int64 = -5
  public static let sigma0: Int64 = -6
  public static let kernelObject: Int64 = -10
  public static let task: Int64 = -11
  public static let thread: Int64 = -12
  public static let log: Int64 = -13
  public static let scheduler: Int64 = -14
  public static let factory: Int64 = -15
  public static let vm: Int64 = -16
  public static let dmaSpace: Int64 = -17
  public static let irqSender: Int64 = -18
  public static let semaphore: Int64 = -20
}

/// Opcodes, grouped by the object that takes them.
public enum Opcode {
  public enum Task {
    public static let map: UInt64 = 0, unmap: UInt64 = 1, capabilityInfo: UInt64 = 2, addKernelUserMemory: UInt64 = 3
  }
  public enum Thread {
    public static let control: UInt64 = 0, exchangeRegisters: UInt64 = 1, switchTo: UInt64 = 2, statistics: UInt64 = 3
    public static let vcpuResume: UInt64 = 4, registerDeletionIRQ: UInt64 = 5, modifySenders: UInt64 = 6,
      vcpuControl: UInt64 = 7
    public static let faultTrampoline: UInt64 = 9
  }
  public enum Gate { public static let dropReferences: UInt64 = 0, bind: UInt64 = 0x10, info: UInt64 = 0x11 }
  public enum IRQ {
    public static let endOfInterrupt: UInt64 = 4, detach: UInt64 = 1, trigger: UInt64 = 2, bind: UInt64 = 0x10
    /// Profile r67: attach or detach; at a muxer, have it trigger another IRQ object.
    public static let attach: UInt64 = 1, chain: UInt64 = 3
  }
  public enum Semaphore { public static let down: UInt64 = 0 }
  public enum Controller {
    public static let bind: UInt64 = 0, unbind: UInt64 = 1, info: UInt64 = 2, messageInfo: UInt64 = 3
    public static let unmask: UInt64 = 4, mask: UInt64 = 5, setMode: UInt64 = 6
  }
  public enum Scheduler { public static let info: UInt64 = 0, runThread: UInt64 = 1, idleTime: UInt64 = 2 }
  public enum Log {
    public static let write: UInt64 = 0, read: UInt64 = 1, setAttributes: UInt64 = 2, getAttributes: UInt64 = 3
  }
}

/// Flags in the first word of thread control.
public enum ThreadControl {
  public static let setPager: UInt64 = 0x1_0000, bind: UInt64 = 0x20_0000, alien: UInt64 = 0x40_0000,
    setHandler: UInt64 = 0x100_0000
}

/// Flags in the first word of ex_regs.
public enum ExchangeRegisters {
  public static let cancel: UInt64 = 0x1_0000, triggerException: UInt64 = 0x2_0000
  /// "Leave unchanged" for instruction and stack pointer.
  public static let keep: UInt64 = ~0
}

/// Flags of the unmap mask.
public enum UnmapMask { public static let own: UInt64 = 0x8000_0000, deleteObjects: UInt64 = 0x4000_0000 }
