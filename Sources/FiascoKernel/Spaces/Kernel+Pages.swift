// Writes: memory (page tables), frames, factories (quota).
import FiascoABI

extension Kernel {
  /// What a user access to this address meets; nil is a page fault.
  public func translate(_ task: TaskID, _ address: UInt64) -> PageEntry? {
    if address >= userAddressLimit { return nil }
    let entry = pageEntry(task, address)
    if entry.isValid { return entry }
    if tasks[task.slot].seesIdentity(address) { return Self.identityEntry(address) }
    return nil
  }

  static func identityEntry(_ address: UInt64) -> PageEntry {
    PageEntry(frame: identityFrame(address), rights: .rwx, node: -1)
  }

  /// The entry that stands in the table; not valid if there is none.
  @inline(__always)
  func pageEntry(_ task: TaskID, _ address: UInt64) -> PageEntry {
    let leaf = leafTable(task, address)
    if leaf < 0 { return PageEntry(raw: 0) }
    return PageEntry(raw: memory.load(frame: leaf, offset: PageTable.leafOffset(address), as: UInt64.self))
  }

  /// Frame of the lowest table for an address; -1 if there is none.
  @inline(__always)
  private func leafTable(_ task: TaskID, _ address: UInt64) -> Int {
    let top = Int(tasks[task.slot].pageDirectory)
    let middle = Int(memory.load(frame: top, offset: PageTable.topOffset(address), as: UInt64.self)) - 1
    if middle < 0 { return -1 }
    return Int(memory.load(frame: middle, offset: PageTable.middleOffset(address), as: UInt64.self)) - 1
  }

  /// Writes an entry, making tables as needed. On a failure tables made on the way stay, as in the original.
  mutating func setPage(_ task: TaskID, _ address: UInt64, _ entry: PageEntry) throws(MapFailure) {
    if address >= userAddressLimit { throw .outOfRange }
    let top = Int(tasks[task.slot].pageDirectory)
    let middle = try makeTable(for: task, in: top, offset: PageTable.topOffset(address))
    let leaf = try makeTable(for: task, in: middle, offset: PageTable.middleOffset(address))
    memory.store(entry.raw, frame: leaf, offset: PageTable.leafOffset(address))
  }

  private mutating func makeTable(for task: TaskID, in frame: Int, offset: Int) throws(MapFailure) -> Int {
    let existing = memory.load(frame: frame, offset: offset, as: UInt64.self)
    if existing != 0 { return Int(existing) - 1 }
    let payer = tasks[task.slot].payer
    if !chargeQuota(payer, profile.objectSizes.pageTable) { throw .noMemory }
    guard let table = takeFrame() else {
      refundQuota(payer, profile.objectSizes.pageTable)
      throw .noMemory
    }
    memory.store(UInt64(table + 1), frame: frame, offset: offset)
    return table
  }

  /// Changes an entry whose table exists.
  mutating func rewritePage(_ task: TaskID, _ address: UInt64, to entry: PageEntry) {
    let leaf = leafTable(task, address)
    precondition(leaf >= 0, "a page without a table is changed")
    memory.store(entry.raw, frame: leaf, offset: PageTable.leafOffset(address))
  }

  /// Takes rights away: translations become stale.
  mutating func reducePage(_ task: TaskID, _ address: UInt64, to entry: PageEntry) {
    rewritePage(task, address, to: entry)
    forgetTranslations()
  }

  /// The machine flushes what it caches, that of the other cores as well.
  mutating func forgetTranslations() {
    if isMulticore, !staleTranslations { charge(.shootdown, count: coreCount - 1) }
    staleTranslations = true
  }

  mutating func clearPage(_ task: TaskID, _ address: UInt64) {
    reducePage(task, address, to: PageEntry(raw: 0))
  }

  /// The lowest page with an entry in a range of addresses. Whole missing tables are skipped at once.
  func nextPage(_ task: TaskID, from start: UInt64, below end: UInt64) -> UInt64? {
    var address = start
    let limit = min(end, userAddressLimit)
    let top = Int(tasks[task.slot].pageDirectory)
    while address < limit {
      let middle = Int(memory.load(frame: top, offset: PageTable.topOffset(address), as: UInt64.self)) - 1
      if middle < 0 {
        address = (address >> PageTable.topShift + 1) << PageTable.topShift
        continue
      }
      let leaf = Int(memory.load(frame: middle, offset: PageTable.middleOffset(address), as: UInt64.self)) - 1
      let tableEnd = min(limit, (address >> PageTable.middleShift + 1) << PageTable.middleShift)
      if leaf >= 0 {
        while address < tableEnd {
          let entry = memory.load(frame: leaf, offset: PageTable.leafOffset(address), as: UInt64.self)
          if entry & 1 != 0 { return address }
          address += pageBytes
        }
      }
      address = tableEnd
    }
    return nil
  }
}
