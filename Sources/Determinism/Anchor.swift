import Synchronization

/// Makes the struct it is stored in stay in place: such a struct is always passed by address.
///
/// Without it the compiler copies a large noncopyable struct, bit by bit, for each call of a method that only looks at
/// it. For the kernel, two kilobytes, that was a quarter of a system call.
public struct Anchor: ~Copyable {
  /// Never used: an atomic is what the compiler may not move.
  private let cell = Atomic<Bool>(false)

  public init() {}
}
