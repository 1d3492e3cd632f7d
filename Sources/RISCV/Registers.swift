/// What one RV64 hart holds for a thread: x0 ... x31 and the program counter.
///
/// Plain bytes, so that saving a thread's state is one copy. x0 reads as zero whatever is written to it.
@frozen public struct Registers: BitwiseCopyable, Sendable, Hashable {
  /// x0 ... x31, then pc. Element 0 stays zero. While the interpreter runs, the program counter lives in the position
  /// of the decoded instruction, and element 32 swallows the results of instructions that write to x0.
  @usableFromInline var words: InlineArray<33, UInt64>

  @inlinable public init() { words = InlineArray(repeating: 0) }

  @inlinable public init(pc: UInt64, sp: UInt64 = 0) {
    words = InlineArray(repeating: 0)
    words[32] = pc
    words[2] = sp
  }

  @inlinable public var pc: UInt64 {
    @inline(__always) get { words[32] }
    @inline(__always) set { words[32] = newValue }
  }

  /// x`number`, 0 ... 31.
  @inlinable public subscript(number: Int) -> UInt64 {
    get {
      precondition(number >= 0 && number < 32, "an integer register has a number below 32")
      return words[number]
    }
    set {
      precondition(number >= 0 && number < 32, "an integer register has a number below 32")
      if number != 0 { words[number] = newValue }
    }
  }

  @inlinable public subscript(register: Register) -> UInt64 {
    get { words[register.number] }
    set { if register != .zero { words[register.number] = newValue } }
  }

  @inlinable public static func == (left: Registers, right: Registers) -> Bool {
    for index in 0..<33 where left.words[index] != right.words[index] { return false }
    return true
  }

  @inlinable public func hash(into hasher: inout Hasher) {
    for index in 0..<33 { hasher.combine(words[index]) }
  }
}

/// The names of the calling convention for the registers that a system call or a thread's start uses.
extension Registers {
  @inlinable public var ra: UInt64 {
    get { words[1] }
    set { words[1] = newValue }
  }
  @inlinable public var sp: UInt64 {
    get { words[2] }
    set { words[2] = newValue }
  }
  @inlinable public var tp: UInt64 {
    get { words[4] }
    set { words[4] = newValue }
  }
  @inlinable public var a0: UInt64 {
    get { words[10] }
    set { words[10] = newValue }
  }
  @inlinable public var a1: UInt64 {
    get { words[11] }
    set { words[11] = newValue }
  }
  @inlinable public var a2: UInt64 {
    get { words[12] }
    set { words[12] = newValue }
  }
  @inlinable public var a3: UInt64 {
    get { words[13] }
    set { words[13] = newValue }
  }
  @inlinable public var a4: UInt64 {
    get { words[14] }
    set { words[14] = newValue }
  }
}
