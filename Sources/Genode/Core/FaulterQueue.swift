/// What a thread waits for after a fault that nobody could resolve. Models `Rm_faulter`.
struct Faulter: Hashable, BitwiseCopyable, Sendable {
  var kind = RegionMapState.ready
  /// The faulter's address minus the bases of the regions it came through.
  var address: UInt64 = 0
  /// The map in whose queue it was put last.
  var map: Int?
  /// The thread behind it in that queue.
  var next: Int?
}

/// Head and tail of the threads that wait at a region map; the links are in the threads.
///
/// The links make the difference: a thread that is put in again while it is in the queue is not listed twice, its one
/// link is overwritten. Models `Genode::Fifo` of 16.08, which does not look. Use it through `Core.enqueue` and its
/// siblings.
struct FaulterQueue: Hashable, BitwiseCopyable, Sendable {
  var head: Int?
  var tail: Int?
}

// The queues of faulters. Writes regionMaps[].faulters and threads[].faulter.
extension Core {
  mutating func enqueueFaulter(_ row: Int, at map: Int, kind: RegionMapState, address: UInt64) {
    let isQueued = threads[row].faulter.map == map && isLinked(row, at: map)
    threads[row].faulter.kind = kind
    threads[row].faulter.address = address
    threads[row].faulter.map = map
    if isQueued, !configuration.release.queuesFaultersTwice { return }
    threads[row].faulter.next = nil
    if regionMaps[map].faulters.head == nil {
      regionMaps[map].faulters = FaulterQueue(head: row, tail: row)
      return
    }
    if let tail = regionMaps[map].faulters.tail { threads[tail].faulter.next = row }
    regionMaps[map].faulters.tail = row
  }

  /// Takes a thread out of a queue as far as it can be found there.
  mutating func removeFaulter(_ row: Int, from map: Int) {
    guard let head = regionMaps[map].faulters.head else { return }
    if head == row {
      regionMaps[map].faulters.head = threads[row].faulter.next
      threads[row].faulter.next = nil
      if regionMaps[map].faulters.head == nil { regionMaps[map].faulters.tail = nil }
      return
    }
    guard let before = faulters(of: map).rows.first(where: { threads[$0].faulter.next == row }) else { return }
    threads[before].faulter.next = threads[row].faulter.next
    threads[row].faulter.next = nil
    if threads[before].faulter.next == nil { regionMaps[map].faulters.tail = before }
  }

  /// The threads that can be reached from the head, and whether the last one leads back into the queue.
  func faulters(of map: Int) -> (rows: [Int], endsInCycle: Bool) {
    var rows: [Int] = []
    var next = regionMaps[map].faulters.head
    while let row = next {
      if rows.contains(row) { return (rows, true) }
      rows.append(row)
      next = threads[row].faulter.next
    }
    return (rows, false)
  }

  private func isLinked(_ row: Int, at map: Int) -> Bool { faulters(of: map).rows.contains(row) }

  /// A thread that dies waits nowhere.
  mutating func forgetFaulter(_ row: Int) {
    for map in regionMaps.live {
      while isLinked(row, at: map) { removeFaulter(row, from: map) }
    }
  }

  /// Lets every faulter inside a range try again.
  ///
  /// Walks the links as they are. In a queue that leads back into itself the walk of 16.08 never ends unless it takes
  /// the thread of the cycle out; then core's entrypoint is lost for everybody.
  mutating func wakeFaulters(in range: Range<UInt64>, of map: Int) {
    var current = regionMaps[map].faulters.head
    var unchanged: [Int] = []
    while let row = current {
      let next = threads[row].faulter.next
      if range.contains(threads[row].faulter.address) {
        unchanged.removeAll()
        removeFaulter(row, from: map)
        entrypoint.work.append(.invoke(pagerCommand(.wake, row)))
        threads[row].faulter.kind = .ready
        threads[row].faulter.address = 0
        threads[row].faulter.map = nil
      } else if unchanged.contains(row) {
        outbox.append(.faulterQueueEndless(map: regionMaps[map].badge))
        entrypoint.work.append(.spinForever)
        return
      } else {
        unchanged.append(row)
      }
      current = next
    }
  }
}
