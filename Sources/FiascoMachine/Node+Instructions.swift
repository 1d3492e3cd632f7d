import Determinism
import FiascoKernel
import RISCV

// Instructions that the machine completes, not the hart and not the kernel.
extension Node {
  /// The counters run on simulated time: `time` at 10 MHz as on the modelled board, the others in cycles.
  mutating func readCounter(_ t: ThreadID, _ destination: Register, _ counter: Counter) {
    let value: UInt64 =
      switch counter {
      case .time: now.picoseconds / 100_000
      case .cycle: now.picoseconds / platform.picosecondsPerCycle
      case .instret: retired
      }
    kernel.registers[t.slot][destination] = value
    kernel.registers[t.slot].pc &+= 4
    retired &+= 1
    now = now + TimeSpan.picoseconds(Int64(platform.picosecondsPerCycle))
  }

  /// Costs nothing: neither time nor an instruction.
  mutating func hint(_ t: ThreadID, _ kind: UInt64, _ operand: UInt64) {
    kernel.registers[t.slot].pc &+= 4
    guard keepsRecords else { return }
    records.append(NodeRecord(at: now, event: .hint(thread: t, kind: kind, value: operand), core: activeCore))
  }

  /// Timed work: the register holds what remains, so that an interrupted computation can be captured and resumed.
  mutating func work(_ t: ThreadID, _ register: Register, _ nanoseconds: UInt64, until boundary: Instant) {
    let available = (UInt64((boundary - now).picoseconds) + 999) / 1000
    let used = min(nanoseconds, available)
    kernel.registers[t.slot][register] = nanoseconds - used
    now = now + TimeSpan.picoseconds(Int64(used * 1000))
  }
}
