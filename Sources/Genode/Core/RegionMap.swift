import FiascoABI

/// A piece of a dataspace that is visible in a region map.
public struct AttachedRegion: Hashable, BitwiseCopyable, Sendable {
  public var address: UInt64
  public var size: UInt64
  /// Row of the dataspace table.
  var dataspace: Int
  /// Where in the dataspace the region begins.
  public var offset: UInt64

  public var end: UInt64 { address + size }
}

/// The layout of an address range: which dataspaces are visible where.
///
/// Models `Region_map_component`. The map itself knows nothing of page tables; the pager asks it at each fault.
struct RegionMap: Hashable, Sendable {
  var badge: UInt64
  /// Row of the dataspace that stands for this map when it is attached to another one.
  var dataspace = 0
  let base: UInt64
  let size: UInt64
  /// Whose donated quota holds the list of regions.
  let payer: MetadataPayer
  /// The PD whose address space this is, if it is one.
  var pd: Int?
  /// Sorted by address, without overlap.
  private(set) var regions: [AttachedRegion] = []
  /// Maps in which the dataspace of this one is attached, once each, in the order of the first attachment.
  var attachedIn: [Int] = []
  /// First in, first out; only the head is visible through `state`.
  var faulters = FaulterQueue()
  var faultContext: Int?

  init(badge: UInt64, base: UInt64, size: UInt64, payer: MetadataPayer) {
    self.badge = badge
    self.payer = payer
    self.base = base
    self.size = size
  }

  /// The region that contains `address`.
  func region(at address: UInt64) -> AttachedRegion? {
    let index = firstIndex(endingBehind: address)
    guard index < regions.count, regions[index].address <= address else { return nil }
    return regions[index]
  }

  private func firstIndex(endingBehind address: UInt64) -> Int {
    var low = 0
    var high = regions.count
    while low < high {
      let middle = (low + high) / 2
      if regions[middle].end <= address { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Whether [address, address + size) is inside the map and free.
  func isFree(_ address: UInt64, size: UInt64) -> Bool {
    guard address.isPageAligned, address >= base, address - base <= self.size, self.size - (address - base) >= size
    else { return false }
    let next = firstIndex(endingBehind: address)
    return next == regions.count || regions[next].address >= address + size
  }

  /// A free place for `size` bytes, aligned as well as possible but not better than `backing`, where the memory lies.
  func place(size: UInt64, backing: UInt64?) -> UInt64? {
    var best = min(max(size.orderAbove, 12), 30)
    if let backing, backing != 0 { best = min(best, max(12, backing.trailingZeroBitCount)) }
    for order in stride(from: best, through: 12, by: -1) {
      if let address = place(size: size, order: order) { return address }
    }
    return nil
  }

  private func place(size: UInt64, order: Int) -> UInt64? {
    let mask: UInt64 = 1 << UInt64(order) - 1
    var candidate = (base + mask) & ~mask
    for region in regions where region.end > candidate {
      if candidate + size <= region.address { break }
      candidate = (region.end + mask) & ~mask
    }
    return isFree(candidate, size: size) ? candidate : nil
  }

  /// Inserts a region that has been checked to fit.
  mutating func insert(_ region: AttachedRegion) {
    precondition(isFree(region.address, size: region.size), "regions of a map must not overlap")
    regions.insert(region, at: firstIndex(endingBehind: region.address))
  }

  /// Removes the region that contains `address`.
  mutating func remove(at address: UInt64) -> AttachedRegion? {
    guard let region = region(at: address) else { return nil }
    regions.remove(at: firstIndex(endingBehind: address))
    return region
  }
}
