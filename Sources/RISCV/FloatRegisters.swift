/// f0 ... f31 and fcsr: what the floating-point unit of a hart holds.
///
/// A struct of its own, for a kernel that switches lazily keeps it apart from the integer registers. Single-precision
/// values stand in the low half with ones above (NaN boxing).
@frozen public struct FloatRegisters: BitwiseCopyable, Sendable, Hashable {
  /// f0 ... f31, then fcsr, then 1 if anything was written since the unit was enabled.
  @usableFromInline var words: InlineArray<34, UInt64>

  /// All zero, as a new thread finds them.
  @inlinable public init() { words = InlineArray(repeating: 0) }

  /// f`number`, 0 ... 31.
  @inlinable public subscript(number: Int) -> UInt64 {
    get {
      precondition(number >= 0 && number < 32, "a floating-point register has a number below 32")
      return words[number]
    }
    set {
      precondition(number >= 0 && number < 32, "a floating-point register has a number below 32")
      words[number] = newValue
    }
  }

  /// Rounding mode in bits 5-7, raised flags in bits 0-4.
  @inlinable public var fcsr: UInt64 {
    get { words[32] }
    set { words[32] = newValue & 0xff }
  }

  /// Whether an instruction wrote a register since this was last cleared: `sstatus.FS` is then dirty, not clean.
  @inlinable public var isDirty: Bool {
    get { words[33] != 0 }
    set { words[33] = newValue ? 1 : 0 }
  }

  @inlinable public static func == (left: FloatRegisters, right: FloatRegisters) -> Bool {
    for index in 0..<34 where left.words[index] != right.words[index] { return false }
    return true
  }

  @inlinable public func hash(into hasher: inout Hasher) {
    for index in 0..<34 { hasher.combine(words[index]) }
  }
}

/// A floating-point register by its number; the cases carry the names of the calling convention (lp64d).
@frozen public enum FloatRegister: UInt8, CaseIterable, BitwiseCopyable, Hashable, Sendable {
  case ft0, ft1, ft2, ft3, ft4, ft5, ft6, ft7
  case fs0, fs1, fa0, fa1, fa2, fa3, fa4, fa5
  case fa6, fa7, fs2, fs3, fs4, fs5, fs6, fs7
  case fs8, fs9, fs10, fs11, ft8, ft9, ft10, ft11

  /// The register in the low five bits of `number`, as an instruction field states it.
  @inlinable public init(field number: UInt32) {
    self = unsafeBitCast(UInt8(truncatingIfNeeded: number & 31), to: FloatRegister.self)
  }

  /// The name of the calling convention: the one assemblers and debuggers print.
  public var name: String { String(describing: self) }

  var field: UInt32 { UInt32(rawValue) }
}
