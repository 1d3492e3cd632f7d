import FiascoABI

/// An address space and a capability table, with the factory that pays for what they grow into.
///
/// Models `Task` with its `Mem_space` and `Obj_space`.
public struct Task: BitwiseCopyable, Sendable {
  public let object: ObjectID
  /// Factory charged for tables, mappings and kernel-user memory.
  public let payer: ObjectID
  /// Kernel frame with the root of the capability directory.
  let capabilityDirectory: Int32
  /// Kernel frame with the root of the page table.
  let pageDirectory: Int32
  /// Threads bound to the task: they keep its tables and kernel-user memory after the last capability is gone.
  public internal(set) var boundThreads: UInt32 = 0
  /// The last capability is gone: nothing can be mapped into the task any more.
  public internal(set) var isDead = false
  /// Window of virtual addresses that equal physical ones, as if the root pager had answered a fault for each page.
  ///
  /// Empty for all but the root task. Pages of the window count as mapped with all rights; they get a page-table entry
  /// and a node of the mapping tree only when they are mapped onward.
  public internal(set) var identityBase: UInt64 = 0
  public internal(set) var identityEnd: UInt64 = 0
  /// Size of the window's pages where it is aligned to them: with superpages, the root pager has answered with them.
  var identityOrder = PageOrder.page

  /// First of the task's occupied reply slots; -1 none.
  var firstReplySlot: Int32 = -1

  init(object: ObjectID, payer: ObjectID, capabilityDirectory: Int, pageDirectory: Int) {
    self.object = object
    self.payer = payer
    self.capabilityDirectory = Int32(truncatingIfNeeded: capabilityDirectory)
    self.pageDirectory = Int32(truncatingIfNeeded: pageDirectory)
  }

  @inline(__always)
  func seesIdentity(_ address: UInt64) -> Bool { address >= identityBase && address < identityEnd }

  /// Whether the page of this size around an address is of one kind: a page of the window, or outside it.
  func treatsAsOne(_ address: UInt64, _ order: PageOrder) -> Bool {
    let (start, end) = (address & ~order.mask, address & ~order.mask + order.bytes)
    if start >= identityEnd || end <= identityBase { return true }
    return order.rawValue <= identityOrder.rawValue && start >= identityBase && end <= identityEnd
  }
}

/// User addresses end here (Sv39).
let userAddressLimit: UInt64 = 1 << 38
let pageBytes: UInt64 = 4096

extension Kernel {
  /// Physical address of frame 0.
  public static var physicalBase: UInt64 { 0x8000_0000 }

  @inline(__always)
  static func identityFrame(_ address: UInt64) -> Int { Int((address &- physicalBase) >> 12) }
}
