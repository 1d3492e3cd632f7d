/// What kind of object a capability names.
public enum ObjectKind: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case thread, task, gate, irq, semaphore, factory, scheduler, log, icu
  /// The pager of the first task, which is part of the boot loader.
  case rootPager
  /// Initial object without a service: answers "bad protocol" to everything.
  case inert
}

/// The part every kernel object has: kind, place in the table of its kind, counted references, quota.
///
/// Models `Kobject` with its mapping list (`Kobject_mapdb`).
public struct KernelObject: BitwiseCopyable, Sendable {
  public let kind: ObjectKind
  /// Index into the table of the kind (`threads`, `tasks`, `gates`...).
  public let index: Int32
  /// Capabilities that keep the object alive.
  public var countedReferences: UInt32 = 0
  /// References that somebody has declared not to count (`Kobject::sys_dec_refcnt`).
  public var droppedReferences: Int32 = 0
  /// First capability of the flat list of all capabilities to this object; 0 ends the list.
  public var firstCapability: UInt32 = 0
  /// Factory that paid, and how many bytes.
  public var payer: ObjectID
  public var bytes: UInt64
  /// The object is being destroyed; every lookup treats it as absent.
  public var isDying = false

  public init(kind: ObjectKind, index: Int, payer: ObjectID, bytes: UInt64) {
    self.kind = kind
    self.index = Int32(truncatingIfNeeded: index)
    self.payer = payer
    self.bytes = bytes
  }

  /// What the kernel's counter shows.
  var references: Int64 { Int64(countedReferences) - Int64(droppedReferences) }
}

/// One entry of a capability table.
///
/// Only CW and CS matter to an invocation; the attributes are visible to map and unmap alone (`obj_space_types.cpp`).
public struct Capability: Hashable, BitwiseCopyable, Sendable {
  public var object: ObjectID
  /// CW = 1, CS = 2.
  public var rights: UInt8
  /// CD = 8, counted = 0x10, object-specific rights 0x20, 0x40, 0x80.
  public var attributes: UInt8

  public init(object: ObjectID, rights: UInt8, attributes: UInt8) {
    self.object = object
    self.rights = rights
    self.attributes = attributes
  }

  public static let delete: UInt8 = 8
  public static let counted: UInt8 = 0x10
  /// On a gate: the "server" right, which gives access to the gate's control interface.
  public static let objectSpecific1: UInt8 = 0x20

  public var hasWrite: Bool { rights & 1 != 0 }
  public var hasStrong: Bool { rights & 2 != 0 }
}
