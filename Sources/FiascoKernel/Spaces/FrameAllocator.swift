/// The kernel's own frames: page tables, capability tables, kernel-user memory. Lowest free frame first.
///
/// Whether somebody may have a frame is decided by the quota of his factory; this only says which ones exist. A copy
/// shares the bitmap until one side allocates.
struct FrameAllocator: Sendable {
  let range: Range<Int>
  private(set) var freeCount: Int
  /// One bit a frame, set if free; bit 0 of word 0 is `range.lowerBound`.
  private(set) var free: ContiguousArray<UInt64>
  /// No word before this one has a free frame.
  private var firstWord = 0

  init(range: Range<Int>) {
    precondition(range.lowerBound > 0, "frame 0 cannot be a kernel frame: address 0 ends the lists of capabilities")
    precondition(range.upperBound <= 1 << 24, "a page-table entry holds frame numbers of 24 bits")
    self.range = range
    freeCount = range.count
    free = ContiguousArray(repeating: .max, count: (range.count + 63) / 64)
    let tail = range.count & 63
    if tail != 0 { free[free.count - 1] = (1 << UInt64(tail)) - 1 }
  }

  mutating func take() -> Int? {
    while firstWord < free.count && free[firstWord] == 0 { firstWord += 1 }
    guard firstWord < free.count else { return nil }
    let bit = free[firstWord].trailingZeroBitCount
    free[firstWord] &= free[firstWord] - 1
    freeCount -= 1
    return range.lowerBound + firstWord * 64 + bit
  }

  mutating func give(back frame: Int) {
    precondition(!isFree(frame), "a kernel frame is freed twice")
    let index = frame - range.lowerBound
    free[index >> 6] |= 1 << UInt64(index & 63)
    firstWord = min(firstWord, index >> 6)
    freeCount += 1
  }

  func isFree(_ frame: Int) -> Bool {
    precondition(range.contains(frame), "not a kernel frame")
    let index = frame - range.lowerBound
    return free[index >> 6] >> UInt64(index & 63) & 1 == 1
  }
}
