import Determinism
import FiascoKernel
import RISCV

/// Translation caches of the address spaces that ran most recently. A shortcut, never part of the state.
struct TranslationPool: ~Copyable {
  private static let size = 8

  private var caches: InlineArray<8, TranslationCache>
  private var owners: InlineArray<8, TaskID>
  /// One bit for each cache that may have entries. Native programs have none, and most flushes are theirs.
  private var used: UInt8 = 0

  init() {
    caches = InlineArray { _ in TranslationCache() }
    owners = InlineArray(repeating: .none)
  }

  mutating func run(
    _ hart: inout Hart, _ registers: inout Registers, _ memory: inout PagedMemory, task: TaskID, budget: UInt64
  ) -> HartExit {
    hart.run(&registers, memory: &memory, cache: &caches[claim(task)], budget: budget)
  }

  /// The same for the owner of the floating-point unit.
  mutating func run(
    _ hart: inout Hart, _ registers: inout Registers, _ float: inout FloatRegisters, _ memory: inout PagedMemory,
    task: TaskID, budget: UInt64
  ) -> HartExit {
    hart.run(&registers, &float, memory: &memory, cache: &caches[claim(task)], budget: budget)
  }

  mutating func fill(task: TaskID, address: UInt64, frame: Int, access: MemoryAccess, memory: inout PagedMemory) {
    caches[claim(task)].fill(virtualPage: address >> 12, frame: frame, access: access, memory: &memory)
  }

  /// The cache for a task, emptied if it served another one before.
  private mutating func claim(_ task: TaskID) -> Int {
    let index = task.slot & (Self.size - 1)
    used |= 1 << UInt8(index)
    if owners[index] != task {
      caches[index].flush()
      owners[index] = task
    }
    return index
  }

  mutating func flush() {
    while used != 0 {
      caches[used.trailingZeroBitCount].flush()
      used &= used - 1
    }
  }
}
