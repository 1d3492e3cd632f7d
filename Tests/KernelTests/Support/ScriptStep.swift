import Determinism
import FiascoABI
import FiascoMachine

@testable import FiascoKernel

/// What a scripted thread does next.
enum Step {
  case call(SystemCall)
  case mark(String)
  /// The time in microseconds as a mark.
  case markTime
  /// A mark with the first message register.
  case markMessage(String)
  case compute(TimeSpan)
  case touch(UInt64, FaultAccess)
  /// Takes a page fault once and goes on elsewhere.
  case fault(UInt64, FaultAccess)
  case trap(cause: UInt64, value: UInt64)
  /// The same instruction traps until somebody moves the instruction pointer.
  case trapAgain(cause: UInt64)
  /// The thread stands behind a system call that it has not made; this one tells how to read its result.
  case returned(SystemCall)
  /// A system call with the registers as they stand; the call only tells how to read its result.
  case execute(SystemCall)
  /// Changes the thread's own message registers: a handler edits the frame it answers with.
  case amend(@Sendable (inout [UInt64]) -> Void)
  /// Writes fa0, or says what is in it.
  case setFloat(UInt64)
  case markFloat(String)
  /// Uses the processor for ever.
  case spin
}

extension PlatformProfile {
  /// Kernel work takes no time, an instruction 100 ns: tests with machine code pass through milliseconds quickly.
  static let silent = PlatformProfile(
    name: "silent", about: "kernel work takes no time", picosecondsPerCycle: 100_000,
    kernel: CostModel { work in
      CostModel.Entry(base: work == .interruptFlight ? 100 : 0, status: .assumed, source: "test of behaviour")
    },
    memory: MemoryCosts(copy: free, fill: free, touch: free, storage: free))
  private static var free: MemoryCosts.Entry {
    MemoryCosts.Entry(picosecondsPerByte: 0, status: .assumed, source: "test of behaviour")
  }
}
