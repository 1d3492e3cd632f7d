/// What an instruction wants to do with memory, and what a page allows.
@frozen public struct MemoryAccess: OptionSet, BitwiseCopyable, Hashable, Sendable {
  public let rawValue: UInt8
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let read = MemoryAccess(rawValue: 1)
  /// Stores, store-conditionals and all atomic memory operations: the architecture reports the latter as store faults.
  public static let write = MemoryAccess(rawValue: 2)
  public static let execute = MemoryAccess(rawValue: 4)
}
