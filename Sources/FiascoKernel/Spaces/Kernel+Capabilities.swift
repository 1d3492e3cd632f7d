// Writes: memory (capability tables), frames, objects (capability list, counted references), factories (quota).
import FiascoABI

/// A map operation cannot go on: no kernel frame, no quota, or no such slot.
enum MapFailure: Error, Hashable, Sendable { case noMemory, outOfRange }

extension Kernel {
  /// What stands in a slot. Every system call asks this.
  @inline(__always)
  public func capability(of task: TaskID, at slot: UInt64) -> Capability? {
    let address = capabilityAddress(of: task, at: slot)
    if address.isNone { return nil }
    let entry = capabilityEntry(address)
    return entry.isEmpty ? nil : entry.capability
  }

  /// The place of a slot; none if there is no table for it yet.
  @inline(__always)
  func capabilityAddress(of task: TaskID, at slot: UInt64) -> CapabilityAddress {
    if slot >= capabilitySlotLimit { return .none }
    var directory = Int(tasks[task.slot].capabilityDirectory)
    if slot >= CapabilityDirectory.slotsPerDirectory {
      let offset = CapabilityDirectory.rootOffset(slot)
      directory = Int(memory.load(frame: directory, offset: offset, as: UInt32.self)) - 1
      if directory < 0 { return .none }
    }
    let table = memory.load(frame: directory, offset: CapabilityDirectory.tableOffset(slot), as: UInt32.self)
    return table == 0 ? .none : CapabilityAddress(frame: Int(table) - 1, entry: Int(slot & 255))
  }

  @inline(__always)
  func capabilityEntry(_ address: CapabilityAddress) -> CapabilityEntry {
    memory.load(frame: address.frame, offset: address.offset, as: CapabilityEntry.self)
  }

  @inline(__always)
  mutating func setCapabilityEntry(_ address: CapabilityAddress, _ entry: CapabilityEntry) {
    memory.store(entry, frame: address.frame, offset: address.offset)
  }

  /// The lowest occupied slot in a range. Whole missing tables are skipped at once.
  func nextCapabilitySlot(of task: TaskID, from start: UInt64, below end: UInt64) -> UInt64? {
    var slot = start
    let limit = min(end, capabilitySlotLimit)
    while slot < limit {
      let address = capabilityAddress(of: task, at: slot)
      if address.isNone {
        slot = (slot | (CapabilityDirectory.slotsPerTable - 1)) + 1
        continue
      }
      if !capabilityEntry(address).isEmpty { return slot }
      slot += 1
    }
    return nil
  }

  /// The place of a slot, with its table made if need be. Tables stay until the task is gone.
  ///
  /// Models `Obj_space_phys::get_cap` and `caps_alloc`.
  mutating func makeCapabilityAddress(
    of task: TaskID, at slot: UInt64
  ) throws(MapFailure) -> CapabilityAddress {
    if slot >= capabilitySlotLimit { throw .outOfRange }
    let found = capabilityAddress(of: task, at: slot)
    if !found.isNone { return found }
    let payer = tasks[task.slot].payer
    let bytes = profile.objectSizes.capabilityPage
    if !chargeQuota(payer, bytes) { throw .noMemory }
    guard let directory = makeCapabilityDirectory(of: task, for: slot), let table = takeFrame() else {
      refundQuota(payer, bytes)
      throw .noMemory
    }
    memory.store(UInt32(table + 1), frame: directory, offset: CapabilityDirectory.tableOffset(slot))
    return CapabilityAddress(frame: table, entry: Int(slot & 255))
  }

  /// Directories are part of what a task costs at creation: no quota is asked.
  private mutating func makeCapabilityDirectory(of task: TaskID, for slot: UInt64) -> Int? {
    let root = Int(tasks[task.slot].capabilityDirectory)
    if slot < CapabilityDirectory.slotsPerDirectory { return root }
    let offset = CapabilityDirectory.rootOffset(slot)
    let existing = memory.load(frame: root, offset: offset, as: UInt32.self)
    if existing != 0 { return Int(existing) - 1 }
    guard let frame = takeFrame() else { return nil }
    memory.store(UInt32(frame + 1), frame: root, offset: offset)
    return frame
  }

  /// Puts a capability into an empty slot and into the list of its object.
  mutating func insertCapability(_ capability: Capability, task: TaskID, slot: UInt64) throws(MapFailure) {
    let address = try makeCapabilityAddress(of: task, at: slot)
    precondition(capabilityEntry(address).isEmpty, "a capability is inserted over another")
    link(capability, at: address)
  }

  mutating func link(_ capability: Capability, at address: CapabilityAddress) {
    let id = capability.object.slot
    var entry = CapabilityEntry(capability)
    entry.next = CapabilityAddress(raw: objects[id].firstCapability)
    if !entry.next.isNone { setPrevious(of: entry.next, address) }
    objects[id].firstCapability = address.raw
    if capability.isCounted { objects[id].countedReferences += 1 }
    setCapabilityEntry(address, entry)
  }

  /// Takes a capability out of its slot and list. The count of references is the caller's affair: a grant keeps it.
  mutating func unlink(_ address: CapabilityAddress) {
    let entry = capabilityEntry(address)
    if entry.previous.isNone {
      objects[entry.objectID.slot].firstCapability = entry.next.raw
    } else {
      setNext(of: entry.previous, entry.next)
    }
    if !entry.next.isNone { setPrevious(of: entry.next, entry.previous) }
    setCapabilityEntry(address, CapabilityEntry())
  }

  /// Empties every slot that names the object.
  mutating func revokeAll(_ object: ObjectID) {
    var address = CapabilityAddress(raw: objects[object.slot].firstCapability)
    while !address.isNone {
      let next = capabilityEntry(address).next
      setCapabilityEntry(address, CapabilityEntry())
      address = next
    }
    objects[object.slot].firstCapability = 0
    objects[object.slot].countedReferences = 0
  }

  private mutating func setNext(of address: CapabilityAddress, _ next: CapabilityAddress) {
    memory.store(next, frame: address.frame, offset: address.offset + 4)
  }

  private mutating func setPrevious(of address: CapabilityAddress, _ previous: CapabilityAddress) {
    memory.store(previous, frame: address.frame, offset: address.offset + 8)
  }

  /// A kernel frame full of zeros.
  mutating func takeFrame() -> Int? {
    guard let frame = frames.take() else { return nil }
    memory.zero(frame: frame)
    return frame
  }
}
