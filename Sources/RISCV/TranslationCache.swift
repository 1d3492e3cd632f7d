import Determinism

/// The translations one address space uses, as host addresses: the machine's own shortcut, never part of its state.
///
/// Three direct-mapped sets of 64 entries (read, write, execute), each a tag and the difference between host and guest
/// address. One comparison of the address, with the bits of its page number and those that must be zero for alignment
/// left, checks page, permission and alignment. An empty cache gives the same results as a full one, only later: all
/// entries may be dropped at any time.
///
/// Stores and instruction fetches are coherent: a frame that has decoded instructions (a *decorated* frame) gets a
/// write entry whose tag matches no address, so that each store to it takes the long way and drops what it overwrites.
/// Thus what a program does never depends on what happens to be cached.
public struct TranslationCache: ~Copyable {
  static let entries = 64

  /// Empties all entries.
  public mutating func flush() {}
  /// Empties the write entries: the next store to each page is a miss again, which is how dirty pages are found.
  public mutating func flushWrites() {}
  /// Drops what is known of one virtual page (address divided by 4096).
  public mutating func invalidate(page: UInt64) {}

  public init() {}

  /// Enters the translation of a virtual page (address divided by 4096) to a frame of `memory`, for each right in
  /// `access`.
  ///
  /// Give the access that missed, not all the page's rights: a write entry makes the frame owned by this machine and
  /// dirty.
  public mutating func fill(virtualPage: UInt64, frame: Int, access: MemoryAccess, memory: inout PagedMemory) {}
}
