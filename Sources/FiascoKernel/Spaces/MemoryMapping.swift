import Determinism

/// A node of the mapping tree: one page of one task, below the page it was mapped from.
///
/// Rights are not kept here but in the page table, as in the original. Models `Mapping` and `Mapping_tree`.
struct MemoryMapping: BitwiseCopyable, Sendable {
  var task: TaskID
  /// Virtual address divided by 4096.
  var page: UInt32
  let frame: Int32
  /// -1 for the root of a frame's tree.
  var parent: Int32 = -1
  var firstChild: Int32 = -1
  var next: Int32 = -1
  var previous: Int32 = -1

  init(task: TaskID, address: UInt64, frame: Int) {
    self.task = task
    page = UInt32(truncatingIfNeeded: address >> 12)
    self.frame = Int32(truncatingIfNeeded: frame)
  }

  var address: UInt64 { UInt64(page) << 12 }
}

extension SlotTable<MemoryMapping> {
  /// Adds a node below another: the newest child comes first.
  mutating func insert(_ mapping: MemoryMapping, below parent: Int) -> Int {
    let index = insert(mapping)
    let sibling = self[parent].firstChild
    self[index].parent = Int32(truncatingIfNeeded: parent)
    self[index].next = sibling
    if sibling >= 0 { self[Int(sibling)].previous = Int32(truncatingIfNeeded: index) }
    self[parent].firstChild = Int32(truncatingIfNeeded: index)
    return index
  }

  /// Takes a node without children out.
  mutating func removeLeaf(_ index: Int) {
    let node = self[index]
    precondition(node.firstChild < 0, "a mapping is removed before those derived from it")
    if node.previous >= 0 {
      self[Int(node.previous)].next = node.next
    } else if node.parent >= 0 {
      self[Int(node.parent)].firstChild = node.next
    }
    if node.next >= 0 { self[Int(node.next)].previous = node.previous }
    remove(index)
  }

  /// Whether `ancestor` is `node` or above it.
  func isSameOrAncestor(_ ancestor: Int, of node: Int) -> Bool {
    var node = Int32(truncatingIfNeeded: node)
    while node >= 0 {
      if Int(node) == ancestor { return true }
      node = self[Int(node)].parent
    }
    return false
  }

  /// The node after `node` in the walk over the subtree of `root`, parents before children; -1 at the end.
  func successor(of node: Int, within root: Int) -> Int {
    if self[node].firstChild >= 0 { return Int(self[node].firstChild) }
    var node = node
    while node != root {
      if self[node].next >= 0 { return Int(self[node].next) }
      node = Int(self[node].parent)
    }
    return -1
  }

  /// A node of the subtree without children.
  func leaf(of root: Int) -> Int {
    var node = root
    while self[node].firstChild >= 0 { node = Int(self[node].firstChild) }
    return node
  }
}
