/// The list of chunks of a `SlotTable`.
///
/// Forks share the list until one of them writes; then it gets a list of its own that shares the chunks, each until it
/// is written. Counted by hand and inline, because a call into the runtime for each access would cost as much as all the
/// rest of a system call.
///
///     list:  sharers | chunk | chunk | ...      chunk:  sharers | occupied, a bit a slot | retired, a bit a slot | elements
@frozen @usableFromInline struct SlotChunks<Element: BitwiseCopyable & Sendable>: ~Copyable {
  @usableFromInline typealias Block = UnsafeMutableRawPointer

  /// nil as long as there are no chunks.
  @usableFromInline var list: Block?
  @usableFromInline var count = 0
  @usableFromInline var capacity = 0

  /// One or two KiB of elements are copied by the first write after a fork: fewer large elements, more small ones.
  @inlinable @inline(__always) static var shift: Int {
    switch MemoryLayout<Element>.stride {
    case 256...: 2
    case 128...: 3
    case 64...: 4
    default: 6
    }
  }
  @inlinable @inline(__always) static var slotsPerChunk: Int { 1 &<< shift }
  @inlinable @inline(__always) static var headerBytes: Int { max(32, MemoryLayout<Element>.alignment) }
  /// What any allocation has: a stricter one costs a fork three times as much for each chunk it changes.
  static var alignment: Int { max(16, MemoryLayout<Element>.alignment) }
  static var chunkBytes: Int { headerBytes + slotsPerChunk * MemoryLayout<Element>.stride }

  @inlinable init() {}

  private init(list: Block?, count: Int, capacity: Int) {
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

  // MARK: Slots

  @inlinable @inline(__always) func chunk(of index: Int) -> Int { index &>> Self.shift }

  @inlinable @inline(__always)
  func isOccupied(_ index: Int) -> Bool {
    let chunk = chunk(of: index)
    guard let list, UInt(bitPattern: chunk) < UInt(bitPattern: count) else { return false }
    let slot = UInt64(truncatingIfNeeded: index & (Self.slotsPerChunk &- 1))
    return Self.occupied(Self.chunks(list)[chunk]).pointee &>> slot & 1 == 1
  }

  /// For reading. The caller has checked that the slot is occupied.
  @inlinable @inline(__always)
  func element(_ index: Int) -> UnsafeMutablePointer<Element> {
    let chunk = Self.chunks(list.unsafelyUnwrapped)[chunk(of: index)]
    let elements = (chunk + Self.headerBytes).assumingMemoryBound(to: Element.self)
    return elements + (index & (Self.slotsPerChunk &- 1))
  }

  /// For writing. The caller has checked that the slot is occupied.
  @inlinable @inline(__always)
  mutating func ownElement(_ index: Int) -> UnsafeMutablePointer<Element> {
    let list = list.unsafelyUnwrapped
    let chunk = chunk(of: index)
    if Self.sharers(list).pointee != 1 || Self.sharers(Self.chunks(list)[chunk]).pointee != 1 { separate(chunk) }
    return element(index)
  }

  /// The occupied slots of all chunks.
  var occupancy: [UInt64] {
    guard let list else { return [] }
    return (0..<count).map { Self.occupied(Self.chunks(list)[$0]).pointee }
  }

  /// Whether no slot of the chunk can be handed out.
  func isFull(_ chunk: Int) -> Bool {
    guard let list else { return false }
    let block = Self.chunks(list)[chunk]
    return Self.occupied(block).pointee | Self.retired(block).pointee == .max &>> UInt64(64 - Self.slotsPerChunk)
  }

  /// The caller has checked that the chunk is not full.
  mutating func occupyLowestSlot(of chunk: Int) -> Int {
    separate(chunk)
    guard let list else { return 0 }
    let occupied = Self.occupied(Self.chunks(list)[chunk])
    let slot = (~(occupied.pointee | Self.retired(Self.chunks(list)[chunk]).pointee)).trailingZeroBitCount
    occupied.pointee |= 1 << UInt64(slot)
    return chunk << Self.shift + slot
  }

  mutating func free(_ index: Int) {
    let chunk = chunk(of: index)
    separate(chunk)
    guard let list else { return }
    Self.occupied(Self.chunks(list)[chunk]).pointee &= ~(1 << UInt64(index & (Self.slotsPerChunk - 1)))
  }

  /// A free slot is not to be handed out until `recycle`.
  mutating func retire(_ index: Int) {
    let chunk = chunk(of: index)
    separate(chunk)
    guard let list else { return }
    Self.retired(Self.chunks(list)[chunk]).pointee |= 1 << UInt64(index & (Self.slotsPerChunk - 1))
  }

  mutating func recycle() {
    for chunk in 0..<count {
      guard let list, Self.retired(Self.chunks(list)[chunk]).pointee != 0 else { continue }
      separate(chunk)
      guard let own = self.list else { return }
      Self.retired(Self.chunks(own)[chunk]).pointee = 0
    }
  }

  /// The retired slots of a chunk.
  func retiredSlots(of chunk: Int) -> UInt64 {
    guard let list else { return 0 }
    return Self.retired(Self.chunks(list)[chunk]).pointee
  }

  // MARK: Sharing

  /// Adds a chunk of free slots.
  mutating func append() {
    if count == capacity { copyList(capacity: max(4, 2 * count)) } else { ownList() }
    guard let list else { return }
    let chunk = Self.makeChunk()
    Self.occupied(chunk).initialize(to: 0)
    Self.retired(chunk).initialize(to: 0)
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
    (chunk + 8).copyMemory(from: shared + 8, byteCount: Self.chunkBytes - 8)
    Self.chunks(list)[index] = chunk
    Self.sharers(shared).pointee -= 1
  }

  private mutating func ownList() {
    if let list, Self.sharers(list).pointee != 1 { copyList(capacity: capacity) }
  }

  /// Replaces the list by one of its own with room for `capacity` chunks.
  private mutating func copyList(capacity newCapacity: Int) {
    let copy = Block.allocate(byteCount: 8 + 8 * newCapacity, alignment: 8)
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

  private static func makeChunk() -> Block {
    let chunk = Block.allocate(byteCount: chunkBytes, alignment: alignment)
    sharers(chunk).initialize(to: 1)
    return chunk
  }

  /// Gives up one share of a list; with the last one go its shares of the chunks.
  @inline(never) @usableFromInline
  static func release(_ list: Block?, _ count: Int) {
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
  static func sharers(_ block: Block) -> UnsafeMutablePointer<Int> { block.assumingMemoryBound(to: Int.self) }

  @inlinable @inline(__always)
  static func occupied(_ chunk: Block) -> UnsafeMutablePointer<UInt64> {
    (chunk + 8).assumingMemoryBound(to: UInt64.self)
  }

  static func retired(_ chunk: Block) -> UnsafeMutablePointer<UInt64> {
    (chunk + 16).assumingMemoryBound(to: UInt64.self)
  }

  @inlinable @inline(__always)
  static func chunks(_ list: Block) -> UnsafeMutablePointer<Block> { (list + 8).assumingMemoryBound(to: Block.self) }
}
