import FiascoABI

/// Free slots of a component's capability table: first fit, lowest index first.
///
/// Each thread of a native program owns a range of its own: a step may have reserved a slot and not be committed yet
/// while another thread reserves one. Models `Cap_index_allocator`.
public struct CapabilitySlots: Hashable, Sendable {
  private let base: UInt32
  private let count: Int
  /// One bit for each slot in use.
  private var used: [UInt64]

  public init(from base: CapabilitySlot = ComponentSlots.firstUser, count: Int) {
    self.base = base.index
    self.count = count
    used = Array(repeating: 0, count: (count + 63) / 64)
  }

  public mutating func take() -> CapabilitySlot {
    let word = used.firstIndex { $0 != .max } ?? used.count
    let index = word * 64 + (word < used.count ? (~used[word]).trailingZeroBitCount : 0)
    precondition(index < count, "a native component must not run out of capability indices")
    used[word] |= 1 << UInt64(index % 64)
    return CapabilitySlot(base + UInt32(index))
  }

  public mutating func take(_ count: Int) -> [CapabilitySlot] { (0..<count).map { _ in take() } }

  public mutating func release(_ slot: CapabilitySlot) {
    let index = Int(slot.index) - Int(base)
    precondition(index >= 0 && index < count, "only a slot of this range can be released")
    precondition(used[index / 64] & 1 << UInt64(index % 64) != 0, "only a slot in use can be released")
    used[index / 64] &= ~(1 << UInt64(index % 64))
  }

  public var free: Int { count - inUse }
  public var inUse: Int { used.reduce(0) { $0 + $1.nonzeroBitCount } }
}
