/// A naturally aligned range of memory or of capability slots, with rights.
///
/// Layout: bits 0-3 rights, 4-5 kind, 6-11 order (log2 of the size), 12... address or slot index.
/// Models `L4_fpage`.
public struct FlexPage: Hashable, BitwiseCopyable, Sendable {
  public enum Kind: UInt64, Sendable { case special = 0, memory, io, object }

  public var raw: UInt64
  @inlinable public init(raw: UInt64) { self.raw = raw }

  @inlinable
  public static func memory(_ address: UInt64, order: Int, rights: MemoryRights) -> FlexPage {
    FlexPage(raw: address & ~0xfff | UInt64(order) << 6 | 1 << 4 | rights.rawValue)
  }

  @inlinable
  public static func objects(_ slot: CapabilitySlot, order: Int = 0, rights: ObjectRights = .all) -> FlexPage {
    FlexPage(raw: slot.selector | UInt64(order) << 6 | 3 << 4 | rights.rawValue)
  }

  /// Every address of every space, as the kernel offers it to a pager.
  @inlinable public static var everything: FlexPage { FlexPage(raw: 63 << 6) }

  @inlinable public var kind: Kind { Kind(rawValue: raw >> 4 & 3) ?? .special }
  @inlinable public var order: Int { Int(raw >> 6 & 63) }
  @inlinable public var address: UInt64 { raw & ~0xfff }
  @inlinable public var slotIndex: UInt64 { raw >> 12 }
  @inlinable public var isEverything: Bool { raw >> 4 & 3 == 0 && order == 63 }
  @inlinable public var memoryRights: MemoryRights { MemoryRights(rawValue: raw & 7) }
  @inlinable public var objectRights: ObjectRights { ObjectRights(rawValue: raw & 15) }
}

public struct MemoryRights: OptionSet, Hashable, BitwiseCopyable, Sendable {
  public let rawValue: UInt64
  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
  public static let execute = MemoryRights(rawValue: 1)
  public static let write = MemoryRights(rawValue: 2)
  public static let read = MemoryRights(rawValue: 4)
  public static let rw: MemoryRights = [.read, .write]
  public static let rx: MemoryRights = [.read, .execute]
  public static let rwx: MemoryRights = [.read, .write, .execute]
}

public struct ObjectRights: OptionSet, Hashable, BitwiseCopyable, Sendable {
  public let rawValue: UInt64
  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
  /// Bit CW.
  public static let write = ObjectRights(rawValue: 1)
  /// Bit CS.
  public static let strong = ObjectRights(rawValue: 2)
  /// Bit CR, implied by presence.
  public static let read = ObjectRights(rawValue: 4)
  /// Bit CD.
  public static let delete = ObjectRights(rawValue: 8)
  public static let rws: ObjectRights = [.read, .write, .strong]
  public static let all: ObjectRights = [.read, .write, .strong, .delete]
}

/// The first word of a typed item in a message.
///
/// Layout: bit 0 compound, 1 grant, 3 map (must be set), 4-7 attributes, 12... hot spot.
public struct SendItem: Hashable, BitwiseCopyable, Sendable {
  public var raw: UInt64
  @inlinable public init(raw: UInt64) { self.raw = raw }
  /// A plain map item. `attributes` are bits 4-7: 0x10 weak reference, 0x20-0x80 object-specific rights to keep.
  @inlinable
  public static func map(hotSpot: UInt64 = 0, attributes: UInt64 = 0, grant: Bool = false) -> SendItem {
    SendItem(raw: hotSpot & ~0xfff | attributes & 0xf0 | 8 | (grant ? 2 : 0))
  }
  @inlinable public var isVoid: Bool { raw & ~0xfff == 0 && raw & 8 == 0 }
  @inlinable public var isMap: Bool { raw & 8 != 0 }
  @inlinable public var isGrant: Bool { raw & 2 != 0 }
  @inlinable public var isCompound: Bool { raw & 1 != 0 }
  @inlinable public var attributes: UInt64 { raw & 0xf0 }
  @inlinable public var hotSpot: UInt64 { raw & ~0xfff }
}

/// A buffer register that announces where received items may go.
public struct ReceiveBuffer: Hashable, BitwiseCopyable, Sendable {
  public var raw: UInt64
  @inlinable public init(raw: UInt64) { self.raw = raw }
  /// One capability, into one slot, in one buffer register.
  @inlinable public static func small(_ slot: CapabilitySlot) -> ReceiveBuffer {
    ReceiveBuffer(raw: slot.selector | 8 | 2)
  }
  @inlinable public var isVoid: Bool { raw == 0 }
  @inlinable public var isMap: Bool { raw & 8 != 0 }
  @inlinable public var isSmall: Bool { raw & 2 != 0 }
  @inlinable public var wantsIdentity: Bool { raw & 4 != 0 }
  @inlinable public var isCompound: Bool { raw & 1 != 0 }
  @inlinable public var address: UInt64 { raw & ~0xfff }
}
