import FiascoABI

/// A file in the boot image, laid out in physical memory before core starts.
public struct BootModule: Hashable, Sendable {
  public var name: String
  public var physicalAddress: UInt64
  /// Bytes of the file; core hands it out in whole pages.
  public var fileSize: UInt64

  public init(name: String, physicalAddress: UInt64, fileSize: UInt64) {
    self.name = name
    self.physicalAddress = physicalAddress
    self.fileSize = fileSize
  }

  /// Bytes of the pages the file occupies.
  public var size: UInt64 { fileSize.roundedUpToPage }
}

/// What core is told at boot.
public struct CoreConfiguration: Hashable, Sendable {
  /// Physical memory core hands out; core has it mapped one to one, as sigma0 would have given it.
  public var ramBase: UInt64
  public var ramSize: UInt64
  /// Mapped one to one as well, outside the RAM above.
  public var modules: [BootModule]
  public var costs: GenodeCosts
  public var kernel: KernelInterface
  public var release: GenodeRelease
  /// Orders of two of the largest flexpage a fault is answered with.
  public var largestFaultOrder: Int
  /// Kernel priority of core's own threads.
  public var priority: Int
  /// Size of core's own capability table. Models the constant of `Cap_index_allocator` in core.
  public var capabilityCount: Int

  public static let usualCapabilityCount = 10 * 1024

  public init(
    ramBase: UInt64, ramSize: UInt64, modules: [BootModule], costs: GenodeCosts, kernel: KernelInterface,
    release: GenodeRelease = .genode1608, largestFaultOrder: Int = 21, priority: Int = ComponentPriority.highest,
    capabilityCount: Int = usualCapabilityCount
  ) {
    precondition(ramBase.isPageAligned && ramSize.isPageAligned, "core's RAM consists of whole pages")
    self.ramBase = ramBase
    self.ramSize = ramSize
    self.modules = modules
    self.costs = costs
    self.kernel = kernel
    self.release = release
    self.largestFaultOrder = largestFaultOrder
    self.priority = priority
    self.capabilityCount = capabilityCount
  }
}

/// Sizes of core's administrative data, charged to the donated quota of a session.
///
/// Page-granular figures follow from Genode's allocators on 64 bit (one sliced-heap page or slab block each); the sizes
/// of the session objects themselves are assumed, rounded to a power of two.
enum CoreMetadata {
  static let slabBlock: UInt64 = 4096 - 32
  private static let sessionObject: UInt64 = 1024
  /// Three region maps with the built-in block of each.
  private static let regionMapsOfPD: UInt64 = 40 << 10
  /// What a session costs before it does anything. A CPU session pays for the trace control area.
  static func session(_ service: String) -> UInt64 {
    switch service {
    case "PD": sessionObject + regionMapsOfPD
    case "CPU": sessionObject + ComponentLayout.traceControlSize
    default: sessionObject
    }
  }
  static let thread: UInt64 = 2048
  static let dataspace: UInt64 = 128
  static let signalContext: UInt64 = 96
  static let rpcCapability: UInt64 = 64
  /// A map created by an RM session: built-in slab block of its allocator, rounded to pages.
  static let regionMap: UInt64 = 12 << 10
  /// Region records in the built-in block and in each block behind it; one more stands for the free rest of the map.
  private static let regionsPerBlock = 55
  private static let regionBlock: UInt64 = 8 << 10
  /// Each region is listed once more, in a slab that begins without a block.
  private static let referencesPerPage = 128

  /// What a map with so many regions costs beside itself, in whole pages.
  static func regions(_ count: Int) -> UInt64 {
    if count == 0 { return 0 }
    let blocks = count / regionsPerBlock
    let pages = (count + referencesPerPage - 1) / referencesPerPage
    return UInt64(blocks) * regionBlock + UInt64(pages) * ComponentLayout.pageSize
  }

  /// What core keeps of all RAM before it gives the rest to init.
  static let reserve: UInt64 = 224 << 10
}

extension UInt64 {
  var isPageAligned: Bool { self & (ComponentLayout.pageSize - 1) == 0 }
  var roundedUpToPage: UInt64 { (self &+ ComponentLayout.pageSize - 1) & ~(ComponentLayout.pageSize - 1) }
  var roundedDownToPage: UInt64 { self & ~(ComponentLayout.pageSize - 1) }
  /// Order of the smallest power of two that is at least this many bytes.
  var orderAbove: Int { self <= 1 ? 0 : 64 - (self - 1).leadingZeroBitCount }
  var hexadecimal: String { "0x" + String(self, radix: 16) }
}
