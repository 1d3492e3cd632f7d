// Writes: memory (capability tables), objects (capability list, counted references), frames, factories (quota).
import FiascoABI

extension Kernel {
  /// Maps or grants a range of capabilities, slot by slot in ascending order.
  ///
  /// Rights only shrink: a copy has what the original has *and* the item asks for. An occupied target is emptied first
  /// as an unmap with the delete flag would do it, which destroys the object if the slot has the delete right. Models
  /// `obj_map`.
  mutating func mapObjects(
    _ item: SendItem, _ page: FlexPage, rights: ObjectRights, from: TaskID, to: TaskID, window: FlexPage
  ) -> MapOutcome {
    let range = MapWindow(
      source: page.slotIndex, sourceOrder: page.order, target: window.isEverything ? 0 : window.slotIndex,
      targetOrder: window.order, hotSpot: item.hotSpot >> 12)
    // The item's bit for a weak reference is the complement of the capability's bit "counted".
    let asked = UInt8(rights.rawValue) | UInt8(item.attributes) ^ Capability.counted
    var outcome = MapOutcome(foundNothing: true)
    var dying: [ObjectID] = []
    var mapped = 0
    var next = range.source
    while let slot = nextCapabilitySlot(of: from, from: next, below: range.source + range.count) {
      next = slot + 1
      let target = range.target + (slot - range.source)
      guard target < capabilitySlotLimit else { break }
      guard let found = capability(of: from, at: slot), found.mask & asked & 4 != 0 else { continue }
      outcome.foundNothing = false
      do throws(MapFailure) {
        let copy = Capability(object: found.object, mask: found.mask & asked)
        if try place(copy, from: (from, slot), to: (to, target), grant: item.isGrant, dying: &dying) { mapped += 1 }
      } catch {
        outcome.failure = .sendMapFailed
        break
      }
    }
    charge(.mapObject, count: mapped)
    record(.objectsMapped(from: from, to: to, slot: UInt32(truncatingIfNeeded: range.target), count: UInt32(mapped)))
    reap(dying)
    return outcome
  }

  /// One capability of a map operation; false if overmapping the target has removed the source as well.
  private mutating func place(
    _ copy: Capability, from source: (task: TaskID, slot: UInt64), to target: (task: TaskID, slot: UInt64),
    grant: Bool, dying: inout [ObjectID]
  ) throws(MapFailure) -> Bool {
    let sourceAddress = capabilityAddress(of: source.task, at: source.slot)
    let targetAddress = try makeCapabilityAddress(of: target.task, at: target.slot)
    if !capabilityEntry(targetAddress).isEmpty {
      removeCapability(at: targetAddress, deletes: true, dying: &dying)
      if capabilityEntry(sourceAddress).isEmpty { return false }
    }
    let wasCounted = capabilityEntry(sourceAddress).capability.isCounted
    link(copy, at: targetAddress)
    guard grant else { return true }
    unlink(sourceAddress)
    if wasCounted { dropReference(copy.object, dying: &dying) }
    return true
  }

  /// Puts the first capability to a new object into a slot: all rights, counted.
  ///
  /// Models `map_obj_initially`.
  mutating func insertInitialCapability(_ object: ObjectID, task: TaskID, slot: UInt64) throws(MapFailure) {
    let address = try makeCapabilityAddress(of: task, at: slot)
    var dying: [ObjectID] = []
    removeCapability(at: address, deletes: true, dying: &dying)
    link(.full(object), at: address)
    reap(dying)
  }
}
