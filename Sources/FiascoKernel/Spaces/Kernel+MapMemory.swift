// Writes: memory (page tables), mappings, frames, factories (quota).
import FiascoABI

extension Kernel {
  /// Maps or grants the pages of a flexpage one by one in ascending order.
  ///
  /// A failure stops the operation; pages mapped before stay. Models `mem_map`.
  mutating func mapMemory(
    _ item: SendItem, _ source: FlexPage, from: TaskID, to: TaskID, window: FlexPage
  ) -> MapOutcome {
    guard source.order >= 12, window.order >= 12 else { return MapOutcome() }
    let range = MapWindow(
      source: source.address >> 12, sourceOrder: source.order - 12,
      target: window.isEverything ? 0 : window.address >> 12, targetOrder: window.order - 12,
      hotSpot: item.hotSpot >> 12)
    var outcome = MapOutcome(foundNothing: true)
    var mapped = 0
    // Nothing beyond the user's addresses can be mapped, so the sum cannot overflow.
    let start = min(range.source << 12, userAddressLimit)
    let end = start + min(range.count << 12, userAddressLimit)
    var next = start
    while let page = nextSourcePage(from, from: next, below: end) {
      next = page + pageBytes
      let target = (range.target << 12) + (page - start)
      guard target < userAddressLimit else { break }
      guard let entry = translate(from, page) else { continue }
      let rights = readable(entry.rights.intersection(source.memoryRights))
      guard !rights.isEmpty else { continue }
      outcome.foundNothing = false
      do throws(MapFailure) {
        if try mapPage(from: (from, page), to: (to, target), rights: rights, grant: item.isGrant) { mapped += 1 }
      } catch {
        outcome.failure = .sendMapFailed
        break
      }
    }
    charge(.mapPage, count: mapped)
    record(.pagesMapped(from: from, to: to, address: range.target << 12, pages: UInt32(mapped)))
    return outcome
  }

  /// The architecture has no pages that are writable but not readable.
  private func readable(_ rights: MemoryRights) -> MemoryRights {
    rights.contains(.write) ? rights.union(.read) : rights
  }

  /// The next page that counts as mapped: one with an entry, or one of the identity window.
  private func nextSourcePage(_ task: TaskID, from start: UInt64, below end: UInt64) -> UInt64? {
    let space = tasks[task.slot]
    let end = min(end, userAddressLimit)
    if start < end, space.seesIdentity(start) { return start }
    let entry = nextPage(task, from: start, below: end)
    let window = space.identityBase > start && space.identityBase < space.identityEnd ? space.identityBase : end
    if let entry, entry < window { return entry }
    return window < end ? window : entry
  }

  /// One page. True if the target has it now.
  ///
  /// Same frame below the same source: rights are only ever added. Anything else at the target is taken away with all
  /// that was derived from it; the source may have been among that. Models the body of `map<Mem_space>`.
  private mutating func mapPage(
    from source: (task: TaskID, page: UInt64), to target: (task: TaskID, page: UInt64), rights: MemoryRights,
    grant: Bool
  ) throws(MapFailure) -> Bool {
    let sourceEntry = try materialise(source.task, source.page)
    let targetEntry = pageEntry(target.task, target.page)
    if sourceEntry.isKernelUser || targetEntry.isKernelUser { return false }
    if targetEntry.isValid {
      let isChild = Int(mappings[targetEntry.node].parent) == sourceEntry.node
      if isChild, !grant {
        addRights(rights, target.task, target.page, targetEntry)
        return true
      }
      let losesSource = mappings.isSameOrAncestor(targetEntry.node, of: sourceEntry.node)
      removeSubtree(targetEntry.node, includingRoot: true)
      if losesSource { return false }
    }
    if grant {
      try grantPage(sourceEntry, from: source, to: target, rights: rights)
    } else {
      try derivePage(sourceEntry, to: target, rights: rights)
    }
    return true
  }

  private mutating func addRights(_ rights: MemoryRights, _ task: TaskID, _ page: UInt64, _ entry: PageEntry) {
    let union = entry.rights.union(rights)
    guard union != entry.rights else { return }
    // More rights leave no stale translation that would allow too much.
    rewritePage(task, page, to: entry.with(rights: union))
  }

  private mutating func derivePage(
    _ source: PageEntry, to target: (task: TaskID, page: UInt64), rights: MemoryRights
  ) throws(MapFailure) {
    try setPage(target.task, target.page, PageEntry(frame: source.frame, rights: rights, node: source.node))
    guard chargeQuota(tasks[target.task.slot].payer, profile.objectSizes.mapping) else {
      clearPage(target.task, target.page)
      throw .noMemory
    }
    let mapping = MemoryMapping(task: target.task, address: target.page, frame: source.frame)
    let node = mappings.insert(mapping, below: source.node)
    rewritePage(target.task, target.page, to: PageEntry(frame: source.frame, rights: rights, node: node))
  }

  /// The node changes hands and keeps its place in the tree, with everything below it.
  private mutating func grantPage(
    _ source: PageEntry, from: (task: TaskID, page: UInt64), to target: (task: TaskID, page: UInt64),
    rights: MemoryRights
  ) throws(MapFailure) {
    try setPage(target.task, target.page, PageEntry(frame: source.frame, rights: rights, node: source.node))
    guard chargeQuota(tasks[target.task.slot].payer, profile.objectSizes.mapping) else {
      clearPage(target.task, target.page)
      throw .noMemory
    }
    refundQuota(tasks[from.task.slot].payer, profile.objectSizes.mapping)
    mappings[source.node].task = target.task
    mappings[source.node].page = UInt32(truncatingIfNeeded: target.page >> 12)
    clearPage(from.task, from.page)
  }

  /// The entry of a page that is to be mapped onward. A page of an identity window gets one now, and the root of its
  /// frame's tree.
  private mutating func materialise(_ task: TaskID, _ page: UInt64) throws(MapFailure) -> PageEntry {
    let entry = pageEntry(task, page)
    if entry.isValid { return entry }
    let identity = Self.identityEntry(page)
    try setPage(task, page, identity)
    guard chargeQuota(tasks[task.slot].payer, profile.objectSizes.mapping) else {
      clearPage(task, page)
      throw .noMemory
    }
    let node = mappings.insert(MemoryMapping(task: task, address: page, frame: identity.frame))
    let rooted = PageEntry(frame: identity.frame, rights: .rwx, node: node)
    rewritePage(task, page, to: rooted)
    return rooted
  }
}
