/// Rows with a stable index; a new row takes the lowest free one, as core's own id allocators do.
struct Table<Row: Hashable & Sendable>: Hashable, Sendable {
  private var rows = ChunkedList<Row?>()
  /// Always the lowest one, so that equal tables are equal whatever happened before.
  private var lowestFree = 0
  private(set) var count = 0

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
    let place = lowestFree
    if place == rows.count { rows.append(row) } else { rows[place] = row }
    repeat { lowestFree += 1 } while contains(lowestFree)
    return place
  }

  mutating func remove(_ index: Int) {
    precondition(contains(index), "only an existing row can be removed")
    rows[index] = nil
    count -= 1
    lowestFree = min(lowestFree, index)
    while let last = rows.last, last == nil { rows.removeLast() }
  }
}
