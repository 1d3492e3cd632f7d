/// Records on their way out of the kernel: a list that is filled and emptied thousands of times for each time it grows.
///
/// Unsafe pointers stay in this file: appending to an array and emptying it cost more than making the record.
public struct EventOutbox: ~Copyable {
  /// Nothing until there is a first record: most forks never make one.
  private var events: UnsafeMutablePointer<KernelEvent>?
  private var capacity = 0
  public private(set) var count = 0

  init() {}

  deinit { events?.deallocate() }

  public var isEmpty: Bool { count == 0 }

  /// The records in the order in which they were made.
  public subscript(index: Int) -> KernelEvent {
    @inline(__always) get {
      guard let events, index >= 0, index < count else { preconditionFailure("there is no such record") }
      return events[index]
    }
  }

  @inline(__always)
  mutating func append(_ event: KernelEvent) {
    if count == capacity { grow() }
    guard let events else { return }
    (events + count).initialize(to: event)
    count += 1
  }

  @inline(__always)
  public mutating func removeAll() { count = 0 }

  @inline(never)
  private mutating func grow() {
    capacity = max(16, 2 * capacity)
    let larger = UnsafeMutablePointer<KernelEvent>.allocate(capacity: capacity)
    if let events {
      larger.moveInitialize(from: events, count: count)
      events.deallocate()
    }
    events = larger
  }
}
