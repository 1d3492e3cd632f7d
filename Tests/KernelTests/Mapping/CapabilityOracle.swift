import FiascoABI

@testable import FiascoKernel

/// Capability spaces as one dictionary. Nothing is counted and nothing linked: what follows from the contents is found
/// by looking at all of them.
struct CapabilityOracle {
  struct Slot: Hashable {
    var task: Int
    var index: UInt32
  }

  struct Content: Equatable {
    var object: Int
    /// CW 1, CS 2, CR 4, CD 8, counted 0x10, object-specific rights above.
    var mask: UInt8
  }

  private(set) var slots: [Slot: Content] = [:]

  mutating func create(_ object: Int, at slot: Slot) {
    remove(slot, deletes: true)
    slots[slot] = Content(object: object, mask: 0xff)
  }

  mutating func map(
    from source: Slot, to target: Slot, order: Int, rights: UInt8, attributes: UInt8, grant: Bool
  ) {
    for offset in 0..<(UInt32(1) << UInt32(order)) {
      let (from, to) = (
        Slot(task: source.task, index: source.index + offset), Slot(task: target.task, index: target.index + offset)
      )
      guard let content = slots[from], rights & 4 != 0 else { continue }
      let asked = rights | (attributes & 0x10 == 0 ? 0x10 : 0) | attributes & 0xe0
      if slots[to] != nil { remove(to, deletes: true) }
      guard slots[from] != nil else { continue }
      slots[to] = Content(object: content.object, mask: content.mask & asked)
      if grant { slots[from] = nil }
      buryUncounted()
    }
  }

  mutating func unmap(_ slot: Slot, order: Int, rights: UInt8, deletes: Bool) {
    for offset in 0..<(UInt32(1) << UInt32(order)) {
      let place = Slot(task: slot.task, index: slot.index + offset)
      if rights & 4 != 0 {
        remove(place, deletes: deletes)
      } else {
        slots[place]?.mask &= ~(rights & 0xb)
      }
    }
  }

  mutating func destroyTask(_ task: Int) {
    for slot in slots.keys.filter({ $0.task == task }).sorted(by: { $0.index < $1.index }) {
      remove(slot, deletes: true)
    }
  }

  private mutating func remove(_ slot: Slot, deletes: Bool) {
    guard let content = slots.removeValue(forKey: slot) else { return }
    if deletes, content.mask & 8 != 0 { slots = slots.filter { $0.value.object != content.object } }
    buryUncounted()
  }

  /// An object without a counted capability is gone.
  private mutating func buryUncounted() {
    let counted = Set(slots.values.filter { $0.mask & 0x10 != 0 }.map(\.object))
    slots = slots.filter { counted.contains($0.value.object) }
  }
}
