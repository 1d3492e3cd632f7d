/// A table of plain structs addressed by small indices, in which removed slots are used again.
///
/// Elements live in chunks of 16. A fork of the table shares everything; the first write on either side duplicates the
/// list of chunks and the one chunk it changes, so forking a machine with many threads costs little. Forks stay within
/// one thread, as those of `PagedMemory` do.
///
/// Indices are handed out lowest first: which index an object gets depends on the history of this table alone.
@frozen public struct SlotTable<Element: BitwiseCopyable & Sendable>: ~Copyable {
  @usableFromInline var chunks = SlotChunks<Element>()
  /// One bit a slot: is there an element?
  @usableFromInline var occupied: ContiguousArray<UInt64> = []
  /// No word of `occupied` before this one has a free slot.
  @usableFromInline var firstFreeWord = 0

  /// The number of elements.
  public private(set) var count = 0
  /// One more than the highest index ever used.
  public private(set) var capacity = 0

  @inlinable public init() {}

  private init(forkOf parent: borrowing SlotTable) {
    chunks = parent.chunks.share()
    occupied = parent.occupied
    firstFreeWord = parent.firstFreeWord
    count = parent.count
    capacity = parent.capacity
  }

  /// A second table with equal contents. Both go on independently.
  public borrowing func fork() -> SlotTable { SlotTable(forkOf: self) }

  @inlinable public var isEmpty: Bool { count == 0 }

  /// Whether `index` holds an element; false for an index that was never handed out.
  @inlinable @inline(__always)
  public func contains(_ index: Int) -> Bool {
    let word = index &>> 6
    return UInt(bitPattern: word) < UInt(bitPattern: occupied.count)
      && occupied[word] &>> UInt64(truncatingIfNeeded: index & 63) & 1 == 1
  }

  /// The element at an occupied index. By address: a look at one field must not copy a large element.
  @inlinable public subscript(index: Int) -> Element {
    @inline(__always) unsafeAddress {
      precondition(contains(index), "access to an empty slot")
      return UnsafePointer(chunks.elements(index &>> 4) + (index & 15))
    }
    @inline(__always) unsafeMutableAddress {
      precondition(contains(index), "access to an empty slot")
      return chunks.ownElements(index &>> 4) + (index & 15)
    }
  }

  /// Puts the element into the lowest free slot and returns its index.
  public mutating func insert(_ element: Element) -> Int {
    let index = takeLowestFreeIndex()
    if index >> 4 == chunks.count { chunks.append() }
    chunks.ownElements(index >> 4)[index & 15] = element
    count += 1
    capacity = max(capacity, index + 1)
    return index
  }

  /// Empties an occupied slot.
  public mutating func remove(_ index: Int) {
    precondition(contains(index), "removal of an empty slot")
    occupied[index >> 6] &= ~(1 << UInt64(index & 63))
    firstFreeWord = min(firstFreeWord, index >> 6)
    count -= 1
  }

  /// The occupied indices in ascending order, as they are now; the table may change while they are visited.
  @inlinable public var indices: SlotIndices { SlotIndices(occupied: occupied) }

  /// Feeds index and element of each occupied slot, ascending. Old contents of free slots do not count.
  @inlinable public func digest(into digest: inout StateDigest, _ feed: (Element, inout StateDigest) -> Void) {
    digest.combine(count)
    for index in indices {
      digest.combine(index)
      feed(self[index], &digest)
    }
  }

  private mutating func takeLowestFreeIndex() -> Int {
    while firstFreeWord < occupied.count && occupied[firstFreeWord] == .max { firstFreeWord += 1 }
    if firstFreeWord == occupied.count { occupied.append(0) }
    let bit = (~occupied[firstFreeWord]).trailingZeroBitCount
    occupied[firstFreeWord] |= 1 << UInt64(bit)
    return firstFreeWord << 6 + bit
  }
}

/// The occupied indices of a `SlotTable`, ascending; unaffected by later changes of the table.
@frozen public struct SlotIndices: Sequence, IteratorProtocol, Sendable {
  @usableFromInline let occupied: ContiguousArray<UInt64>
  @usableFromInline var word = 0
  @usableFromInline var rest: UInt64

  @inlinable init(occupied: ContiguousArray<UInt64>) {
    self.occupied = occupied
    rest = occupied.isEmpty ? 0 : occupied[0]
  }

  @inlinable public mutating func next() -> Int? {
    while rest == 0 {
      word += 1
      if word >= occupied.count { return nil }
      rest = occupied[word]
    }
    let bit = rest.trailingZeroBitCount
    rest &= rest &- 1
    return word &<< 6 + bit
  }
}
