import Determinism

/// A node of the mapping tree: one page of one task, below the page it was mapped from.
///
/// Rights are not kept here but in the page table, as in the original. A page may be smaller than the superpage it was
/// mapped from. Models `Mapping` and `Mapping_tree`.
struct MemoryMapping: BitwiseCopyable, Sendable {
  var task: TaskID
  /// Virtual address divided by 4096.
  var page: UInt32
  /// The first one of a superpage.
  let frame: Int32
  /// -1 for the root of a frame's tree.
  var parent: Int32 = -1
  var firstChild: Int32 = -1
  var next: Int32 = -1
  var previous: Int32 = -1
  let order: PageOrder
  /// Distance from the root among pages of one size.
  var depth: UInt8 = 0
  /// Smaller pages were mapped from this superpage: a table for them was made, and stays as long as the mapping.
  var hasSubmap = false
  /// Mappings in the tree of this page size, counted at its root alone.
  var treeSize: UInt32 = 1

  init(task: TaskID, address: UInt64, frame: Int, order: PageOrder = .page) {
    self.task = task
    page = UInt32(truncatingIfNeeded: address >> 12)
    self.frame = Int32(truncatingIfNeeded: frame)
    self.order = order
  }

  var address: UInt64 { UInt64(page) << 12 }
  var frames: Range<Int> { Int(frame)..<Int(frame) + Int(order.bytes >> 12) }
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
    if self[parent].order == mapping.order {
      self[index].depth = self[parent].depth + 1
      self[treeRoot(of: parent)].treeSize += 1
    }
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
    let root = treeRoot(of: index)
    if root != index { self[root].treeSize -= 1 }
    remove(index)
  }

  /// The topmost node above this one with pages of the same size.
  func treeRoot(of node: Int) -> Int {
    var root = node
    while self[root].depth > 0 { root = Int(self[root].parent) }
    return root
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

  /// The first child of a node that an unmap of some of its frames affects; -1 if there is none. Pages of the node's
  /// own size overlap always, smaller ones only if they are among those frames.
  ///
  /// Models the partial flush of `Mapping_tree::flush`.
  func firstChild(of node: Int, overlapping frames: Range<Int>) -> Int {
    affected(from: self[node].firstChild, below: self[node].order, frames)
  }

  func nextChild(after child: Int, overlapping frames: Range<Int>) -> Int {
    affected(from: self[child].next, below: self[Int(self[child].parent)].order, frames)
  }

  private func affected(from child: Int32, below order: PageOrder, _ frames: Range<Int>) -> Int {
    var child = Int(child)
    while child >= 0, self[child].order != order, !self[child].frames.overlaps(frames) { child = Int(self[child].next) }
    return child
  }
}
