import Determinism

/// Heads of the ready lists, one per priority, and which of them are occupied.
///
/// The lists are circular and intrusive: links and membership flag are in the thread control blocks.
/// Models `Ready_queue_fp`.
struct ReadyQueue: BitwiseCopyable, Sendable {
  private var heads: InlineArray<256, Int32>
  private var occupied: InlineArray<4, UInt64>

  init() {
    heads = InlineArray(repeating: -1)
    occupied = InlineArray(repeating: 0)
  }

  // Inlined always: a call would copy the kilobyte of heads.
  subscript(priority: UInt8) -> ThreadID {
    @inline(__always) get { ThreadID(Int(heads[Int(priority)])) }
    set {
      heads[Int(priority)] = newValue.index
      let bit: UInt64 = 1 << UInt64(priority & 63)
      if newValue.isNone {
        occupied[Int(priority >> 6)] &= ~bit
      } else {
        occupied[Int(priority >> 6)] |= bit
      }
    }
  }

  /// Links between threads stand in the threads; here stands who comes first.
  func digest(into digest: inout StateDigest) {
    for priority in UInt8.min...UInt8.max where !self[priority].isNone {
      digest.combine(UInt64(priority), self[priority].index, -1)
    }
  }

  /// The highest occupied priority. Not its first thread: a property that looked into the heads would copy them all.
  @inline(__always) var highestPriority: UInt8? {
    var word = 3
    while word > 0, occupied[word] == 0 { word -= 1 }
    if occupied[word] == 0 { return nil }
    return UInt8(word * 64 + 63 - occupied[word].leadingZeroBitCount)
  }
}
