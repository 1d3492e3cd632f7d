import Determinism

/// A hart's own state beside the registers of the thread it runs.
public struct Hart: ~Copyable {
  /// The address of the last load-reserved, or nil. Part of the machine's state.
  public var reservation: UInt64?

  public init() {}

  /// To be called at every switch of threads, and whenever another hart or the kernel may have stored since: then the
  /// next store-conditional fails, as the architecture allows at any time.
  public mutating func clearReservation() { reservation = nil }

  /// Executes at most `budget` instructions from `registers.pc` and says why it stopped.
  public mutating func run(
    _ registers: inout Registers, memory: inout PagedMemory, cache: inout TranslationCache, budget: UInt64
  ) -> HartExit {
    HartExit(reason: .budget, retired: 0)
  }
}
