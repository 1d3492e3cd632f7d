import FiascoABI

/// Where things are in the capability table of a component.
///
///     1 own task   8 parent   9+3i gate of thread i   10+3i pager gate   11+3i IRQ of thread i   0x200... user slots
///
/// Models `Fiasco::Fiasco_capability` (base-foc/include/foc/native_capability.h).
public enum ComponentSlots {
  public static let task = CapabilitySlot(1)
  public static let parent = CapabilitySlot(8)
  public static let firstThread: UInt32 = 9
  public static let perThread: UInt32 = 3
  public static let firstUser = CapabilitySlot(0x200)
  /// Slots 0 ..< count are indices into the capability map.
  public static let count: UInt32 = 4096
  public static let receiveWindow: UInt32 = 4

  public static func gate(ofThread index: Int) -> CapabilitySlot {
    CapabilitySlot(firstThread + perThread * UInt32(index))
  }
  public static func pager(ofThread index: Int) -> CapabilitySlot { CapabilitySlot(gate(ofThread: index).index + 1) }
  public static func irq(ofThread index: Int) -> CapabilitySlot { CapabilitySlot(gate(ofThread: index).index + 2) }
}

/// Where things are in the address space of a component (riscv64, profile of Genode 16.08).
///
/// An executable is a static ELF64 file. Each loadable segment starts at a page boundary in memory, and a read-only
/// segment also in the file, because it is not copied but attached from the ROM dataspace. The first eight
/// bytes of the writable segment are overwritten by the loader with the badge of the parent capability. The bss of the
/// component contains `cap_map` (see `CapMapLayout`) at an address of its choice.
public enum ComponentLayout {
  public static let pageSize: UInt64 = 4096
  public static let textBase: UInt64 = 0x0100_0000
  /// Where the scenario compiler links the writable segment; the loader goes by the program headers.
  public static let dataBase: UInt64 = 0x0200_0000
  public static let parentBadgeOffset: UInt64 = 0

  /// First and last byte that core lets a component attach: page 0 never, and nothing of the kernel-user memory at the
  /// top.
  public static let addressSpaceBase: UInt64 = 0x1000
  public static let addressSpaceSize: UInt64 = 0x3f_0000_0000 - addressSpaceBase

  public static let stackAreaBase: UInt64 = 0x4000_0000
  public static let stackAreaSize: UInt64 = 0x1000_0000
  /// One stack slot; slot 0 belongs to the main thread, a stack ends at the top of its slot.
  public static let stackSlotSize: UInt64 = 0x10_0000
  public static let linkerAreaSize: UInt64 = 160 << 20

  /// Kernel-user memory of a PD: no dataspace, no region, invisible to core.
  public static let utcbAreaBase: UInt64 = stackAreaBase + 128 * stackSlotSize
  public static let maxThreads = 128
  public static let utcbAreaOrder = 17
  public static func utcb(ofThread index: Int) -> UInt64 { utcbAreaBase + UInt64(index) * UTCB.size }

  public static let mainStackSize: UInt64 = 128 << 10
  public static let entrypointStackSize: UInt64 = 128 << 10
  public static let signalHandlerStackSize: UInt64 = 32 << 10
  public static let emergencyRAMSize: UInt64 = 16 << 10
  public static let traceControlSize: UInt64 = 8 << 10

  /// The only memory of a native component: one page whose first word is the badge of the parent capability.
  public static let nativeDataBase: UInt64 = dataBase

  public static let entrypointName = "ep"
  public static let signalHandlerName = "signal handler"
}

/// The capability map of a component: what it knows about its own slots, in its own memory.
///
/// Entry i describes slot i. It is ordinary bss, so a memory checkpoint contains it while the kernel's table is lost.
/// Models `Cap_index_allocator` (entries) and `Native_capability::Data`.
public enum CapMapLayout {
  public static let symbol = "cap_map"
  public static let entries = 4096
  public static let entrySize: UInt64 = 8
  public static let size: UInt64 = 4096 * entrySize
  /// One byte: number of references the program holds, 0 = slot free.
  public static let referenceCountOffset: UInt64 = 0
  /// Two bytes.
  public static let badgeOffset: UInt64 = 6

  /// The entry as one 8-byte word.
  @inlinable public static func word(badge: UInt64, references: UInt8) -> UInt64 { badge << 48 | UInt64(references) }
  @inlinable public static func badge(inWord word: UInt64) -> UInt64 { word >> 48 }
  @inlinable public static func references(inWord word: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: word) }
}

/// Words of a component's UTCB that the kernel never touches. Models the `TCR` of base-foc.
public enum ComponentUTCB {
  /// Address of the `cap_map` entry of the thread's own gate.
  public static let gateEntryWord = UTCB.userWords + 1
  /// Address of the `Thread` object; 0 means main thread.
  public static let threadObjectWord = UTCB.userWords + 2
}

/// Priorities of CPU sessions. Genode's generic priorities count downwards from 0; the kernel's upwards to 128.
public enum ComponentPriority {
  public static let highest = 128
  public static let genericLimit = 65_536
  static let scale = genericLimit / highest

  /// `Platform_thread`'s scaling; never 0, which the kernel refuses.
  public static func kernel(generic: Int) -> Int { max(1, highest - min(max(generic, 0), genericLimit - 1) / scale) }
  public static func generic(kernel: Int) -> Int { (highest - min(max(kernel, 1), highest)) * scale }
}
