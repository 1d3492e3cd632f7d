import Determinism

/// The translations one address space uses, as host addresses: the machine's own shortcut, never part of its state.
///
/// Three direct-mapped sets of 64 entries (read, write, execute), each a tag and the difference between host and guest
/// address. One comparison of the address, with the bits of its page number and those that must be zero for alignment
/// left, checks page, permission and alignment. All entries may be dropped at any time: what a program does never
/// depends on what is cached, only how soon.
///
/// Stores and instruction fetches are coherent at once. A frame with decoded instructions (a *decorated* frame) gets a
/// write entry whose tag matches no address, so each store to it takes the long way and looks for instructions it changes.
public struct TranslationCache: ~Copyable {
  /// Made when the first program runs: a machine that is forked to be looked at needs none.
  private var block: UnsafeMutablePointer<UInt64>?
  /// The generation of the memory that all entries stem from.
  private var generation: UInt64 = 0

  public init() {}

  deinit { block?.deallocate() }

  var storage: UnsafeMutablePointer<UInt64> {
    @inline(__always) get {
      guard let block else { preconditionFailure("a translation cache is synchronized before it is used") }
      return block
    }
  }

  /// Empties all entries.
  public mutating func flush() {
    guard let block else { return }
    for index in 0..<(3 * Layout.entries) { block[index * 2] = Layout.emptyTag }
  }

  /// Empties the write entries: the next store to each page is a miss again, which is how dirty pages are found.
  public mutating func flushWrites() {
    if block == nil { return }
    for index in 0..<Layout.entries { storage[Layout.writeSet + index * 2] = Layout.emptyTag }
  }

  /// Drops what is known of one virtual page (address divided by 4096).
  public mutating func invalidate(page: UInt64) {
    if block == nil { return }
    let slot = Int(page % UInt64(Layout.entries)) * 2
    for set in [Layout.readSet, Layout.writeSet, Layout.executeSet] {
      if storage[set + slot] & ~4095 == page << 12 { storage[set + slot] = Layout.emptyTag }
    }
  }

  /// Enters the translation of a virtual page (address divided by 4096) to a frame of `memory`, for each right in
  /// `access`.
  ///
  /// Give the access that missed, not all the page's rights: a write entry makes the frame owned by this machine and
  /// dirty.
  public mutating func fill(virtualPage: UInt64, frame: Int, access: MemoryAccess, memory: inout PagedMemory) {
    synchronize(with: memory)
    if access.contains(.write) { fillWrite(virtualPage, frame, &memory) }
    if access.contains(.read) { fillRead(virtualPage, UInt(bitPattern: memory.readable(frame))) }
    if access.contains(.execute) { fillExecute(virtualPage, frame, &memory) }
  }

  /// Drops all entries if host addresses that were given out may be stale.
  mutating func synchronize(with memory: borrowing PagedMemory) {
    guard generation != memory.generation else { return }
    if block == nil { makeEmpty() } else { flush() }
    generation = memory.generation
  }

  @inline(never)
  private mutating func makeEmpty() {
    let made = UnsafeMutablePointer<UInt64>.allocate(capacity: Layout.words)
    made.initialize(repeating: Layout.emptyTag, count: Layout.words)
    block = made
  }

  private func fillRead(_ page: UInt64, _ host: UInt) {
    let slot = Layout.readSet + Layout.slot(page)
    storage[slot] = page << 12
    storage[slot + 1] = UInt64(host) &- page << 12
  }

  private mutating func fillWrite(_ page: UInt64, _ frame: Int, _ memory: inout PagedMemory) {
    // Copies a shared frame and drops its decoded instructions: both make older entries for it stale, and no others.
    let before = UInt64(UInt(bitPattern: memory.readable(frame)))
    let host = UInt64(UInt(bitPattern: memory.writable(frame)))
    if generation != memory.generation {
      dropEntries(to: before)
      generation = memory.generation
    }
    let slot = Layout.writeSet + Layout.slot(page)
    storage[slot] = page << 12
    storage[slot + 1] = host &- page << 12
    storage[Layout.writeFrames + Layout.slot(page) / 2] = UInt64(frame)
  }

  private func dropEntries(to host: UInt64) {
    for index in 0..<(2 * Layout.entries) {
      let tag = storage[index * 2]
      if tag & ~4095 &+ storage[index * 2 + 1] == host { storage[index * 2] = Layout.emptyTag }
    }
    for index in 0..<Layout.entries where storage[Layout.executeHosts + index] == host {
      storage[Layout.executeSet + index * 2] = Layout.emptyTag
    }
  }

  private mutating func fillExecute(_ page: UInt64, _ frame: Int, _ memory: inout PagedMemory) {
    let records = memory.decoration(frame) ?? decorate(frame, &memory)
    let slot = Layout.executeSet + Layout.slot(page)
    storage[slot] = page << 12
    storage[slot + 1] = UInt64(UInt(bitPattern: records))
    let host = UInt(bitPattern: memory.readable(frame))
    storage[Layout.executeHosts + Layout.slot(page) / 2] = UInt64(host)
  }

  /// Makes room for the frame's decoded instructions. From now on stores to it must take the long way: in this cache
  /// by its marked write entries, in others because the memory's generation changes.
  private mutating func decorate(_ frame: Int, _ memory: inout PagedMemory) -> UnsafeMutableRawPointer {
    let records = memory.setDecoration(frame, DecodedPage.bytes)
    generation = memory.generation
    for index in 0..<Layout.entries where storage[Layout.writeFrames + index] == UInt64(frame) {
      let slot = Layout.writeSet + index * 2
      guard storage[slot] != Layout.emptyTag else { continue }
      storage[slot] |= Layout.decoratedTag
      storage[Layout.writeRecords + index] = UInt64(UInt(bitPattern: records))
    }
    return records
  }
}

extension TranslationCache {
  /// Where things stand in `storage`, in words.
  enum Layout {
    static let entries = 64
    static let readSet = 0
    static let writeSet = 128
    /// Here the second word is the address of the page's decoded instructions.
    static let executeSet = 256
    /// Host addresses of the pages in `executeSet`, for decoding.
    static let executeHosts = 384
    /// Frames of the pages in `writeSet`, and their decoded instructions if the tag is marked.
    static let writeFrames = 448
    static let writeRecords = 512
    /// Room for the records of one instruction that straddles two pages: itself and what leads on.
    static let scratch = 576
    /// Address of the floating-point registers of the present stay; 0 while the unit is off.
    static let float = 578
    static let words = 579

    /// Equal to no address without its low bits.
    static let emptyTag = UInt64.max
    /// Makes a tag equal to no address, for alignment clears this bit in every address.
    static let decoratedTag: UInt64 = 0x800

    @inline(__always) static func slot(_ page: UInt64) -> Int { Int(truncatingIfNeeded: page & 63) * 2 }
  }
}
