// Ids of kernel objects: indices into the kernel's tables, never pointers.

/// Index of a thread control block.
public struct ThreadID: Hashable, Comparable, BitwiseCopyable, Sendable, CustomStringConvertible {
  public let index: Int32
  @inlinable public init(_ index: Int) { self.index = Int32(truncatingIfNeeded: index) }
  /// No thread.
  public static let none = ThreadID(-1)
  /// What a raw pointer to a thread is after the thread's memory was freed; also "none" to everybody but who follows it.
  static let freed = ThreadID(-2)
  @inlinable public var isNone: Bool { index < 0 }
  @inlinable public var slot: Int { Int(index) }
  @inlinable public static func < (a: Self, b: Self) -> Bool { a.index < b.index }
  public var description: String { isNone ? "-" : "T\(index)" }
}

/// Index of a task: an address space and a capability table.
public struct TaskID: Hashable, Comparable, BitwiseCopyable, Sendable, CustomStringConvertible {
  public let index: Int32
  @inlinable public init(_ index: Int) { self.index = Int32(truncatingIfNeeded: index) }
  public static let none = TaskID(-1)
  @inlinable public var isNone: Bool { index < 0 }
  @inlinable public var slot: Int { Int(index) }
  @inlinable public static func < (a: Self, b: Self) -> Bool { a.index < b.index }
  public var description: String { isNone ? "-" : "task \(index)" }
}

/// Index of a kernel object of any kind.
public struct ObjectID: Hashable, Comparable, BitwiseCopyable, Sendable, CustomStringConvertible {
  public let index: Int32
  @inlinable public init(_ index: Int) { self.index = Int32(truncatingIfNeeded: index) }
  public static let none = ObjectID(-1)
  @inlinable public var isNone: Bool { index < 0 }
  @inlinable public var slot: Int { Int(index) }
  @inlinable public static func < (a: Self, b: Self) -> Bool { a.index < b.index }
  public var description: String { isNone ? "-" : "object \(index)" }
}

/// Whoever may stand in a receiver's queue: a thread, or an IRQ object.
public struct SenderID: Hashable, BitwiseCopyable, Sendable {
  let raw: Int32
  init(thread: ThreadID) { raw = thread.index }
  init(irq: Int) { raw = -2 - Int32(truncatingIfNeeded: irq) }
  private init(raw: Int32) { self.raw = raw }
  static let none = SenderID(raw: -1)
  /// A partner that was deleted: a closed wait for it never ends by a message.
  static let gone = SenderID(raw: .min)
  var isNone: Bool { raw == -1 }
  var thread: ThreadID? { raw >= 0 ? ThreadID(Int(raw)) : nil }
  var irq: Int? { raw <= -2 && self != .gone ? Int(-2 - raw) : nil }
}
