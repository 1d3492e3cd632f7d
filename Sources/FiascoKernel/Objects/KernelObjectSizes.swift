/// What the kernel charges to a factory's quota, in bytes.
struct KernelObjectSizes: Hashable, Sendable {
  var thread: UInt64
  /// With page directory and capability directory.
  var task: UInt64
  var gate: UInt64
  /// IRQ or semaphore.
  var irq: UInt64
  /// A sub-factory costs this and its whole limit, at once.
  var factory: UInt64
  /// One node of the memory mapping tree, paid by the receiver.
  var mapping: UInt64
  /// The table for the parts of a superpage, paid by whoever has the superpage.
  var submap: UInt64
  var pageTable: UInt64
  /// The floating-point state of one thread.
  var fpuState: UInt64
  /// 256 capability slots.
  var capabilityPage: UInt64
  /// The list node of a kernel-user memory area, besides its pages.
  var kernelUserArea: UInt64

  /// Thread, task, gate and IRQ as observed on riscv64; the small ones from the types.
  static let riscv64 = KernelObjectSizes(
    thread: 8192, task: 24760, gate: 144, irq: 272, factory: 64, mapping: 24, submap: 8264,
    pageTable: 4096, fpuState: 272, capabilityPage: 4096, kernelUserArea: 40)

  /// 32-bit ARM with 4 KiB thread blocks, as Genode configured it: page directory of 16 KiB and
  /// capability directory of 4 KiB in the task.
  static let arm32 = KernelObjectSizes(
    thread: 4096, task: 20736, gate: 104, irq: 104, factory: 40, mapping: 8, submap: 2072,
    pageTable: 1024, fpuState: 280, capabilityPage: 4096, kernelUserArea: 20)
}

extension KernelProfile {
  var objectSizes: KernelObjectSizes {
    switch name {
    case .modern: .riscv64
    case .r67: .arm32
    }
  }

  /// The receiver of a map item is told if the sender had nothing to map.
  var marksEmptyItems: Bool { name == .modern }
  /// A void item takes its two words in the received message.
  var voidItemsTakeSpace: Bool { name == .modern }
  /// IRQ objects are created under their own label; otherwise under that of IRQ messages.
  var separatesIRQLabel: Bool { name == .modern }
  var hasSemaphores: Bool { name == .modern }
  /// The UTCB of a killed thread says when the kernel does not look at it any more.
  var marksFreeUTCBs: Bool { name == .modern }
  /// So many mappings may stand between a page and the first one of its frame.
  var mappingDepthLimit: UInt8 { name == .modern ? 255 : 251 }
  /// Mappings of one frame; nil for no limit but the quota.
  var mappingsPerFrame: UInt32? { name == .modern ? nil : 2047 }
  /// A second deletion IRQ takes the place of the first; otherwise it is refused.
  var replacesDeletionIRQ: Bool { name == .r67 }
  /// "Is there a capability?" with bit 0 of the selector set answers with the number of counted references.
  var countsReferencesOnRequest: Bool { name == .r67 }
}
