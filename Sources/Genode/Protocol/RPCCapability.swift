import FiascoABI

/// A capability to an RPC object as user level holds it: where the kernel keeps it, and the badge core gave it.
///
/// Kernel and badge are two different things and can disagree after a restore; a server drops a request whose
/// badge word does not match the label the kernel delivers. Models `Native_capability`.
public struct RPCCapability: Hashable, BitwiseCopyable, Sendable {
  public var slot: CapabilitySlot
  public var badge: UInt64

  @inlinable
  public init(slot: CapabilitySlot, badge: UInt64) {
    self.slot = slot
    self.badge = badge
  }
}

/// Badges: unique ids that core gives to kernel objects.
public enum Badge {
  /// The low two bits of a received label carry the rights of the invoked capability, so ids come in steps of 4.
  public static let step: UInt64 = 4
  public static let first: UInt64 = 4
  /// Ids are 16 bit wide in the capability map of a component.
  public static let limit: UInt64 = 0x1_0000
  /// Stands for an invalid capability in a message.
  public static let invalid: UInt64 = ~0
  /// The id a component's start-up code gives to its main thread's gate before it can ask core.
  public static let mainThread: UInt64 = 1

  /// The badge in a label that the kernel delivered.
  @inlinable public static func of(label: UInt64) -> UInt64 { label & ~3 }
}
