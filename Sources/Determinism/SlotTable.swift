/// A table of plain structs addressed by small indices, in which removed slots are used again.
///
/// Elements live in chunks. A fork of the table shares everything; the first write on either side duplicates the list
/// of chunks and the one chunk it changes, so forking a machine with many threads costs little. Forks stay within one
/// thread, as those of `PagedMemory` do.
///
/// Indices are handed out lowest first: which index an object gets depends on the history of this table alone.
@frozen public struct SlotTable<Element: BitwiseCopyable & Sendable>: ~Copyable {
  @usableFromInline var chunks = SlotChunks<Element>()
  /// No chunk before this one has a free slot.
  private var firstFreeChunk = 0

  /// The number of elements.
  public private(set) var count = 0
  /// Free slots that are not handed out again before `recycle`.
  public private(set) var retiredCount = 0
  /// One more than the highest index ever used.
  public private(set) var capacity = 0

  public init() {}

  private init(forkOf parent: borrowing SlotTable) {
    chunks = parent.chunks.share()
    firstFreeChunk = parent.firstFreeChunk
    count = parent.count
    retiredCount = parent.retiredCount
    capacity = parent.capacity
  }

  /// A second table with equal contents. Both go on independently.
  public borrowing func fork() -> SlotTable { SlotTable(forkOf: self) }

  public var isEmpty: Bool { count == 0 }

  /// Whether `index` holds an element; false for an index that was never handed out.
  @inlinable @inline(__always)
  public func contains(_ index: Int) -> Bool { chunks.isOccupied(index) }

  /// The element at an occupied index. By address: a look at one field must not copy a large element.
  @inlinable public subscript(index: Int) -> Element {
    @inline(__always) unsafeAddress {
      precondition(contains(index), "access to an empty slot")
      return UnsafePointer(chunks.element(index))
    }
    @inline(__always) unsafeMutableAddress {
      precondition(contains(index), "access to an empty slot")
      return chunks.ownElement(index)
    }
  }

  /// Puts the element into the lowest free slot and returns its index.
  public mutating func insert(_ element: Element) -> Int {
    while firstFreeChunk < chunks.count && chunks.isFull(firstFreeChunk) { firstFreeChunk += 1 }
    if firstFreeChunk == chunks.count { chunks.append() }
    let index = chunks.occupyLowestSlot(of: firstFreeChunk)
    chunks.ownElement(index).initialize(to: element)
    count += 1
    capacity = max(capacity, index + 1)
    return index
  }

  /// Empties an occupied slot.
  public mutating func remove(_ index: Int) {
    precondition(contains(index), "removal of an empty slot")
    chunks.free(index)
    firstFreeChunk = min(firstFreeChunk, chunks.chunk(of: index))
    count -= 1
  }

  /// Empties an occupied slot whose index somebody may still remember: it is not handed out again until `recycle`.
  public mutating func retire(_ index: Int) {
    remove(index)
    chunks.retire(index)
    retiredCount += 1
  }

  /// Nobody remembers the retired slots any more.
  public mutating func recycle() {
    chunks.recycle()
    retiredCount = 0
    firstFreeChunk = 0
  }

  /// The occupied indices in ascending order, as they are now; the table may change while they are visited.
  public var indices: SlotIndices {
    SlotIndices(occupied: chunks.occupancy, slotsPerChunk: SlotChunks<Element>.slotsPerChunk)
  }

  /// Feeds index and element of each occupied slot, ascending, and which slots are retired. Old contents do not count.
  @inlinable public func digest(into digest: inout StateDigest, _ feed: (Element, inout StateDigest) -> Void) {
    digest.combine(count)
    for index in indices {
      digest.combine(index)
      feed(self[index], &digest)
    }
    if retiredCount > 0 { digestRetired(into: &digest) }
  }

  @usableFromInline func digestRetired(into digest: inout StateDigest) {
    for chunk in 0..<chunks.count { digest.combine(chunks.retiredSlots(of: chunk)) }
  }
}

/// The occupied indices of a `SlotTable`, ascending; unaffected by later changes of the table.
public struct SlotIndices: Sequence, IteratorProtocol, Sendable {
  /// One bit a slot, one word a chunk.
  private let occupied: [UInt64]
  private let slotsPerChunk: Int
  private var word = 0
  private var rest: UInt64

  init(occupied: [UInt64], slotsPerChunk: Int) {
    self.occupied = occupied
    self.slotsPerChunk = slotsPerChunk
    rest = occupied.first ?? 0
  }

  public mutating func next() -> Int? {
    while rest == 0 {
      word += 1
      if word >= occupied.count { return nil }
      rest = occupied[word]
    }
    let bit = rest.trailingZeroBitCount
    rest &= rest &- 1
    return word * slotsPerChunk + bit
  }
}
