import Genode

/// A dataspace whose parts nobody may access: the checkpointer carries out each access, and writes twice.
///
/// Models the managed dataspaces of the branch red_mem with their snapshots. There are two snapshots: one takes the
/// writes, the other waits to be merged or is spare.
struct Mirror: Hashable, Sendable {
  var child: Int
  /// Row of the child's dataspace table.
  var row: Int
  /// Where the checkpointer sees the parts.
  var parts: [UInt64]
  var snapshots: [Snapshot]
  var active = 0

  struct Snapshot: Hashable, Sendable {
    var dataspace: RPCCapability
    /// Where the checkpointer sees it.
    var address: UInt64
    /// One bit for each word that was written since the snapshot was begun, eight words of bits for a page.
    var written: ChunkedList<[UInt64]>
  }

  static let wordsPerPage = Int(ComponentLayout.pageSize) / 8
  private static let none = [UInt64](repeating: 0, count: wordsPerPage / 64)

  static func nothing(_ pages: Int) -> ChunkedList<[UInt64]> { ChunkedList(repeating: none, count: pages) }

  /// The bytes of words the access lies in.
  mutating func note(_ range: Range<UInt64>) {
    var word = range.lowerBound / 8
    while word * 8 < range.upperBound {
      let (page, place) = (Int(word) / Self.wordsPerPage, Int(word) % Self.wordsPerPage)
      snapshots[active].written[page][place / 64] |= 1 << UInt64(place % 64)
      word += 1
    }
  }

  mutating func forget(_ pages: Range<Int>) {
    for snapshot in snapshots.indices {
      for page in pages where page < snapshots[snapshot].written.count {
        snapshots[snapshot].written[page] = Self.none
      }
    }
  }

  /// Pages of a snapshot with something in them.
  func pages(of snapshot: Int) -> [Int] {
    snapshots[snapshot].written.indices.filter { snapshots[snapshot].written[$0].contains { $0 != 0 } }
  }

  func isWritten(_ word: Int, of page: Int, in snapshot: Int) -> Bool {
    snapshots[snapshot].written[page][word / 64] & 1 << UInt64(word % 64) != 0
  }
}
