// Writes: memory (page tables), mappings, frames, factories (quota).
import FiascoABI

extension Kernel {
  /// Maps or grants the pages of a flexpage one by one in ascending order, each as large as source, target and both
  /// windows allow.
  ///
  /// A failure stops the operation; pages mapped before stay. Models `mem_map` and the loop of `map<Mem_space>`.
  mutating func mapMemory(
    _ item: SendItem, _ source: FlexPage, from: TaskID, to: TaskID, window: FlexPage
  ) -> MapOutcome {
    guard source.order >= 12, window.order >= 12 else { return MapOutcome() }
    let range = MapWindow(
      source: source.address >> 12, sourceOrder: source.order - 12,
      target: window.isEverything ? 0 : window.address >> 12, targetOrder: window.order - 12,
      hotSpot: item.hotSpot >> 12)
    var outcome = MapOutcome(foundNothing: true)
    // Nothing beyond the user's addresses can be mapped, so the sums cannot overflow.
    var move = PageMove(
      source: from, target: to, from: min(range.source << 12, userAddressLimit),
      to: min(range.target << 12, userAddressLimit), left: min(range.count << 12, userAddressLimit),
      grants: item.isGrant)
    var mapped = 0
    while move.left > 0, move.from < userAddressLimit, move.to < userAddressLimit {
      let (entry, order) = sourceEntry(from, move.from)
      let rights = readable(entry.rights.intersection(source.memoryRights))
      guard entry.isValid, !rights.isEmpty else {
        move.skip(order.bytes - move.from & order.mask)
        continue
      }
      outcome.foundNothing = false
      do throws(MapFailure) {
        if try mapNext(&move, entry, order, rights) { mapped += 1 }
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

  /// One page, as large as possible. True if the target has it now.
  ///
  /// A part of a superpage cannot be granted: from there on the operation maps. Same frames below the same source:
  /// rights are only ever added. Anything else at the target is taken away with all that was derived from it; the
  /// source may have been among that. Models the body of `map<Mem_space>`.
  private mutating func mapNext(
    _ move: inout PageMove, _ found: PageEntry, _ sourceOrder: PageOrder, _ rights: MemoryRights
  ) throws(MapFailure) -> Bool {
    var target = lookUp(move.target, move.to)
    var order = sourceOrder
    while let smaller = order.smaller, order.rawValue > target.order.rawValue || !move.fits(order) {
      order = smaller
      move.grants = false
    }
    defer { move.skip(order.bytes) }
    let sourcePage = move.from & ~sourceOrder.mask
    let source = try materialise(move.source, sourcePage, found, sourceOrder)
    // A page of an identity window that is mapped onto itself exists only now.
    if found.node < 0 { target = lookUp(move.target, move.to) }
    if source.isKernelUser || target.entry.isValid && target.entry.isKernelUser { return false }
    let frame = source.frame + Int((move.from - sourcePage) >> 12)
    if target.entry.isValid {
      let old = mappings[target.entry.node]
      let isChild = Int(old.parent) == source.node && old.order == order && Int(old.frame) == frame
      if isChild, !move.grants {
        addRights(rights, move.target, move.to, target.entry, order)
        return true
      }
      let losesSource = mappings.isSameOrAncestor(target.entry.node, of: source.node)
      removeSubtree(target.entry.node)
      if losesSource { return false }
    }
    let page = NewPage(task: move.target, address: move.to, frame: frame, order: order, rights: rights)
    if move.grants {
      try grantPage(source.node, to: page)
    } else {
      try derivePage(source.node, to: page)
    }
    return true
  }

  private mutating func addRights(
    _ rights: MemoryRights, _ task: TaskID, _ page: UInt64, _ entry: PageEntry, _ order: PageOrder
  ) {
    let union = entry.rights.union(rights)
    guard union != entry.rights else { return }
    // More rights leave no stale translation that would allow too much.
    rewritePage(task, page, to: entry.with(rights: union), order)
  }

  private mutating func derivePage(_ parent: Int, to page: NewPage) throws(MapFailure) {
    try setPage(page.task, page.address, page.entry(node: parent), page.order)
    guard hasRoom(below: parent, for: page.order), makeSubmap(of: parent, for: page.order),
      chargeQuota(tasks[page.task.slot].payer, profile.objectSizes.mapping)
    else {
      clearPage(page.task, page.address, page.order)
      throw .noMemory
    }
    let mapping = MemoryMapping(task: page.task, address: page.address, frame: page.frame, order: page.order)
    let node = mappings.insert(mapping, below: parent)
    rewritePage(page.task, page.address, to: page.entry(node: node), page.order)
  }

  /// The tree of a frame is limited in depth, and in profile r67 in size.
  private func hasRoom(below parent: Int, for order: PageOrder) -> Bool {
    guard mappings[parent].order == order else { return true }
    if mappings[parent].depth >= profile.mappingDepthLimit { return false }
    guard let limit = profile.mappingsPerFrame else { return true }
    return mappings[mappings.treeRoot(of: parent)].treeSize < limit
  }

  /// The first smaller page that is mapped from a superpage needs a table, which the superpage's owner pays.
  private mutating func makeSubmap(of parent: Int, for order: PageOrder) -> Bool {
    if mappings[parent].order == order || mappings[parent].hasSubmap { return true }
    guard chargeQuota(tasks[mappings[parent].task.slot].payer, profile.objectSizes.submap) else { return false }
    mappings[parent].hasSubmap = true
    return true
  }

  /// The node changes hands and keeps its place in the tree, with everything below it.
  private mutating func grantPage(_ node: Int, to page: NewPage) throws(MapFailure) {
    try setPage(page.task, page.address, page.entry(node: node), page.order)
    let old = mappings[node]
    let bytes = mappingBytes(old)
    guard chargeQuota(tasks[page.task.slot].payer, bytes) else {
      clearPage(page.task, page.address, page.order)
      throw .noMemory
    }
    refundQuota(tasks[old.task.slot].payer, bytes)
    mappings[node].task = page.task
    mappings[node].page = UInt32(truncatingIfNeeded: page.address >> 12)
    clearPage(old.task, old.address, old.order)
  }

  /// The entry of a page that is to be mapped onward. A page of an identity window gets one now, and the root of its
  /// frame's tree.
  private mutating func materialise(
    _ task: TaskID, _ page: UInt64, _ found: PageEntry, _ order: PageOrder
  ) throws(MapFailure) -> PageEntry {
    if found.node >= 0 || found.isKernelUser { return found }
    try setPage(task, page, found, order)
    guard chargeQuota(tasks[task.slot].payer, profile.objectSizes.mapping) else {
      clearPage(task, page, order)
      throw .noMemory
    }
    let node = mappings.insert(MemoryMapping(task: task, address: page, frame: found.frame, order: order))
    let rooted = PageEntry(frame: found.frame, rights: .rwx, node: node)
    rewritePage(task, page, to: rooted, order)
    return rooted
  }
}

/// A map operation on its way through both windows.
private struct PageMove {
  let source: TaskID
  let target: TaskID
  var from: UInt64
  var to: UInt64
  /// Bytes that are still to be mapped.
  var left: UInt64
  var grants: Bool

  /// Whether a page of this size begins here on both sides and lies within what is left.
  func fits(_ order: PageOrder) -> Bool { (from | to) & order.mask == 0 && order.bytes <= left }

  mutating func skip(_ bytes: UInt64) {
    from += bytes
    to += bytes
    left -= min(bytes, left)
  }
}

/// A page that a task is about to get.
private struct NewPage {
  let task: TaskID
  let address: UInt64
  let frame: Int
  let order: PageOrder
  let rights: MemoryRights

  func entry(node: Int) -> PageEntry { PageEntry(frame: frame, rights: rights, node: node) }
}
