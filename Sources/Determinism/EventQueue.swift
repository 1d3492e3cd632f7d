/// Pending events in the order (instant, class, order of scheduling).
///
/// A value: a copy is an independent queue and costs one block at its first change. Short queues are a heap; from
/// `wheelThreshold` events on, those not close to now wait in a timing wheel. The order is the same either way.
@frozen public struct EventQueue: Sendable {
  public typealias Event = (instant: Instant, class: UInt8, payload: UInt32)

  /// So many events in the heap make the wheel pay. Measured with the hold model: 57 ns (heap) against 66 ns (wheel) at
  /// 16,000 events, 77 against 71 at 32,000, 400 against 100 at a million.
  @inlinable public static var wheelThreshold: Int { 20_000 }

  /// Never empty while the wheel is not; its events are the earlier ones.
  @usableFromInline var heap = EventHeap()
  /// nil until the queue was long for the first time.
  @usableFromInline var wheel: TimingWheel?
  @usableFromInline var countInWheel = 0
  /// What is later waits in the wheel; `.max` while the wheel is empty.
  @usableFromInline var horizon = UInt64.max
  /// Ordinal number of the next event to be scheduled.
  @usableFromInline var sequence: UInt64 = 0
  /// Size of the heap at which its later events move to the wheel.
  @usableFromInline var spillSize: Int
  @usableFromInline let wheelThreshold: Int

  @inlinable public init() { self.init(wheelThreshold: Self.wheelThreshold) }

  /// A queue that uses the wheel from another length on, for tests.
  @usableFromInline init(wheelThreshold: Int) {
    self.wheelThreshold = wheelThreshold
    spillSize = wheelThreshold
  }

  @inlinable public var count: Int { heap.count + countInWheel }
  @inlinable public var isEmpty: Bool { heap.count == 0 }

  /// The earliest event, nil if there is none.
  @inlinable public var next: Event? {
    let key = heap.top
    return key == EventHeap.empty ? nil : EventKey.event(key)
  }

  /// The instant of the earliest event, `.never` if there is none.
  @inlinable public var nextInstant: Instant { Instant(picoseconds: UInt64(truncatingIfNeeded: heap.top &>> 64)) }

  /// Adds an event behind all others of the same instant and class. `class` has 4 bits, `payload` 24.
  @inlinable public mutating func schedule(at instant: Instant, class: UInt8, payload: UInt32) {
    add(makeKey(instant, `class`, payload))
  }

  /// Takes the earliest event, nil if there is none.
  @inlinable public mutating func popNext() -> Event? {
    let key = heap.top
    if key == EventHeap.empty { return nil }
    removeTop()
    return EventKey.event(key)
  }

  /// Takes the earliest event of a queue that has one and schedules another: cheaper than the two steps.
  @inlinable public mutating func replaceNext(at instant: Instant, class: UInt8, payload: UInt32) {
    let key = makeKey(instant, `class`, payload)
    if belongsInHeap(key) {
      heap.replaceTop(with: key)
    } else {
      insertInWheel(key)
      removeTop()
    }
  }

  /// Drops events; the order of the others does not change. Costs as much as scheduling them all anew.
  public mutating func removeAll(where isUnwanted: (Event) -> Bool) {
    let keys = takeAll()
    for key in keys where !isUnwanted(EventKey.event(key)) { add(key) }
  }

  /// Feeds the events in their order. Two queues that will hand out the same events are equal here, whatever the
  /// numbers of their events and wherever they wait.
  public func digest(into digest: inout StateDigest) {
    var copy = self
    let keys = copy.takeAll()
    digest.combine(keys.count)
    for key in keys {
      let event = EventKey.event(key)
      digest.combine(event.instant)
      digest.combine(UInt64(event.class) << 32 | UInt64(event.payload))
    }
  }

  @inlinable @inline(__always)
  mutating func makeKey(_ instant: Instant, _ class: UInt8, _ payload: UInt32) -> UInt128 {
    if sequence == EventKey.sequenceLimit { renumber() }
    let key = EventKey.make(instant, `class`, sequence, payload)
    sequence &+= 1
    return key
  }

  @inlinable @inline(__always)
  func belongsInHeap(_ key: UInt128) -> Bool {
    UInt64(truncatingIfNeeded: key &>> 64) <= horizon
  }

  @inlinable @inline(__always)
  mutating func add(_ key: UInt128) {
    if belongsInHeap(key) {
      heap.push(key)
      if heap.count >= spillSize { spill() }
    } else {
      insertInWheel(key)
    }
  }

  @inlinable @inline(__always)
  mutating func removeTop() {
    heap.removeTop()
    if heap.count == 0 && countInWheel > 0 { refill() }
  }

  @inline(never) @usableFromInline
  mutating func insertInWheel(_ key: UInt128) {
    changeWheel { wheel, _ in wheel.insert(key) }
  }

  @inline(never) @usableFromInline
  mutating func refill() {
    changeWheel { wheel, heap in wheel.refill(&heap) }
  }

  /// Moves all but the events of the next instant to the wheel. If these are many, the next try comes later, so that a
  /// crowd at one instant is not moved again and again.
  @inline(never) @usableFromInline
  mutating func spill() {
    let keys = heap.all
    let now = nextInstant.picoseconds
    heap.removeAll()
    changeWheel { wheel, heap in
      wheel.moveHorizon(back: now)
      for key in keys {
        if UInt64(truncatingIfNeeded: key &>> 64) <= now { heap.push(key) } else { wheel.insert(key) }
      }
    }
    spillSize = max(wheelThreshold, 2 * heap.count)
  }

  /// Changes a wheel no other queue has, and remembers what the queue looks at for every event.
  @inline(__always)
  private mutating func changeWheel(_ body: (TimingWheel, inout EventHeap) -> Void) {
    if wheel == nil {
      wheel = TimingWheel()
    } else if !isKnownUniquelyReferenced(&wheel) {
      wheel = wheel.map(TimingWheel.init(copying:))
    }
    guard let wheel else { return }
    body(wheel, &heap)
    countInWheel = wheel.count
    horizon = wheel.count == 0 ? .max : wheel.horizon
  }

  /// Empties the queue and returns its keys in order.
  private mutating func takeAll() -> ContiguousArray<UInt128> {
    var keys = ContiguousArray<UInt128>(heap.all)
    heap.removeAll()
    if countInWheel > 0 { changeWheel { wheel, _ in wheel.removeAll(into: &keys) } }
    keys.sort()
    return keys
  }

  /// After 2^36 events the numbers begin again: the pending ones get the lowest, in their order.
  @inline(never) @usableFromInline
  mutating func renumber() {
    let keys = takeAll()
    precondition(keys.count < EventKey.sequenceLimit, "more pending events than ordinal numbers")
    sequence = 0
    for key in keys {
      let event = EventKey.event(key)
      add(makeKey(event.instant, event.class, event.payload))
    }
  }
}
