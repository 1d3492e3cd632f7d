/// The destination word of a system call: a capability index and what to do with the object.
///
/// Models `L4_obj_ref`.
public struct ObjectReference: Hashable, BitwiseCopyable, Sendable {
  public var raw: UInt64

  @inlinable public init(raw: UInt64) { self.raw = raw }

  @inlinable
  public init(slot: CapabilitySlot, operation: IPCOperation) {
    raw = UInt64(slot.index) << 12 | operation.rawValue
  }

  /// The selector that names no slot: the calling thread itself.
  @inlinable
  public static func special(_ operation: IPCOperation) -> ObjectReference {
    ObjectReference(raw: invalidSelector | operation.rawValue)
  }

  /// Every bit above the operation set, the explicit-reply bit clear.
  public static let invalidSelector: UInt64 = (~0 << 11) & ~(1 << 10)

  @inlinable public var operation: IPCOperation { IPCOperation(rawValue: raw & 15) }
  @inlinable public var isSpecial: Bool { raw & 1 << 11 != 0 }
  /// The reply slot is named by the caller instead of being the thread's implicit one (profile `modern`).
  @inlinable public var namesReplySlot: Bool { raw & 1 << 10 != 0 }
  /// Special in any way: no question about a slot.
  @inlinable public var namesNoSlot: Bool { raw & 3 << 10 != 0 }
  @inlinable public var index: UInt64 { raw >> 12 }
}

/// The low four bits of an object reference.
public struct IPCOperation: OptionSet, Hashable, BitwiseCopyable, Sendable {
  public let rawValue: UInt64
  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

  public static let send = IPCOperation(rawValue: 1)
  public static let receive = IPCOperation(rawValue: 2)
  /// The receive phase accepts any sender.
  public static let openWait = IPCOperation(rawValue: 4)
  /// The send phase goes to the caller that waits for a reply.
  public static let reply = IPCOperation(rawValue: 8)

  public static let call: IPCOperation = [.send, .receive]
  public static let wait: IPCOperation = [.receive, .openWait]
  public static let sendAndWait: IPCOperation = [.send, .receive, .openWait]
  public static let replyAndWait: IPCOperation = [.send, .receive, .openWait, .reply]
  public static let replyOnly: IPCOperation = [.send, .reply]
}

/// An index into the capability table of a task.
public struct CapabilitySlot: Hashable, Comparable, BitwiseCopyable, Sendable, CustomStringConvertible {
  public var index: UInt32
  @inlinable public init(_ index: UInt32) { self.index = index }
  @inlinable public static func < (a: Self, b: Self) -> Bool { a.index < b.index }
  /// The slot as user level writes it: index times 4096.
  @inlinable public var selector: UInt64 { UInt64(index) << 12 }
  public var description: String { "0x" + String(index, radix: 16) }

  // The slots every root task starts with (l4sys `consts.h`).
  public static let task = CapabilitySlot(1)
  public static let factory = CapabilitySlot(2)
  public static let thread = CapabilitySlot(3)
  public static let pager = CapabilitySlot(4)
  public static let log = CapabilitySlot(5)
  public static let icu = CapabilitySlot(6)
  public static let scheduler = CapabilitySlot(7)
}

/// A range of at most this many slots can be addressed; higher indices are empty by definition.
public let capabilitySlotLimit: UInt64 = 1 << 20
