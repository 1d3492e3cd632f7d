// Writes: memory (capability tables), objects (capability list, counted references).
import FiascoABI

extension Kernel {
  /// Removes capabilities from a task's own slots; without the mask's own bit nothing happens.
  ///
  /// Without CR among the rights to remove the capabilities stay and lose the named rights. Models `obj_fpage_unmap`.
  mutating func unmapObjects(of task: TaskID, _ page: FlexPage, _ mask: UInt64, dying: inout [ObjectID]) {
    guard mask & UnmapMask.own != 0 else { return }
    let order = min(page.order, 52)
    let first = page.isEverything ? 0 : (page.slotIndex >> UInt64(order)) << UInt64(order)
    let removes = page.objectRights.contains(.read)
    let deletes = mask & UnmapMask.deleteObjects != 0
    var removed = 0
    var next = first
    while let slot = nextCapabilitySlot(of: task, from: next, below: first + 1 << UInt64(order)) {
      next = slot + 1
      let address = capabilityAddress(of: task, at: slot)
      if removes {
        removeCapability(at: address, deletes: deletes, dying: &dying)
        removed += 1
      } else {
        reduceCapability(at: address, by: page.objectRights)
      }
    }
    charge(.unmapObject, count: removed)
  }

  private mutating func reduceCapability(at address: CapabilityAddress, by rights: ObjectRights) {
    var entry = capabilityEntry(address)
    entry.rights &= ~UInt8(rights.rawValue & 3)
    entry.attributes &= ~UInt8(rights.rawValue & 8)
    setCapabilityEntry(address, entry)
  }

  /// Empties one slot. If that was the last counted capability, or deletion is asked for and the slot has the right to
  /// it, every capability to the object vanishes and the object is to be destroyed by whoever owns `dying`.
  ///
  /// Models `Kobject_mapdb::flush`.
  mutating func removeCapability(at address: CapabilityAddress, deletes: Bool, dying: inout [ObjectID]) {
    let entry = capabilityEntry(address)
    if entry.isEmpty { return }
    let capability = entry.capability
    if deletes, capability.mayDelete { return condemn(capability.object, dying: &dying) }
    unlink(address)
    if capability.isCounted { dropReference(capability.object, dying: &dying) }
  }

  /// One slot of a task, as an unmap with the own bit but without deletion.
  mutating func removeCapability(task: TaskID, slot: UInt64) {
    let address = capabilityAddress(of: task, at: slot)
    if address.isNone { return }
    var dying: [ObjectID] = []
    removeCapability(at: address, deletes: false, dying: &dying)
    reap(dying)
  }

  /// A counted capability is gone.
  mutating func dropReference(_ object: ObjectID, dying: inout [ObjectID]) {
    if objects[object.slot].references <= 1 { return condemn(object, dying: &dying) }
    objects[object.slot].countedReferences -= 1
  }

  private mutating func condemn(_ object: ObjectID, dying: inout [ObjectID]) {
    revokeAll(object)
    dying.append(object)
  }
}
