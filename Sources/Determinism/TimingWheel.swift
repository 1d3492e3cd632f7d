/// A 64-ary timing wheel of 11 levels: the part of a long event queue that is far from now.
///
/// A level-n slot spans 64^n picoseconds. A key is in the level where its instant first differs from `horizon`, counted
/// in digits of 6 bits from the top. Slots are unordered: the wheel hands out whole slots, earliest first, and the heap
/// orders the few keys of each. That makes the order exact for any mixture of classes at one instant, and lets events
/// be scheduled before those already handed out.
///
/// A class only to own its memory: the queue copies it before a change if another queue has it too. Fields are not
/// checked for exclusive access, because the queue that owns the wheel is.
@usableFromInline final class TimingWheel: @unchecked Sendable {
  @exclusivity(unchecked) private(set) var count = 0
  /// Every key of the wheel is later than this; what is not later belongs into the heap.
  @exclusivity(unchecked) private(set) var horizon: UInt64 = 0

  /// Blocks of 16 words: the number of the next block of the slot, then 15 keys. Blocks are numbered from 1.
  @exclusivity(unchecked) private var words: UnsafeMutablePointer<UInt128>
  @exclusivity(unchecked) private var blocks = 0
  @exclusivity(unchecked) private var blockCapacity = 16
  /// The first of the blocks not in use.
  @exclusivity(unchecked) private var freeBlock = 0
  /// Per level and slot: first block in the upper 32 bits, its number of keys in the lower ones; 0 for an empty slot.
  /// All further blocks of the slot are full.
  private let slots: UnsafeMutablePointer<UInt64>
  /// Per level, a bit for each slot that has keys.
  private let occupied: UnsafeMutablePointer<UInt64>
  /// A bit for each level that has keys.
  @exclusivity(unchecked) private var occupiedLevels: UInt64 = 0

  private static var levels: Int { 11 }
  private static var slotWords: Int { levels * 64 + levels }
  private static var keysPerBlock: Int { 15 }

  init() {
    words = .allocate(capacity: blockCapacity * 16)
    slots = .allocate(capacity: Self.slotWords)
    slots.initialize(repeating: 0, count: Self.slotWords)
    occupied = slots + Self.levels * 64
  }

  init(copying other: TimingWheel) {
    (count, horizon, blocks) = (other.count, other.horizon, other.blocks)
    (blockCapacity, freeBlock, occupiedLevels) = (other.blockCapacity, other.freeBlock, other.occupiedLevels)
    words = .allocate(capacity: blockCapacity * 16)
    words.initialize(from: other.words, count: blocks * 16)
    slots = .allocate(capacity: Self.slotWords)
    slots.initialize(from: other.slots, count: Self.slotWords)
    occupied = slots + Self.levels * 64
  }

  deinit {
    words.deallocate()
    slots.deallocate()
  }

  /// Puts in a key whose instant is later than `horizon`.
  @inline(__always)
  func insert(_ key: UInt128) {
    let instant = UInt64(truncatingIfNeeded: key &>> 64)
    let level = (63 &- (instant ^ horizon).leadingZeroBitCount) / 6
    let digit = Int(truncatingIfNeeded: instant &>> UInt64(level &* 6)) & 63
    put(key, level, digit)
    count &+= 1
  }

  @inline(__always)
  private func put(_ key: UInt128, _ level: Int, _ digit: Int) {
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
    Self.block(words, Int(slot &>> 32))[Int(slot & 0xffff_ffff)] = key
  }

  /// Hands the earliest keys to an empty heap, at least one, and moves the horizon behind them.
  func refill(_ heap: inout EventHeap) {
    while heap.count == 0 {
      let level = occupiedLevels.trailingZeroBitCount
      let digit = occupied[level].trailingZeroBitCount
      let slot = takeSlot(level, digit)
      let width = UInt64(1) << UInt64(level * 6)
      let wheelMask = (UInt64(1) << UInt64(level * 6 + 6)) &- 1
      horizon = horizon & ~wheelMask | UInt64(digit) &* width
      if level == 0 || Self.block(words, Int(slot &>> 32))[0] == 0 {
        horizon |= width &- 1
      }
      spread(slot, into: &heap)
    }
  }

  /// Moves the horizon back, for when the heap holds too much: its keys after `instant` can then be inserted.
  func moveHorizon(back instant: UInt64) {
    precondition(count == 0 || instant <= horizon, "the horizon moves forward by refills only")
    let difference = horizon ^ instant
    let lowerLevels = count == 0 || difference == 0 ? 0 : (63 - difference.leadingZeroBitCount) / 6
    horizon = instant
    // Below the level where the two horizons part, keys sit relative to the old one.
    for level in 0..<lowerLevels {
      while occupied[level] != 0 {
        let slot = takeSlot(level, occupied[level].trailingZeroBitCount)
        visit(slot) { insert($0) }
      }
    }
  }

  /// Takes everything out.
  func removeAll(into keys: inout ContiguousArray<UInt128>) {
    while occupiedLevels != 0 {
      let level = occupiedLevels.trailingZeroBitCount
      visit(takeSlot(level, occupied[level].trailingZeroBitCount)) { keys.append($0) }
    }
  }

  private func spread(_ slot: UInt64, into heap: inout EventHeap) {
    visit(slot) { key in
      if UInt64(truncatingIfNeeded: key &>> 64) <= horizon { heap.push(key) } else { insert(key) }
    }
  }

  private func takeSlot(_ level: Int, _ digit: Int) -> UInt64 {
    let slot = slots[level * 64 + digit]
    slots[level * 64 + digit] = 0
    occupied[level] &= ~(1 << UInt64(digit))
    if occupied[level] == 0 { occupiedLevels &= ~(1 << UInt64(level)) }
    return slot
  }

  /// Calls `body`, which may insert, for each key of a slot that was taken out, and frees its blocks.
  @inline(__always)
  private func visit(_ slot: UInt64, _ body: (UInt128) -> Void) {
    var number = Int(slot &>> 32)
    var keysInBlock = Int(slot & 0xffff_ffff)
    while number != 0 {
      count &-= keysInBlock
      // The block is looked up for every key: an insertion may have moved all blocks.
      for index in 1...keysInBlock { body(Self.block(words, number)[index]) }
      let block = Self.block(words, number)
      let next = Int(truncatingIfNeeded: block[0])
      block[0] = UInt128(freeBlock)
      freeBlock = number
      number = next
      keysInBlock = Self.keysPerBlock
    }
  }

  /// Takes a block into use, linked in front of `next`.
  @inline(__always)
  private func takeBlock(next: Int) -> Int {
    if freeBlock == 0 { addBlock() }
    let number = freeBlock
    let block = Self.block(words, number)
    freeBlock = Int(truncatingIfNeeded: block[0])
    block[0] = UInt128(next)
    return number
  }

  @inline(never)
  private func addBlock() {
    if blocks == blockCapacity {
      blockCapacity *= 2
      let larger = UnsafeMutablePointer<UInt128>.allocate(capacity: blockCapacity * 16)
      larger.moveInitialize(from: words, count: blocks * 16)
      words.deallocate()
      words = larger
    }
    blocks += 1
    let block = Self.block(words, blocks)
    block.initialize(repeating: 0, count: 16)
    freeBlock = blocks
  }

  @inline(__always)
  private static func block(_ words: UnsafeMutablePointer<UInt128>, _ number: Int) -> UnsafeMutablePointer<UInt128> {
    words + (number &- 1) &* 16
  }
}
