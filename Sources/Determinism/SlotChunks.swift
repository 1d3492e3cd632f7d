import Synchronization

/// The list of chunks of a `SlotTable`, 16 slots each.
///
/// Copying the list shares its chunks; each chunk counts the lists it is in, and one that is in several is never
/// written. Counted by hand, because two calls into the runtime would cost three times the access itself.
@usableFromInline final class SlotChunks<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
  /// In front of the elements of each chunk.
  @usableFromInline typealias ListCount = Atomic<Int>

  // The table that owns the list has exclusive access; checking it here again would cost as much as all else.
  @exclusivity(unchecked) @usableFromInline var count = 0
  @exclusivity(unchecked) @usableFromInline var capacity = 0
  @exclusivity(unchecked) @usableFromInline var list: UnsafeMutablePointer<UnsafeMutableRawPointer>

  @inlinable static var headerBytes: Int { max(16, MemoryLayout<Element>.alignment) }
  @inlinable static var chunkBytes: Int { headerBytes + 16 * MemoryLayout<Element>.stride }

  @inlinable init() { list = .allocate(capacity: 0) }

  @inlinable deinit {
    for index in 0..<count { Self.release(list[index]) }
    list.deallocate()
  }

  /// A second list of the same chunks.
  @inline(never) @inlinable
  func copy() -> SlotChunks {
    let other = SlotChunks()
    other.reserve(count)
    for index in 0..<count {
      Self.listCount(list[index]).pointee.wrappingAdd(1, ordering: .relaxed)
      other.list[index] = list[index]
    }
    other.count = count
    return other
  }

  /// For reading. The caller has checked that there is such a chunk.
  @inlinable @inline(__always)
  func elements(_ index: Int) -> UnsafeMutablePointer<Element> {
    (list[index] + Self.headerBytes).assumingMemoryBound(to: Element.self)
  }

  /// For writing through the only reference to this list.
  @inlinable @inline(__always)
  func ownElements(_ index: Int) -> UnsafeMutablePointer<Element> {
    if Self.listCount(list[index]).pointee.load(ordering: .acquiring) != 1 { separate(index) }
    return elements(index)
  }

  @inlinable func append() {
    if count == capacity { reserve(max(4, 2 * count)) }
    let chunk = Self.makeChunk()
    (chunk + Self.headerBytes).initializeMemory(as: UInt8.self, repeating: 0, count: Self.chunkBytes - Self.headerBytes)
    list[count] = chunk
    count += 1
  }

  @inline(never) @inlinable
  func separate(_ index: Int) {
    let (chunk, shared) = (Self.makeChunk(), list[index])
    (chunk + Self.headerBytes).copyMemory(
      from: shared + Self.headerBytes, byteCount: Self.chunkBytes - Self.headerBytes)
    list[index] = chunk
    Self.release(shared)
  }

  @inlinable func reserve(_ newCapacity: Int) {
    let larger = UnsafeMutablePointer<UnsafeMutableRawPointer>.allocate(capacity: newCapacity)
    larger.moveInitialize(from: list, count: count)
    list.deallocate()
    list = larger
    capacity = newCapacity
  }

  @inlinable static func makeChunk() -> UnsafeMutableRawPointer {
    let chunk = UnsafeMutableRawPointer.allocate(byteCount: chunkBytes, alignment: headerBytes)
    listCount(chunk).initialize(to: ListCount(1))
    return chunk
  }

  @inlinable static func release(_ chunk: UnsafeMutableRawPointer) {
    if listCount(chunk).pointee.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
      chunk.deallocate()
    }
  }

  @inlinable @inline(__always)
  static func listCount(_ chunk: UnsafeMutableRawPointer) -> UnsafeMutablePointer<ListCount> {
    chunk.assumingMemoryBound(to: ListCount.self)
  }
}
