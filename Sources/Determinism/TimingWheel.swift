/// A 64-ary timing wheel of 11 levels: the part of a long event queue that is far from now.
///
/// A level-n slot spans 64^n picoseconds. A key is in the level where its instant first differs from `horizon`, counted
/// in digits of 6 bits from the top. Slots are unordered: the wheel hands out whole slots, earliest first, and the heap
/// orders the few keys of each. That makes the order exact for any mixture of classes at one instant, and lets events
/// be scheduled before those already handed out.
@frozen @usableFromInline struct TimingWheel: Sendable {
  @usableFromInline var count = 0
  /// Every key of the wheel is later than this; what is not later belongs into the heap.
  @usableFromInline var horizon: UInt64 = 0

  /// Blocks of 16 words: the index of the next block of the slot, then 15 keys.
  @usableFromInline var words: ContiguousArray<UInt128> = []
  /// Per level and slot: first block + 1 in the upper 32 bits, its number of keys in the lower ones; 0 for an empty slot.
  /// All further blocks of the slot are full.
  @usableFromInline var slots: ContiguousArray<UInt64> = []
  /// Per level, a bit for each slot that has keys.
  @usableFromInline var occupied: ContiguousArray<UInt64> = []
  /// A bit for each level that has keys.
  @usableFromInline var occupiedLevels: UInt64 = 0
  @usableFromInline var freeBlock = 0

  @usableFromInline init() {}

  private static var levels: Int { 11 }
  static var keysPerBlock: Int { 15 }

  /// Puts in a key whose instant is later than `horizon`.
  @usableFromInline mutating func insert(_ key: UInt128) {
    let instant = UInt64(truncatingIfNeeded: key &>> 64)
    let level = (63 &- (instant ^ horizon).leadingZeroBitCount) / 6
    let digit = Int(truncatingIfNeeded: instant &>> UInt64(level &* 6)) & 63
    put(key, level, digit)
    count &+= 1
  }

  private mutating func put(_ key: UInt128, _ level: Int, _ digit: Int) {
    let index = level &* 64 &+ digit
    var slot = slots[index]
    if slot & 0xffff_ffff == Self.keysPerBlock || slot == 0 {
      if slot == 0 {
        occupied[level] |= 1 &<< UInt64(digit)
        occupiedLevels |= 1 &<< UInt64(level)
      }
      slot = UInt64(takeBlock(next: Int(slot &>> 32))) &<< 32
    }
    slot &+= 1
    slots[index] = slot
    words[Int(slot &>> 32 &- 1) &* 16 &+ Int(slot & 0xffff_ffff)] = key
  }

  /// Hands the earliest keys to an empty heap, at least one, and moves the horizon behind them.
  @inline(never) @usableFromInline
  mutating func refill(_ heap: inout EventHeap) {
    while heap.count == 0 {
      let level = occupiedLevels.trailingZeroBitCount
      let digit = occupied[level].trailingZeroBitCount
      let slot = takeSlot(level, digit)
      let width = UInt64(1) << UInt64(level * 6)
      let wheelMask = (UInt64(1) << UInt64(level * 6 + 6)) &- 1
      horizon = horizon & ~wheelMask | UInt64(digit) &* width
      if level == 0 || words[Int(slot &>> 32 &- 1) &* 16] == 0 {
        horizon |= width &- 1
      }
      spread(slot, into: &heap)
    }
  }

  /// Moves the horizon back, for when the heap holds too much: its keys after `instant` can then be inserted.
  mutating func moveHorizon(back instant: UInt64) {
    precondition(count == 0 || instant <= horizon, "the horizon moves forward by refills only")
    if slots.isEmpty {
      slots = ContiguousArray(repeating: 0, count: Self.levels * 64)
      occupied = ContiguousArray(repeating: 0, count: Self.levels)
    }
    let difference = horizon ^ instant
    let lowerLevels = count == 0 || difference == 0 ? 0 : (63 - difference.leadingZeroBitCount) / 6
    horizon = instant
    // Below the level where the two horizons part, keys sit relative to the old one.
    for level in 0..<lowerLevels {
      while occupied[level] != 0 {
        let slot = takeSlot(level, occupied[level].trailingZeroBitCount)
        visit(slot) { wheel, key in wheel.insert(key) }
      }
    }
  }

  /// Takes everything out.
  mutating func removeAll() -> [UInt128] {
    var keys: [UInt128] = []
    while occupiedLevels != 0 {
      let level = occupiedLevels.trailingZeroBitCount
      visit(takeSlot(level, occupied[level].trailingZeroBitCount)) { _, key in keys.append(key) }
    }
    return keys
  }

  private mutating func spread(_ slot: UInt64, into heap: inout EventHeap) {
    visit(slot) { wheel, key in
      if UInt64(truncatingIfNeeded: key &>> 64) <= wheel.horizon { heap.push(key) } else { wheel.insert(key) }
    }
  }

  private mutating func takeSlot(_ level: Int, _ digit: Int) -> UInt64 {
    let slot = slots[level * 64 + digit]
    slots[level * 64 + digit] = 0
    occupied[level] &= ~(1 << UInt64(digit))
    if occupied[level] == 0 { occupiedLevels &= ~(1 << UInt64(level)) }
    return slot
  }

  /// Calls `body` for each key of a slot that was taken out, and frees its blocks.
  @inline(__always)
  private mutating func visit(_ slot: UInt64, _ body: (inout TimingWheel, UInt128) -> Void) {
    var block = Int(slot &>> 32)
    var keysInBlock = Int(slot & 0xffff_ffff)
    while block != 0 {
      let start = (block &- 1) &* 16
      count &-= keysInBlock
      for index in 1...keysInBlock { body(&self, words[start &+ index]) }
      let next = Int(truncatingIfNeeded: words[start])
      words[start] = UInt128(freeBlock)
      freeBlock = block
      block = next
      keysInBlock = Self.keysPerBlock
    }
  }

  /// Index + 1 of a block that is linked in front of `next`.
  private mutating func takeBlock(next: Int) -> Int {
    if freeBlock == 0 {
      words.append(contentsOf: repeatElement(0, count: 16))
      words[words.count - 16] = UInt128(next)
      return words.count / 16
    }
    let block = freeBlock
    freeBlock = Int(truncatingIfNeeded: words[(block &- 1) &* 16])
    words[(block &- 1) &* 16] = UInt128(next)
    return block
  }
}
