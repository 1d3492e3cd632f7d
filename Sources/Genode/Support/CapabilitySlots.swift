import FiascoABI

/// Free slots of a component's capability table: first fit, lowest index first.
///
/// Each thread of a native program owns a range of its own: a step may have reserved a slot and not be committed yet
/// while another thread reserves one. Models `Cap_index_allocator`.
public struct CapabilitySlots: Hashable, Sendable {
  private let base: UInt32
  private var used: [Bool]

  public init(from base: CapabilitySlot = ComponentSlots.firstUser, count: Int) {
    self.base = base.index
    used = Array(repeating: false, count: count)
  }

  public mutating func take() -> CapabilitySlot {
    guard let free = used.firstIndex(of: false) else {
      preconditionFailure("a native component must not run out of capability indices")
    }
    used[free] = true
    return CapabilitySlot(base + UInt32(free))
  }

  public mutating func take(_ count: Int) -> [CapabilitySlot] { (0..<count).map { _ in take() } }

  public mutating func release(_ slot: CapabilitySlot) {
    let index = Int(slot.index) - Int(base)
    precondition(used.indices.contains(index) && used[index], "only a slot in use can be released")
    used[index] = false
  }

  public var inUse: Int { used.count { $0 } }
}
