/// The kernel info page of riscv64: where things stand in it, in bytes. Models `Kip`.
public enum KernelInfo {
  public static let magicNumber: UInt32 = 0x4be6_344c
  public static let magic = 0x00
  public static let version = 0x04
  /// One byte: where the version string begins, in units of 16 bytes. Feature strings follow it; an empty one ends.
  public static let versionString = 0x08
  public static let rootEntry = 0x18
  /// Microseconds; only of a kernel whose clock advances in ticks.
  public static let clock = 0x20
  /// Microseconds of a tick.
  public static let granularity = 0x50
  /// Offset and number of the memory descriptors, two words each.
  public static let memoryDescriptors = 0x54
  public static let memoryDescriptorCount = 0x58
  public static let platformName = 0x70
  public static let isMultiprocessor = 0x80
  /// Hertz of `rdtime`.
  public static let timebase = 0xa0
  public static let hartCount = 0xa4
  public static let interruptController = 0xe8
  public static let interruptPins = 0xf0
  public static let firstDescriptor = 0x140
  public static let descriptors = 20
  public static let strings = 0x280
  /// Code that returns the time in a0, and the factors it may use.
  public static let readMicroseconds = 0x900
  public static let microsecondScaler = 0x970
  public static let readNanoseconds = 0x980
  public static let nanosecondScaler = 0x9f0

  /// The low word of a memory descriptor: kind, and whether its addresses are virtual.
  public static let conventional: UInt64 = 1
  public static let reserved: UInt64 = 2
  public static let virtual: UInt64 = 0x200

  /// What a program sends to the root pager, with protocol -6, to have the page mapped.
  public static let request: UInt64 = 0xffff_ffff_ffff_ffa0
}
