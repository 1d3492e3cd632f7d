import Determinism

/// A thread with the value that orders it among those of its class: the smallest one runs.
struct RankedThread: Hashable, BitwiseCopyable, Sendable {
  let thread: ThreadID
  /// Virtual deadline of a fair thread, deadline of a deadline thread, both in microseconds.
  var rank: UInt64
}

/// Ready threads that run only when no thread with a fixed priority is ready.
///
/// A kernel has one such class at most, so that one of the two is always empty.
struct BackgroundQueue: Sendable {
  var fair = FairQueue()
  var deadlines = DeadlineQueue()
  /// The fair thread whose context was consumed last: newcomers begin at its virtual deadline.
  var lastFair = ThreadID.none

  /// Ranks stand in the threads; the order among equal ones stands here alone.
  func digest(into digest: inout StateDigest) {
    digest.combine(11, lastFair.index, Int32(truncatingIfNeeded: deadlines.entries.count))
    for entry in fair.heap + deadlines.entries { digest.combine(12, entry.thread.index, -1) }
  }

  @inline(__always) var isEmpty: Bool { fair.heap.isEmpty && deadlines.entries.isEmpty }
}

/// Fair threads as a binary heap, so that the order among equal virtual deadlines is the original's.
///
/// Models `Ready_queue_wfq`.
struct FairQueue: Sendable {
  private(set) var heap: [RankedThread] = []

  mutating func insert(_ entry: RankedThread) {
    heap.append(entry)
    siftUp(heap.count - 1)
  }

  mutating func remove(_ t: ThreadID) {
    guard let place = heap.firstIndex(where: { $0.thread == t }) else { return }
    heap.swapAt(place, heap.count - 1)
    heap.removeLast()
    guard place < heap.count else { return }
    siftDown(place)
    // The original omits this; there the heap is out of order until the next changes mend it.
    siftUp(place, passingEquals: false)
  }

  /// The thread's virtual deadline has moved on.
  mutating func advance(_ t: ThreadID, to rank: UInt64) {
    guard let place = heap.firstIndex(where: { $0.thread == t }) else { return }
    heap[place].rank = rank
    siftDown(place)
  }

  /// A newcomer passes its equals: like a fixed priority's wake-up it stands before them.
  private mutating func siftUp(_ start: Int, passingEquals: Bool = true) {
    var place = start
    while place > 0 {
      let parent = (place - 1) / 2
      if heap[parent].rank < heap[place].rank { return }
      if heap[parent].rank == heap[place].rank, !passingEquals { return }
      heap.swapAt(parent, place)
      place = parent
    }
  }

  private mutating func siftDown(_ start: Int) {
    var place = start
    while true {
      var child = 2 * place + 1
      guard child < heap.count else { return }
      if child + 1 < heap.count, heap[child + 1].rank <= heap[child].rank { child += 1 }
      if heap[place].rank <= heap[child].rank { return }
      heap.swapAt(place, child)
      place = child
    }
  }
}

/// Deadline threads, the earliest deadline first.
///
/// Models `Ready_queue_edf` of the argos kernel.
struct DeadlineQueue: Sendable {
  private(set) var entries: [RankedThread] = []

  /// Behind the first of its equals, before the others.
  mutating func insert(_ entry: RankedThread) {
    let place = entries.firstIndex { $0.rank >= entry.rank } ?? entries.count
    let hasEqual = place < entries.count && entries[place].rank == entry.rank
    entries.insert(entry, at: hasEqual ? place + 1 : place)
  }

  mutating func remove(_ t: ThreadID) { entries.removeAll { $0.thread == t } }

  /// With `clock`, a thread whose deadline is over comes after everybody who can still meet one.
  func first(clock: UInt64?) -> ThreadID {
    guard let clock, let punctual = entries.first(where: { $0.rank >= clock }) else {
      return entries.first?.thread ?? .none
    }
    return punctual.thread
  }
}
