import Testing

@testable import Determinism

/// The order an event queue must keep, written down as plainly as possible: a list with the next event at its end, into
/// which a new one goes before all that are due earlier or were scheduled earlier for the same instant and class.
private struct SortedEvents {
  var events: [EventQueue.Event] = []
  var scheduled = 0

  mutating func schedule(_ instant: UInt64, _ class: UInt8, _ payload: UInt32) {
    let instant = Instant(picoseconds: instant)
    var place = events.count
    while place > 0, (events[place - 1].instant, events[place - 1].class) <= (instant, `class`) { place -= 1 }
    events.insert((instant, `class`, payload), at: place)
    scheduled += 1
  }

  mutating func popNext() -> EventQueue.Event? { events.popLast() }
}

/// How far ahead events are scheduled in a run of the property test.
enum Spread: CaseIterable {
  case crowded, near, mixed, anywhere

  func instant(after now: UInt64, _ random: inout SeededGenerator) -> UInt64 {
    switch self {
    case .crowded: now + random.next(below: 3 as UInt64)
    case .near: now + random.next(below: 5_000 as UInt64)
    case .mixed: now + random.next() >> (20 + random.next(below: 44 as UInt64))
    case .anywhere: random.next(below: 8 as UInt64) == 0 ? .max : random.next()
    }
  }
}

@Suite struct EventQueueTests {
  /// With a threshold of 1 every event goes through the wheel, with 10 they move to and fro, with 1000 the heap has all.
  @Test(arguments: Spread.allCases, [1, 10, 1_000])
  func `events come out as a sorted list would give them`(spread: Spread, threshold: Int) {
    var random = SeededGenerator(seed: UInt64(threshold))
    var (queue, model) = (EventQueue(wheelThreshold: threshold), SortedEvents())
    var now: UInt64 = 0
    var payload: UInt32 = 0
    func add() {
      let (instant, kind) = (spread.instant(after: now, &random), UInt8(random.next(below: 4)))
      queue.schedule(at: Instant(picoseconds: instant), class: kind, payload: payload)
      model.schedule(instant, kind, payload)
      payload += 1
    }
    for _ in 0..<200 { add() }
    for round in 0..<1_500 {
      let expected = model.popNext()
      #expect(queue.next?.payload == expected?.payload)
      if round % 3 == 0, queue.isEmpty == false {
        let instant = spread.instant(after: now, &random)
        queue.replaceNext(at: Instant(picoseconds: instant), class: 2, payload: payload)
        model.schedule(instant, 2, payload)
        payload += 1
      } else {
        let event = queue.popNext()
        #expect(event?.payload == expected?.payload && event?.instant == expected?.instant)
        #expect(event?.class == expected?.class)
      }
      now = expected?.instant.picoseconds ?? now
      for _ in 0..<random.next(below: round / 300 % 2 == 0 ? 4 : 2) { add() }
      #expect(queue.count == model.events.count)
    }
    while let expected = model.popNext() { #expect(queue.popNext()?.payload == expected.payload) }
    #expect(queue.isEmpty && queue.next == nil && queue.nextInstant == .never && queue.popNext() == nil)
  }

  @Test func `a burst before events already handed to the heap keeps the order`() {
    var (queue, model) = (EventQueue(wheelThreshold: 100), SortedEvents())
    var random = SeededGenerator(seed: 5)
    func add(_ instant: UInt64) {
      let payload = UInt32(model.scheduled)
      queue.schedule(at: Instant(picoseconds: instant), class: 0, payload: payload)
      model.schedule(instant, 0, payload)
    }
    for _ in 0..<110 { add(1_000_000 + random.next(below: 1 << 50)) }
    for _ in 0..<100 { #expect(queue.popNext()?.payload == model.popNext()?.payload) }
    for _ in 0..<700 { add(random.next(below: 1 << 40)) }
    while let expected = model.popNext() { #expect(queue.popNext()?.payload == expected.payload) }
    #expect(queue.isEmpty)
  }

  @Test func `a copy goes its own way`() {
    for size in [3, 300] {
      var queue = EventQueue(wheelThreshold: 50)
      for index in 0..<size { queue.schedule(at: Instant(picoseconds: UInt64(index * 77)), class: 1, payload: 1) }
      var copy = queue
      queue.schedule(at: .zero, class: 0, payload: 9)
      #expect(copy.count == size)
      #expect(copy.popNext()?.payload == 1)
      #expect(queue.popNext()?.payload == 9)
      #expect(queue.next?.instant == .zero)
      #expect(copy.next?.instant == Instant(picoseconds: 77))
    }
  }

  @Test(arguments: [10, 400])
  func `removing events keeps the order of the others`(size: Int) {
    var queue = EventQueue(wheelThreshold: 50)
    var random = SeededGenerator(seed: 3)
    for index in 0..<size {
      queue.schedule(at: Instant(picoseconds: random.next(below: 100_000)), class: 0, payload: UInt32(index))
    }
    var whole = queue
    queue.removeAll { $0.payload % 3 == 0 }
    while let event = whole.popNext() {
      if event.payload % 3 != 0 { #expect(queue.popNext()?.payload == event.payload) }
    }
    #expect(queue.isEmpty)
  }

  @Test(arguments: [10, 400])
  func `equal pending events have equal digests whatever happened before`(size: Int) {
    func digest(_ queue: EventQueue) -> UInt64 {
      var digest = StateDigest()
      queue.digest(into: &digest)
      return digest.value
    }
    var (one, other) = (EventQueue(), EventQueue(wheelThreshold: 50))
    for index in 0..<2_000 { other.schedule(at: Instant(picoseconds: UInt64(index)), class: 3, payload: 4) }
    while other.popNext() != nil {}
    for index in 0..<size {
      for _ in 0..<2 {
        let instant = Instant(picoseconds: 5_000 + UInt64(index * index))
        one.schedule(at: instant, class: 0, payload: UInt32(index))
        other.schedule(at: instant, class: 0, payload: UInt32(index))
      }
    }
    #expect(digest(one) == digest(other))
    other.replaceNext(at: Instant(picoseconds: 5_000), class: 0, payload: 1)
    #expect(digest(one) != digest(other))
  }

  @Test(arguments: [20, 200])
  func `the order survives the renumbering of events`(size: Int) {
    var queue = EventQueue(wheelThreshold: 50)
    queue.sequence = EventKey.sequenceLimit - UInt64(size / 2)
    for index in 0..<size { queue.schedule(at: Instant(picoseconds: 6), class: 1, payload: UInt32(index)) }
    #expect(queue.sequence < size * 2)
    for index in 0..<size { #expect(queue.popNext()?.payload == UInt32(index)) }
  }

  @Test func `a long queue of distant events uses the wheel`() {
    var queue = EventQueue()
    for index in 0..<25_000 { queue.schedule(at: Instant(picoseconds: UInt64(index) << 30), class: 0, payload: 0) }
    #expect(queue.countInWheel > 24_000)
    for index in 0..<25_000 { #expect(queue.popNext()?.instant.picoseconds == UInt64(index) << 30) }
  }
}
