import FiascoABI
import RISCV

/// A thread's floating-point registers; allocated at its first use of them.
///
/// The original keeps the owner's registers in the unit and saves them when another thread takes it. Here they stay in
/// this place, for whoever owns the unit is its only user: switching is a matter of ownership, time and quota.
/// Models `Fpu_state`.
public struct FPUState: BitwiseCopyable, Sendable {
  public var registers = FloatRegisters()
  /// The factory that pays: it stays the same when the state is handed to another thread.
  let payer: ObjectID
}
