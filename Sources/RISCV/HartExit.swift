/// Why the interpreter gave control back.
///
/// Except for `budget`, pc stands AT the instruction that is the reason, and that instruction is not counted: either it
/// is repeated (a miss, `work`, `bulk`) or the caller completes it (a system call).
@frozen public enum ExitReason: BitwiseCopyable, Hashable, Sendable {
  /// Exactly as many instructions as allowed have retired.
  case budget
  /// No translation for this access. `address` is the first byte that has none (for an access across two pages that may
  /// be the first byte of the second page). The caller fills the cache and runs again, or raises a page fault.
  case translationMiss(address: UInt64, access: MemoryAccess)
  /// `ecall`. The caller advances pc by 4.
  case systemCall
  /// `ebreak` or `c.ebreak`.
  case breakpoint
  /// Not an instruction of RV64GC user mode, or a floating-point instruction while the unit is off (the architecture
  /// does not tell these apart); the 16 or 32 bits that stand there.
  case illegal(bits: UInt64)
  /// LR, SC or AMO at an address that is not a multiple of its size. `access` is `.read` for LR.
  case misaligned(address: UInt64, access: MemoryAccess)
  /// A read of `time`, `cycle` or `instret`. The caller writes `destination`, advances pc by 4 and counts it.
  case readCounter(destination: Register, counter: Counter)
  /// `work` with this much CPU time left in `register`. The caller lets time pass, writes back what remains and
  /// runs again; with 0 the instruction retires. See `CustomInstruction.work`.
  case work(register: Register, nanoseconds: UInt64)
  /// `hint`. The caller records it and advances pc by 4; it is not counted. See `CustomInstruction.hint`.
  case hint(kind: UInt64, operand: UInt64)
  /// A bulk instruction has processed `bytes` more bytes (1 ... 4096) and is not complete. Its registers are advanced.
  case bulk(bytes: UInt64, access: MemoryAccess)
}

/// The counters that user mode may read, by CSR number.
@frozen public enum Counter: UInt16, CaseIterable, BitwiseCopyable, Hashable, Sendable {
  case cycle = 0xc00
  case time = 0xc01
  case instret = 0xc02
}

/// One stay in the interpreter.
@frozen public struct HartExit: BitwiseCopyable, Hashable, Sendable {
  public var reason: ExitReason
  /// Instructions completed in this stay; never more than the budget.
  public var retired: UInt64

  @inlinable public init(reason: ExitReason, retired: UInt64) {
    self.reason = reason
    self.retired = retired
  }
}
