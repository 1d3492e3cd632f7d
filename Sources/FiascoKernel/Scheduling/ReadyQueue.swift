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

  subscript(priority: UInt8) -> ThreadID {
    get { ThreadID(Int(heads[Int(priority)])) }
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

  /// The first thread of the highest occupied priority.
  var highest: ThreadID {
    for word in stride(from: 3, through: 0, by: -1) where occupied[word] != 0 {
      return ThreadID(Int(heads[word * 64 + 63 - occupied[word].leadingZeroBitCount]))
    }
    return .none
  }
}
