/// A 4-ary implicit heap of event keys: the part of the event queue that is close to now.
///
/// One contiguous block of 16 bytes an event, so that it is cheap to copy with a machine. Four branches a node make it
/// half as deep as a binary heap; the least of four is found by a tournament without jumps. Unsafe pointers stay in
/// this file: checked subscripts cost 1.3 times here (Documentation/Decisions/0001-modules-and-speed.md).
@frozen @usableFromInline struct EventHeap: Sendable {
  @usableFromInline var count = 0
  /// Keys, then at least four `empty` ones, so that a node with fewer than four children needs no special case.
  @usableFromInline var keys: ContiguousArray<UInt128> = []

  @inlinable init() {}

  /// Greater than every key.
  @inlinable static var empty: UInt128 { .max }

  /// The least key; `empty` if there is none.
  @inlinable @inline(__always)
  var top: UInt128 { count == 0 ? Self.empty : keys[0] }

  /// All keys, in no particular order.
  var all: ArraySlice<UInt128> { ArraySlice(keys[0..<count]) }

  @inlinable
  mutating func push(_ key: UInt128) {
    if count + 5 > keys.count { grow() }
    let last = count
    keys.withUnsafeMutableBufferPointer { buffer in
      guard let keys = buffer.baseAddress else { return }
      var hole = last
      while hole > 0 {
        let parent = (hole &- 1) &>> 2
        if keys[parent] <= key { break }
        keys[hole] = keys[parent]
        hole = parent
      }
      keys[hole] = key
    }
    count = last &+ 1
  }

  /// Takes the least key out of a heap that has one.
  @inlinable
  mutating func removeTop() {
    precondition(count > 0, "an empty heap has no top")
    let last = count &- 1
    count = last
    keys.withUnsafeMutableBufferPointer { buffer in
      guard let keys = buffer.baseAddress else { return }
      let key = keys[last]
      keys[last] = Self.empty
      if last > 0 { Self.sink(key, keys, last) }
    }
  }

  /// Replaces the least key by another: half the work of taking one out and putting one in.
  @inlinable
  mutating func replaceTop(with key: UInt128) {
    precondition(count > 0, "an empty heap has no top")
    let count = count
    keys.withUnsafeMutableBufferPointer { buffer in
      guard let keys = buffer.baseAddress else { return }
      Self.sink(key, keys, count)
    }
  }

  mutating func removeAll() {
    for index in 0..<count { keys[index] = Self.empty }
    count = 0
  }

  @inlinable @inline(__always)
  static func sink(_ key: UInt128, _ keys: UnsafeMutablePointer<UInt128>, _ count: Int) {
    var hole = 0
    var child = 1
    while child < count {
      let (a, b, c, d) = (keys[child], keys[child &+ 1], keys[child &+ 2], keys[child &+ 3])
      let (leftLess, rightLess) = (b < a, d < c)
      let leftIndex = child &+ (leftLess ? 1 : 0)
      let rightIndex = child &+ (rightLess ? 3 : 2)
      let leastIndex = (rightLess ? d : c) < (leftLess ? b : a) ? rightIndex : leftIndex
      // Loaded again on purpose: it makes the index, on which the next round waits, a sum and not a jump.
      let least = keys[leastIndex]
      if key <= least { break }
      keys[hole] = least
      hole = leastIndex
      child = hole &<< 2 &+ 1
    }
    keys[hole] = key
  }

  @inline(never) @usableFromInline
  mutating func grow() {
    let length = max(32, keys.count * 2)
    keys.reserveCapacity(length)
    keys.append(contentsOf: repeatElement(Self.empty, count: length - keys.count))
  }
}
