/// The list of chunks of a `SlotTable`, 16 slots each.
///
/// Forks share the list until one of them writes; then it gets a list of its own that shares the chunks, each until it
/// is written. List and chunks begin with the number of those who share them. Counted by hand and inline, because a call
/// into the runtime for each access would cost as much as all the rest of a system call.
@frozen @usableFromInline struct SlotChunks<Element: BitwiseCopyable & Sendable>: ~Copyable {
  /// A count of sharers, then the addresses of the chunks; nil as long as there are none.
  @usableFromInline var list: UnsafeMutableRawPointer?
  @usableFromInline var count = 0
  @usableFromInline var capacity = 0

  @inlinable static var headerBytes: Int { max(16, MemoryLayout<Element>.alignment) }
  @inlinable static var chunkBytes: Int { headerBytes + 16 * MemoryLayout<Element>.stride }

  @inlinable init() {}

  private init(list: UnsafeMutableRawPointer?, count: Int, capacity: Int) {
    self.list = list
    self.count = count
    self.capacity = capacity
  }

  @inlinable deinit { Self.release(list, count) }

  /// The same list for another table.
  func share() -> SlotChunks {
    if let list { Self.sharers(list).pointee += 1 }
    return SlotChunks(list: list, count: count, capacity: capacity)
  }

  /// For reading. The caller has checked that there is such a chunk.
  @inlinable @inline(__always)
  func elements(_ index: Int) -> UnsafeMutablePointer<Element> {
    (Self.chunks(list.unsafelyUnwrapped)[index] + Self.headerBytes).assumingMemoryBound(to: Element.self)
  }

  /// For writing; the caller has checked that there is such a chunk.
  @inlinable @inline(__always)
  mutating func ownElements(_ index: Int) -> UnsafeMutablePointer<Element> {
    let list = list.unsafelyUnwrapped
    if Self.sharers(list).pointee != 1 || Self.sharers(Self.chunks(list)[index]).pointee != 1 { separate(index) }
    return elements(index)
  }

  /// Adds a chunk of zeros.
  mutating func append() {
    if count == capacity { copyList(capacity: max(4, 2 * count)) } else { ownList() }
    guard let list else { return }
    let chunk = Self.makeChunk()
    (chunk + Self.headerBytes).initializeMemory(as: UInt8.self, repeating: 0, count: Self.chunkBytes - Self.headerBytes)
    Self.chunks(list)[count] = chunk
    count += 1
  }

  /// Makes the list and one chunk this table's own.
  @inline(never) @usableFromInline
  mutating func separate(_ index: Int) {
    ownList()
    guard let list else { return }
    let shared = Self.chunks(list)[index]
    guard Self.sharers(shared).pointee != 1 else { return }
    let chunk = Self.makeChunk()
    (chunk + Self.headerBytes).copyMemory(
      from: shared + Self.headerBytes, byteCount: Self.chunkBytes - Self.headerBytes)
    Self.chunks(list)[index] = chunk
    Self.sharers(shared).pointee -= 1
  }

  private mutating func ownList() {
    if let list, Self.sharers(list).pointee != 1 { copyList(capacity: capacity) }
  }

  /// Replaces the list by one of its own with room for `capacity` chunks.
  private mutating func copyList(capacity newCapacity: Int) {
    let copy = UnsafeMutableRawPointer.allocate(byteCount: 8 + 8 * newCapacity, alignment: 8)
    Self.sharers(copy).initialize(to: 1)
    if let list {
      for index in 0..<count {
        let chunk = Self.chunks(list)[index]
        Self.sharers(chunk).pointee += 1
        Self.chunks(copy)[index] = chunk
      }
    }
    Self.release(list, count)
    list = copy
    capacity = newCapacity
  }

  private static func makeChunk() -> UnsafeMutableRawPointer {
    let chunk = UnsafeMutableRawPointer.allocate(byteCount: chunkBytes, alignment: headerBytes)
    sharers(chunk).initialize(to: 1)
    return chunk
  }

  /// Gives up one share of a list; with the last one go its shares of the chunks.
  @inline(never) @usableFromInline
  static func release(_ list: UnsafeMutableRawPointer?, _ count: Int) {
    guard let list else { return }
    sharers(list).pointee -= 1
    if sharers(list).pointee != 0 { return }
    for index in 0..<count {
      let chunk = chunks(list)[index]
      sharers(chunk).pointee -= 1
      if sharers(chunk).pointee == 0 { chunk.deallocate() }
    }
    list.deallocate()
  }

  @inlinable @inline(__always)
  static func sharers(_ block: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Int> {
    block.assumingMemoryBound(to: Int.self)
  }

  @inlinable @inline(__always)
  static func chunks(_ list: UnsafeMutableRawPointer) -> UnsafeMutablePointer<UnsafeMutableRawPointer> {
    (list + 8).assumingMemoryBound(to: UnsafeMutableRawPointer.self)
  }
}
