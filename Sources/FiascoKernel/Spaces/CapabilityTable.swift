import FiascoABI

/// Where a capability stands: kernel frame and entry within it. 0 is nowhere.
struct CapabilityAddress: Hashable, BitwiseCopyable, Sendable {
  var raw: UInt32

  @inline(__always)
  init(raw: UInt32) { self.raw = raw }

  @inline(__always)
  init(frame: Int, entry: Int) { raw = UInt32(truncatingIfNeeded: frame << 8 | entry) }

  @inline(__always) static var none: CapabilityAddress { CapabilityAddress(raw: 0) }
  @inline(__always) var isNone: Bool { raw == 0 }
  @inline(__always) var frame: Int { Int(raw >> 8) }
  @inline(__always) var offset: Int { Int(raw & 0xff) << 4 }
}

/// One entry of a capability table: 16 bytes, 256 in a frame.
///
/// `next` and `previous` link all capabilities of an object in a flat list: there is no tree of capabilities.
/// Models `Obj::Entry`.
struct CapabilityEntry: BitwiseCopyable, Sendable {
  /// Object id plus 1; 0 in an empty slot.
  var object: UInt32 = 0
  var next = CapabilityAddress.none
  var previous = CapabilityAddress.none
  var rights: UInt8 = 0
  var attributes: UInt8 = 0
  var unused: UInt16 = 0

  init() {}

  init(_ capability: Capability) {
    object = UInt32(capability.object.slot + 1)
    rights = capability.rights
    attributes = capability.attributes
  }

  @inline(__always) var isEmpty: Bool { object == 0 }
  @inline(__always) var objectID: ObjectID { ObjectID(Int(object) - 1) }

  @inline(__always)
  var capability: Capability { Capability(object: objectID, rights: rights, attributes: attributes) }
}

extension Capability {
  /// Rights and attributes in one byte, as map operations mask them: CR is implied by presence.
  var mask: UInt8 { rights & 3 | 4 | attributes & 0xf8 }

  init(object: ObjectID, mask: UInt8) {
    self.init(object: object, rights: mask & 3, attributes: mask & 0xf8)
  }

  /// What the creator of an object gets: all rights, counted.
  static func full(_ object: ObjectID) -> Capability { Capability(object: object, mask: 0xff) }

  /// Counts for the lifetime of the object.
  var isCounted: Bool { attributes & Capability.counted != 0 }
  var mayDelete: Bool { attributes & Capability.delete != 0 }
}

/// The directory above the tables: 64 x 64 tables of 256 slots, frame numbers plus 1 in 32 bits.
///
/// The root frame holds the 64 entries of the first level, and behind them the first of the second-level directories:
/// tasks with fewer than 16,384 slots need no other.
enum CapabilityDirectory {
  static let slotsPerTable: UInt64 = 256
  static let slotsPerDirectory: UInt64 = 1 << 14

  /// Offset of the entry of the first level; not used for directory 0.
  @inline(__always)
  static func rootOffset(_ slot: UInt64) -> Int { Int(slot >> 14) << 2 }

  /// Offset of the entry of the second level within its frame.
  @inline(__always)
  static func tableOffset(_ slot: UInt64) -> Int { Int(slot >> 8 & 63) << 2 + (slot < slotsPerDirectory ? 256 : 0) }
}
