/// The layout of a user-level thread control block: 128 words of 8 bytes in kernel-user memory.
public enum UTCB {
  public static let size: UInt64 = 1024
  public static let words = 128
  public static let messageRegisters = 0
  public static let messageRegisterCount = 63
  /// The UTCB's own address.
  public static let ownAddress = 63
  /// Buffer descriptor: bits 0-4 first memory buffer, 5-9 first I/O buffer, 10-14 first object buffer, 24 inherit FPU.
  public static let bufferDescriptor = 64
  /// In the buffer descriptor: messages may bring floating-point state.
  public static let inheritFPU: UInt64 = 1 << 24
  public static let bufferRegisters = 65
  public static let bufferRegisterCount = 58
  public static let error = 123
  public static let freeMarker = 124
  /// Three words the kernel never touches. Genode: [1] the badge pointer, [2] the `Thread` object.
  public static let userWords = 125
}

/// What a triggered or real exception tells its handler: 37 message words.
public enum ExceptionMessage {
  public static let words = 37
  public static let returnWork = 0
  /// x1...x31 at words 1...31.
  public static let registers = 1
  public static let instructionPointer = 32
  public static let status = 33
  public static let cause = 34
  public static let value = 35
}

/// RISC-V causes as the kernel reports them.
public enum ExceptionCause {
  public static let illegalInstruction: UInt64 = 2
  public static let breakpoint: UInt64 = 3
  public static let loadMisaligned: UInt64 = 4
  public static let storeMisaligned: UInt64 = 6
  public static let systemCall: UInt64 = 8
  public static let instructionPageFault: UInt64 = 12
  public static let loadPageFault: UInt64 = 13
  public static let storePageFault: UInt64 = 15
  /// A virtual processor has received a message.
  public static let message: UInt64 = 0x18
  /// Synthesised when `ex_regs` asked for an exception.
  public static let triggered: UInt64 = 0x19
  /// An alien thread's system call has been carried out.
  public static let alienAfterSystemCall: UInt64 = 0x1b
}
