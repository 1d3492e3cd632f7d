import Determinism

/// An RV64GC hart in user mode.
///
/// A hart holds nothing but its reservation: the registers belong to the thread, memory and translations to the
/// machine. Every stay is exact: `retired` counts completed instructions, a budget is met to the instruction, and after
/// any exit the registers are those of an instruction boundary.
public struct Hart: ~Copyable {
  /// The address of the last load-reserved, or nil. Part of the machine's state.
  public var reservation: UInt64?

  public init() {}

  /// The budget is a distance between host addresses, so it is cut to what cannot overflow: years of execution.
  private static let longestStay: UInt64 = 1 << 55

  /// To be called at every switch of threads, and whenever another hart or the kernel may have stored since: then the
  /// next store-conditional fails, as the architecture allows at any time.
  public mutating func clearReservation() { reservation = nil }

  /// Executes at most `budget` instructions from `registers.pc` and says why it stopped. The floating-point unit is off:
  /// its instructions are illegal.
  public mutating func run(
    _ registers: inout Registers, memory: inout PagedMemory, cache: inout TranslationCache, budget: UInt64
  ) -> HartExit {
    run(&registers, nil, memory: memory, cache: &cache, budget: budget)
  }

  /// The same with the floating-point unit on.
  ///
  /// Misaligned loads and stores work. The lowest bit of pc is ignored, as the architecture does on return from a trap.
  public mutating func run(
    _ registers: inout Registers, _ float: inout FloatRegisters, memory: inout PagedMemory,
    cache: inout TranslationCache, budget: UInt64
  ) -> HartExit {
    withUnsafeMutableBytes(of: &float.words) { bytes in
      guard let base = bytes.baseAddress else { preconditionFailure("a register file has an address") }
      let words = base.assumingMemoryBound(to: UInt64.self)
      return run(&registers, words, memory: memory, cache: &cache, budget: budget)
    }
  }

  private mutating func run(
    _ registers: inout Registers, _ float: UnsafeMutablePointer<UInt64>?, memory: borrowing PagedMemory,
    cache: inout TranslationCache, budget: UInt64
  ) -> HartExit {
    cache.synchronize(with: memory)
    let translation = AddressTranslation(storage: cache.storage)
    translation.storage[TranslationCache.Layout.float] = UInt64(UInt(bitPattern: float))
    return withUnsafeMutableBytes(of: &registers.words) { bytes in
      guard let base = bytes.baseAddress else { preconditionFailure("a register file has an address") }
      let core = Core(x: base.assumingMemoryBound(to: UInt64.self), translation: translation)
      return core.run(budget: Int(min(budget, Hart.longestStay)), reservation: &reservation)
    }
  }
}

/// One stay of a hart: register file and translations by address, valid until `Hart.run` returns.
struct Core {
  /// x0 ... x31 and one word that swallows results for x0; on entry and exit that word is pc.
  let x: UnsafeMutablePointer<UInt64>
  let translation: AddressTranslation
}

/// Where the next instruction stands, and how many may still execute.
///
/// Records stand in the order of execution, so the budget is a position too: the record where it ends if no jump comes
/// before. A jump moves the end with it. Thus counting costs one comparison for each instruction.
struct Flow {
  var record: UnsafePointer<DecodedInstruction>
  var end: UnsafePointer<DecodedInstruction>
  /// The address of the page's first byte.
  var page: UInt64

  /// A jump by `distance` records from the next one.
  @inline(__always) mutating func jump(_ distance: Int32) {
    record += 1 + Int(distance)
    end += Int(distance)
  }

  /// Continues at `target` in another page, with `allowed` instructions to go.
  @inline(__always) mutating func enter(_ target: UInt64, _ entry: UnsafePointer<DecodedInstruction>, allowed: Int) {
    record = entry
    end = entry + allowed
    page = target & ~4095
  }
}
