/// Rows with a stable index; a new row takes the lowest free one, as core's own id allocators do.
struct Table<Row: Hashable & Sendable>: Hashable, Sendable {
  private var rows = ChunkedList<Row?>()
  private(set) var count = 0
  /// The first row that is free, in the array or behind it.
  private var lowestFree = 0

  var indices: Range<Int> { rows.indices }
  /// Indices in use, ascending.
  var live: [Int] { rows.indices.filter { rows[$0] != nil } }

  func contains(_ index: Int) -> Bool { rows.indices.contains(index) && rows[index] != nil }

  subscript(index: Int) -> Row {
    get {
      guard contains(index), let row = rows[index] else {
        preconditionFailure("a table row must exist when it is used")
      }
      return row
    }
    _modify {
      guard contains(index), var row = rows[index] else {
        preconditionFailure("a table row must exist when it is changed")
      }
      // Taken out meanwhile, so that arrays inside the row are changed in place.
      rows[index] = nil
      defer { rows[index] = row }
      yield &row
    }
  }

  mutating func insert(_ row: Row) -> Int {
    count += 1
    let free = lowestFree
    if free == rows.count { rows.append(row) } else { rows[free] = row }
    while lowestFree < rows.count, rows[lowestFree] != nil { lowestFree += 1 }
    return free
  }

  mutating func remove(_ index: Int) {
    precondition(contains(index), "only an existing row can be removed")
    rows[index] = nil
    count -= 1
    while let last = rows.last, last == nil { rows.removeLast() }
    lowestFree = min(lowestFree, index)
  }
}
