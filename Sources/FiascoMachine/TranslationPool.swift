import Determinism
import FiascoKernel
import RISCV

/// Translation caches of the address spaces that ran most recently. A shortcut, never part of the state.
struct TranslationPool: ~Copyable {
  static let size = 8

  private var caches: InlineArray<8, TranslationCache>
  private var owners: InlineArray<8, TaskID>
  private var generation: UInt64 = 0

  init() {
    caches = InlineArray { _ in TranslationCache() }
    owners = InlineArray(repeating: .none)
  }

  mutating func run(
    _ hart: inout Hart, _ registers: inout Registers, _ memory: inout PagedMemory, task: TaskID, budget: UInt64
  ) -> HartExit {
    let index = claim(task, memory.generation)
    return hart.run(&registers, memory: &memory, cache: &caches[index], budget: budget)
  }

  mutating func fill(task: TaskID, address: UInt64, frame: Int, access: MemoryAccess, memory: inout PagedMemory) {
    let index = claim(task, memory.generation)
    caches[index].fill(virtualPage: address >> 12, frame: frame, access: access, memory: &memory)
    // Filling for write may have replaced a page; other caches see the new generation and start afresh.
    if memory.generation != generation {
      flush()
      generation = memory.generation
      caches[index].fill(virtualPage: address >> 12, frame: frame, access: access, memory: &memory)
      generation = memory.generation
    }
  }

  /// The cache for a task, emptied if it served another or if host pages have moved.
  private mutating func claim(_ task: TaskID, _ current: UInt64) -> Int {
    if generation != current {
      flush()
      generation = current
    }
    let index = task.slot & (Self.size - 1)
    if owners[index] != task {
      caches[index].flush()
      owners[index] = task
    }
    return index
  }

  mutating func flush() {
    for index in 0..<Self.size where !owners[index].isNone { caches[index].flush() }
  }

  mutating func flushWrites() {
    for index in 0..<Self.size where !owners[index].isNone { caches[index].flushWrites() }
  }
}
