// Writes: memory (page tables), frames, factories (quota).
import FiascoABI

extension Kernel {
  /// What a user access to this address meets, as a page of 4 KiB; nil is a page fault.
  public func translate(_ task: TaskID, _ address: UInt64) -> PageEntry? {
    if address >= userAddressLimit { return nil }
    let (entry, order) = lookUp(task, address)
    if entry.isValid { return order == .page ? entry : entry.page(of: address, order: order) }
    if tasks[task.slot].seesIdentity(address) { return Self.identityEntry(address) }
    return nil
  }

  static func identityEntry(_ address: UInt64) -> PageEntry {
    PageEntry(frame: identityFrame(address), rights: .rwx, node: -1)
  }

  /// The entry for an address with the size of its page; if it is not valid, the size of the hole.
  ///
  /// Models `Mem_space::v_lookup`.
  @inline(__always)
  func lookUp(_ task: TaskID, _ address: UInt64) -> (entry: PageEntry, order: PageOrder) {
    let top = Int(tasks[task.slot].pageDirectory)
    let first = memory.load(frame: top, offset: PageTable.topOffset(address), as: UInt64.self)
    if first & 1 != 0 || first == 0 { return (PageEntry(raw: first), .huge) }
    let middle = PageTable.table(first)
    let second = memory.load(frame: middle, offset: PageTable.middleOffset(address), as: UInt64.self)
    if second & 1 != 0 || second == 0 { return (PageEntry(raw: second), .large) }
    let leaf = PageTable.table(second)
    return (PageEntry(raw: memory.load(frame: leaf, offset: PageTable.leafOffset(address), as: UInt64.self)), .page)
  }

  /// The entry that stands in the table; not valid if there is none.
  func pageEntry(_ task: TaskID, _ address: UInt64) -> PageEntry { lookUp(task, address).entry }

  /// What a map operation finds at its source: an entry, or the page of an identity window that has none yet.
  ///
  /// Models `Mem_space::v_fabricate`.
  func sourceEntry(_ task: TaskID, _ address: UInt64) -> (entry: PageEntry, order: PageOrder) {
    let found = lookUp(task, address)
    let space = tasks[task.slot]
    if found.entry.isValid || space.identityBase == space.identityEnd { return found }
    var order = found.order
    while let smaller = order.smaller, !space.treatsAsOne(address, order) { order = smaller }
    guard space.seesIdentity(address) else { return (found.entry, order) }
    return (Self.identityEntry(address & ~order.mask), order)
  }

  /// Writes an entry, making tables as needed. On a failure tables made on the way stay, as in the original.
  mutating func setPage(
    _ task: TaskID, _ address: UInt64, _ entry: PageEntry, _ order: PageOrder = .page
  ) throws(MapFailure) {
    if address >= userAddressLimit { throw .outOfRange }
    let top = Int(tasks[task.slot].pageDirectory)
    if order == .huge { return store(entry, in: top, PageTable.topOffset(address)) }
    let middle = try makeTable(for: task, in: top, offset: PageTable.topOffset(address))
    if order == .large { return store(entry, in: middle, PageTable.middleOffset(address)) }
    let leaf = try makeTable(for: task, in: middle, offset: PageTable.middleOffset(address))
    store(entry, in: leaf, PageTable.leafOffset(address))
  }

  private mutating func store(_ entry: PageEntry, in table: Int, _ offset: Int) {
    memory.store(entry.raw, frame: table, offset: offset)
  }

  private mutating func makeTable(for task: TaskID, in frame: Int, offset: Int) throws(MapFailure) -> Int {
    let existing = memory.load(frame: frame, offset: offset, as: UInt64.self)
    precondition(existing & 1 == 0, "a table is made where a superpage is mapped")
    if existing != 0 { return PageTable.table(existing) }
    let payer = tasks[task.slot].payer
    if !chargeQuota(payer, profile.objectSizes.pageTable) { throw .noMemory }
    guard let table = takeFrame() else {
      refundQuota(payer, profile.objectSizes.pageTable)
      throw .noMemory
    }
    memory.store(PageTable.entry(table: table), frame: frame, offset: offset)
    return table
  }

  /// Changes an entry whose table exists.
  mutating func rewritePage(_ task: TaskID, _ address: UInt64, to entry: PageEntry, _ order: PageOrder = .page) {
    let top = Int(tasks[task.slot].pageDirectory)
    if order == .huge { return store(entry, in: top, PageTable.topOffset(address)) }
    let middle = PageTable.table(memory.load(frame: top, offset: PageTable.topOffset(address), as: UInt64.self))
    precondition(middle >= 0, "a page without a table is changed")
    if order == .large { return store(entry, in: middle, PageTable.middleOffset(address)) }
    let leaf = PageTable.table(memory.load(frame: middle, offset: PageTable.middleOffset(address), as: UInt64.self))
    precondition(leaf >= 0, "a page without a table is changed")
    store(entry, in: leaf, PageTable.leafOffset(address))
  }

  /// Takes rights away: translations become stale.
  mutating func reducePage(_ task: TaskID, _ address: UInt64, to entry: PageEntry, _ order: PageOrder = .page) {
    rewritePage(task, address, to: entry, order)
    forgetTranslations()
  }

  /// The machine flushes what it caches, that of the other cores as well.
  mutating func forgetTranslations() {
    if isMulticore, !staleTranslations { charge(.shootdown, count: coreCount - 1) }
    staleTranslations = true
  }

  mutating func clearPage(_ task: TaskID, _ address: UInt64, _ order: PageOrder = .page) {
    reducePage(task, address, to: PageEntry(raw: 0), order)
  }

  /// The lowest page with an entry that reaches into a range of addresses. Whole holes are skipped at once.
  func nextPage(
    _ task: TaskID, from start: UInt64, below end: UInt64
  ) -> (address: UInt64, entry: PageEntry, order: PageOrder)? {
    var address = start
    let limit = min(end, userAddressLimit)
    while address < limit {
      let (entry, order) = lookUp(task, address)
      if entry.isValid { return (address & ~order.mask, entry, order) }
      address = (address & ~order.mask) + order.bytes
    }
    return nil
  }
}
