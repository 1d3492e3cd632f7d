// Writes: memory (page tables), mappings, factories (quota), staleTranslations.
import FiascoABI

extension Kernel {
  /// Takes rights from everything derived from the pages of a range, and with the mask's own bit from the range itself.
  ///
  /// Removing the right to read removes the page. The own page of a task is always treated as a whole, even if it is
  /// larger than the range; so is what is mapped behind it then. Models `mem_fpage_unmap` and `unmap<Mem_space>`.
  mutating func unmapMemory(of task: TaskID, _ page: FlexPage, _ mask: UInt64) {
    guard page.order >= 12 else { return }
    let order = UInt64(page.order)
    let first = page.isEverything ? 0 : (page.address >> order) << order
    guard first < userAddressLimit else { return }
    let own = mask & UnmapMask.own != 0
    let end = first + min(1 << order, userAddressLimit)
    var changed = 0
    var next = first
    while let found = nextPage(task, from: next, below: end) {
      next = found.address + found.order.bytes
      if found.entry.isKernelUser { continue }
      if own {
        changed += takeRights(page.memoryRights, from: found.entry.node)
        continue
      }
      let (start, stop) = (max(first, found.address) - found.address, min(end, next) - found.address)
      let frames = found.entry.frame + Int(start >> 12)..<found.entry.frame + Int(stop >> 12)
      var child = mappings.firstChild(of: found.entry.node, overlapping: frames)
      while child >= 0 {
        let sibling = mappings.nextChild(after: child, overlapping: frames)
        changed += takeRights(page.memoryRights, from: child)
        child = sibling
      }
    }
    charge(.unmapPage, count: changed)
  }

  private mutating func takeRights(_ rights: MemoryRights, from root: Int) -> Int {
    rights.contains(.read) ? removeSubtree(root) : reduceSubtree(root, by: rights)
  }

  /// Removes a mapping and all below it, leaves first. Returns how many.
  @discardableResult
  mutating func removeSubtree(_ root: Int) -> Int {
    var removed = 0
    while true {
      let node = mappings.leaf(of: root)
      let mapping = mappings[node]
      clearPage(mapping.task, mapping.address, mapping.order)
      refundQuota(tasks[mapping.task.slot].payer, mappingBytes(mapping))
      mappings.removeLeaf(node)
      removed += 1
      if node == root { return removed }
    }
  }

  /// What a mapping costs the task that has it: its node, and the table below it if smaller pages were mapped from it.
  func mappingBytes(_ mapping: MemoryMapping) -> UInt64 {
    profile.objectSizes.mapping + (mapping.hasSubmap ? profile.objectSizes.submap : 0)
  }

  /// Removes the rights to write or execute. A page that keeps no right at all stays mapped.
  private mutating func reduceSubtree(_ root: Int, by rights: MemoryRights) -> Int {
    var changed = 0
    var node = root
    while node >= 0 {
      let mapping = mappings[node]
      let entry = pageEntry(mapping.task, mapping.address)
      let reduced = entry.with(rights: entry.rights.subtracting(rights))
      if reduced != entry {
        reducePage(mapping.task, mapping.address, to: reduced, mapping.order)
        changed += 1
      }
      node = mappings.successor(of: node, within: root)
    }
    return changed
  }
}
