/// An integer register by its number; the cases carry the names of the calling convention (lp64).
@frozen public enum Register: UInt8, CaseIterable, BitwiseCopyable, Hashable, Sendable {
  case zero, ra, sp, gp, tp, t0, t1, t2
  case s0, s1, a0, a1, a2, a3, a4, a5
  case a6, a7, s2, s3, s4, s5, s6, s7
  case s8, s9, s10, s11, t3, t4, t5, t6

  /// The number x0 ... x31.
  @inlinable public var number: Int { Int(rawValue) }

  /// The register in the low five bits of `number`, as an instruction field states it.
  @inlinable public init(field number: UInt32) {
    self = unsafeBitCast(UInt8(truncatingIfNeeded: number & 31), to: Register.self)
  }

  /// The name of the calling convention: the one assemblers and debuggers print.
  public var name: String { String(describing: self) }
}
