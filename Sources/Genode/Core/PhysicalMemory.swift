/// Free physical memory as a sorted list of ranges.
///
/// Models `Synced_range_allocator` over `Allocator_avl`: naturally aligned blocks first, then smaller alignments.
struct PhysicalMemory: Hashable, Sendable {
  private(set) var free: [Range<UInt64>]

  init(base: UInt64, size: UInt64) { free = size == 0 ? [] : [base..<base + size] }

  var available: UInt64 { free.reduce(0) { $0 + UInt64($1.count) } }

  /// Lowest block of `size` bytes with the largest alignment that is possible; nil if nothing is large enough.
  mutating func allocate(_ size: UInt64) -> UInt64? {
    precondition(size > 0 && size.isPageAligned, "physical memory is allocated in pages")
    for order in stride(from: min(size.orderAbove, 30), through: 12, by: -1) {
      if let address = allocate(size, order: order) { return address }
    }
    return nil
  }

  private mutating func allocate(_ size: UInt64, order: Int) -> UInt64? {
    let mask: UInt64 = 1 << UInt64(order) - 1
    for (index, range) in free.enumerated() {
      let start = (range.lowerBound + mask) & ~mask
      guard start >= range.lowerBound, start <= range.upperBound, range.upperBound - start >= size else { continue }
      var rest: [Range<UInt64>] = []
      if range.lowerBound < start { rest.append(range.lowerBound..<start) }
      if start + size < range.upperBound { rest.append(start + size..<range.upperBound) }
      free.replaceSubrange(index...index, with: rest)
      return start
    }
    return nil
  }

  mutating func release(_ address: UInt64, size: UInt64) {
    let index = free.firstIndex { $0.lowerBound > address } ?? free.count
    precondition(
      (index == 0 || free[index - 1].upperBound <= address)
        && (index == free.count || address + size <= free[index].lowerBound),
      "physical memory must not be freed twice")
    var range = address..<address + size
    var replaced = index..<index
    if index < free.count, free[index].lowerBound == range.upperBound {
      range = range.lowerBound..<free[index].upperBound
      replaced = index..<index + 1
    }
    if index > 0, free[index - 1].upperBound == range.lowerBound {
      range = free[index - 1].lowerBound..<range.upperBound
      replaced = index - 1..<replaced.upperBound
    }
    free.replaceSubrange(replaced, with: [range])
  }
}
