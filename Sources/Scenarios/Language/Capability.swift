/// One entry of a bare task's capability space at the start.
public struct Capability: Hashable, Sendable {
  public var name: Name
  public var object: CapabilityObject
  public var rights: Rights
  /// Index in the capability space; nil lets the compiler choose.
  public var slot: Number?
}

public enum CapabilityObject: Hashable, Sendable {
  /// A new IPC gate that leads to a thread. The label is what the receiver sees.
  case gate(to: ScopedName, label: Int64)
  case thread(ScopedName)
  case task(Name)
  /// A new interrupt object, bound to this input of the interrupt controller; 0 for none: only software triggers it.
  case irq(Number)
  case semaphore(initial: Number)
  case factory(quota: SizeValue)
  case log
  case scheduler
  case icu
  /// The same object as a capability of another task, derived from it (so revoking there removes it here).
  case copy(of: ScopedName)
  /// A reserved empty slot, to receive a capability into.
  case empty
}

/// Rights written as letters: r read, w write, s special (server), x execute, d delete.
public struct Rights: OptionSet, Hashable, Sendable {
  public var rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let read = Rights(rawValue: 1)
  public static let write = Rights(rawValue: 2)
  public static let special = Rights(rawValue: 4)
  public static let execute = Rights(rawValue: 8)
  public static let delete = Rights(rawValue: 16)
  public static let all = Rights(rawValue: 31)

  static let letters: [(letter: Character, right: Rights)] = [
    ("r", .read), ("w", .write), ("s", .special), ("x", .execute), ("d", .delete),
  ]
}
