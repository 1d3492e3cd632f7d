import FiascoABI
import RISCV

/// The processor's floating-point unit: its registers, and the thread whose they are.
///
/// It is on for its owner only; everybody else's first floating-point instruction traps, and the kernel switches.
/// Models `Fpu` with its owner.
public struct FloatingPointUnit: BitwiseCopyable, Sendable {
  /// None after boot, and when the owner died or gave its state away.
  public internal(set) var owner = ThreadID.none
  public var registers = FloatRegisters()
}

/// Where a thread's floating-point registers are while another thread owns the unit; allocated at its first use.
///
/// Models `Fpu_state`.
struct FPUState: BitwiseCopyable, Sendable {
  var registers = FloatRegisters()
  /// The factory that pays: it stays the same when the state is handed to another thread.
  let payer: ObjectID
}
