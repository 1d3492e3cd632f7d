import FiascoABI

/// An entry of a page table that maps a page: at the lowest level 4 KiB, above it a superpage of 2 MiB or 1 GiB.
///
/// Layout: bit 0 valid, 1-3 rights, 4 kernel-user memory, 8-31 first frame, 32-63 node of the mapping tree plus 1. A
/// valid entry without rights exists: the right to execute was all it had and was taken away.
public struct PageEntry: Hashable, BitwiseCopyable, Sendable {
  let raw: UInt64

  @inline(__always)
  init(raw: UInt64) { self.raw = raw }

  @inline(__always)
  init(frame: Int, rights: MemoryRights, node: Int) {
    raw = UInt64(node + 1) << 32 | UInt64(frame) << 8 | rights.rawValue << 1 | 1
  }

  /// Kernel-user memory is in no mapping tree: it can be neither mapped onward nor unmapped.
  static func kernelUser(frame: Int) -> PageEntry {
    PageEntry(raw: UInt64(frame) << 8 | 1 << 4 | MemoryRights.rw.rawValue << 1 | 1)
  }

  @inline(__always) var isValid: Bool { raw & 1 != 0 }
  @inline(__always) public var frame: Int { Int(raw >> 8 & 0xff_ffff) }
  @inline(__always) public var rights: MemoryRights { MemoryRights(rawValue: raw >> 1 & 7) }
  @inline(__always) public var isKernelUser: Bool { raw & 1 << 4 != 0 }
  /// Index into the mapping table; -1 for kernel-user memory and for pages of an identity window without a node.
  @inline(__always) var node: Int { Int(raw >> 32) - 1 }

  func with(rights: MemoryRights) -> PageEntry { PageEntry(raw: raw & ~0xe | rights.rawValue << 1) }

  /// The 4 KiB page of a superpage in which an address lies.
  func page(of address: UInt64, order: PageOrder) -> PageEntry {
    PageEntry(raw: raw + (((address & order.mask) >> 12) << 8))
  }
}

/// Size of a page, as a power of two of bytes: what the levels of the page table can map.
enum PageOrder: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case page = 12, large = 21, huge = 30

  var bytes: UInt64 { 1 << UInt64(rawValue) }
  /// The bits of an address inside such a page.
  var mask: UInt64 { bytes - 1 }
  var smaller: PageOrder? { self == .huge ? .large : self == .large ? .page : nil }
}

/// Three levels of 512 entries. An entry that is not valid holds the frame number plus 1 of the next table, shifted
/// left by one; 0 is nothing at all.
enum PageTable {
  @inline(__always) static func topOffset(_ address: UInt64) -> Int { Int(address >> 30 & 511) << 3 }
  @inline(__always) static func middleOffset(_ address: UInt64) -> Int { Int(address >> 21 & 511) << 3 }
  @inline(__always) static func leafOffset(_ address: UInt64) -> Int { Int(address >> 12 & 511) << 3 }

  @inline(__always) static func entry(table frame: Int) -> UInt64 { UInt64(frame + 1) << 1 }
  /// Frame of the next table; -1 if the entry is empty.
  @inline(__always) static func table(_ entry: UInt64) -> Int { Int(entry >> 1) - 1 }
}
