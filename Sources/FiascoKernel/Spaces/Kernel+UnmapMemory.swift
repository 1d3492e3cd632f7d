// Writes: memory (page tables), mappings, factories (quota), staleTranslations.
import FiascoABI

extension Kernel {
  /// Takes rights from everything derived from the pages of a range, and with the mask's own bit from the range itself.
  ///
  /// Removing the right to read removes the page. Models `mem_fpage_unmap`.
  mutating func unmapMemory(of task: TaskID, _ page: FlexPage, _ mask: UInt64) {
    guard page.order >= 12 else { return }
    let order = UInt64(page.order)
    let first = page.isEverything ? 0 : (page.address >> order) << order
    guard first < userAddressLimit else { return }
    let own = mask & UnmapMask.own != 0
    var changed = 0
    var next = first
    while let address = nextPage(task, from: next, below: first + 1 << order) {
      next = address + pageBytes
      let entry = pageEntry(task, address)
      if entry.isKernelUser { continue }
      if page.memoryRights.contains(.read) {
        changed += removeSubtree(entry.node, includingRoot: own)
      } else {
        changed += reduceSubtree(entry.node, by: page.memoryRights, includingRoot: own)
      }
    }
    charge(.unmapPage, count: changed)
  }

  /// Removes the mappings below a node, leaves first, and the node itself if asked. Returns how many.
  @discardableResult
  mutating func removeSubtree(_ root: Int, includingRoot: Bool) -> Int {
    var removed = 0
    while true {
      let node = mappings.leaf(of: root)
      if node == root, !includingRoot { return removed }
      let mapping = mappings[node]
      clearPage(mapping.task, mapping.address)
      refundQuota(tasks[mapping.task.slot].payer, profile.objectSizes.mapping)
      mappings.removeLeaf(node)
      removed += 1
      if node == root { return removed }
    }
  }

  /// Removes the rights to write or execute. A page that keeps no right at all stays mapped.
  private mutating func reduceSubtree(_ root: Int, by rights: MemoryRights, includingRoot: Bool) -> Int {
    var changed = 0
    var node = includingRoot ? root : mappings.successor(of: root, within: root)
    while node >= 0 {
      let mapping = mappings[node]
      let entry = pageEntry(mapping.task, mapping.address)
      let reduced = entry.with(rights: entry.rights.subtracting(rights))
      if reduced != entry {
        reducePage(mapping.task, mapping.address, to: reduced)
        changed += 1
      }
      node = mappings.successor(of: node, within: root)
    }
    return changed
  }
}
