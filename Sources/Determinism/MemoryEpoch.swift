/// A stretch of a memory's life between two forks, and the buffers made in it.
///
///     first ──┬── the parent, going on          A fork ends the epoch of the parent and begins two new ones: inner
///             └──┬── the child                  nodes of the tree have exactly two branches, leaves have a memory.
///                └── a child of the child
///
/// A buffer may be written iff its owner lies in `low...id` of the memory's own epoch; ids grow along each path from
/// the root, so `owner >= low` decides it. When a leaf dies its buffers go back to the family and its sibling absorbs
/// their common parent: what the parent owned is the sibling's alone now and needs no copy any more. So a fork that
/// is dropped costs the survivor nothing, and the tree never has more inner nodes than forks alive.
@usableFromInline struct MemoryEpoch {
  @usableFromInline typealias Reference = UnsafeMutablePointer<MemoryEpoch>

  var id: UInt64
  /// Lowest id absorbed: this epoch stands for all of `low...id`.
  @usableFromInline var low: UInt64
  var parent: Reference?
  /// The two branches; nil in a leaf.
  var branches: (Reference, Reference)?
  /// Doubly linked list of the buffers made in this epoch and those absorbed.
  var newest: Buffer?
  var oldest: Buffer?

  static func makeRoot() -> Reference {
    let epoch = Reference.allocate(capacity: 1)
    epoch.initialize(to: MemoryEpoch(id: 1, low: 1))
    return epoch
  }

  /// Freezes a leaf and gives it two branches.
  static func split(_ epoch: Reference) -> (parent: Reference, child: Reference) {
    let id = epoch.pointee.id + 1
    let branches = (Reference.allocate(capacity: 1), Reference.allocate(capacity: 1))
    branches.0.initialize(to: MemoryEpoch(id: id, low: id, parent: epoch))
    branches.1.initialize(to: MemoryEpoch(id: id, low: id, parent: epoch))
    epoch.pointee.branches = branches
    return branches
  }

  /// Ends a leaf: frees its buffers and lets its sibling absorb the parent. Returns how many nodes went.
  static func end(_ leaf: Reference, family: UnsafeMutablePointer<MemoryFamily>) -> Int {
    var buffer = leaf.pointee.newest
    while let current = buffer {
      buffer = current.header.pointee.next
      family.pointee.give(back: current)
    }
    defer { leaf.deallocate() }
    guard let parent = leaf.pointee.parent, let branches = parent.pointee.branches else { return 1 }
    absorb(parent, into: branches.0 == leaf ? branches.1 : branches.0, family: family)
    return 2
  }

  /// `heir` is the only branch left of `parent` and takes its place and its buffers.
  private static func absorb(
    _ parent: Reference, into heir: Reference, family: UnsafeMutablePointer<MemoryFamily>
  ) {
    freeReplaced(by: heir, in: parent, family: family)
    heir.pointee.low = parent.pointee.low
    heir.pointee.appendBuffers(of: parent)
    let grandparent = parent.pointee.parent
    heir.pointee.parent = grandparent
    if let grandparent, let branches = grandparent.pointee.branches {
      grandparent.pointee.branches = branches.0 == parent ? (heir, branches.1) : (branches.0, heir)
    }
    parent.deallocate()
  }

  /// What the heir has copied out of the parent's buffers is seen by nobody any more in the original.
  private static func freeReplaced(
    by heir: Reference, in parent: Reference, family: UnsafeMutablePointer<MemoryFamily>
  ) {
    var buffer = heir.pointee.newest
    while let current = buffer {
      if let old = current.header.pointee.replaces, old.header.pointee.owner >= parent.pointee.low {
        current.header.pointee.replaces = old.header.pointee.replaces
        parent.pointee.remove(old)
        family.pointee.give(back: old)
      }
      buffer = current.header.pointee.next
    }
  }

  @inline(__always)
  mutating func add(_ buffer: Buffer) {
    buffer.header.pointee.next = newest
    if let newest { newest.header.pointee.previous = buffer } else { oldest = buffer }
    newest = buffer
  }

  private mutating func remove(_ buffer: Buffer) {
    let (next, previous) = (buffer.header.pointee.next, buffer.header.pointee.previous)
    if let next { next.header.pointee.previous = previous } else { oldest = previous }
    if let previous { previous.header.pointee.next = next } else { newest = next }
  }

  private mutating func appendBuffers(of other: Reference) {
    guard let first = other.pointee.newest else { return }
    if let oldest {
      oldest.header.pointee.next = first
      first.header.pointee.previous = oldest
    } else {
      newest = first
    }
    oldest = other.pointee.oldest
  }
}
