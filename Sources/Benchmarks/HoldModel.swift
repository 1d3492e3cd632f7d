import Determinism
import Glibc

/// The hold model: a queue of constant length in which the next event is taken and a new one put in, again and again.
/// It is what event queues are compared by. `Peers/hold.cpp` and `Peers/hold_simpy.py` do the same work and must end
/// with the same checksum.
enum HoldModel {
  /// Nanoseconds of CPU time of each of `holds` holds in a queue of `pending` events, without the filling of the queue.
  ///
  /// The mean distance of two events is about 1000 ticks for every `pending`.
  static func nanosecondsEach(pending: Int, holds: Int) -> Double {
    var source = DelaySource(pending: UInt64(pending))
    var queue = EventQueue()
    for index in 0..<pending {
      queue.schedule(at: Instant(picoseconds: source.next()), class: 0, payload: UInt32(index))
    }
    var checksum: UInt64 = 0
    let start = processNanoseconds()
    for _ in 0..<holds {
      guard let event = queue.next else { break }
      checksum = (checksum &<< 5 | checksum &>> 59) ^ (event.instant.picoseconds &+ UInt64(event.payload))
      let instant = Instant(picoseconds: event.instant.picoseconds &+ source.next())
      queue.replaceNext(at: instant, class: 0, payload: event.payload)
    }
    let time = processNanoseconds() - start
    precondition(checksum != 0, "the checksum keeps the work from being optimised away")
    return Double(time) / Double(holds)
  }

  /// Delays with exponential distribution from a table of integers, the same in every language.
  private struct DelaySource {
    let pending: UInt64
    let table: [UInt64]
    var state: UInt64 = 12345

    init(pending: UInt64) {
      self.pending = pending
      table = (0..<1024).map { UInt64(-1000 * log((Double($0) + 0.5) / 1024) + 0.5) }
    }

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return 1 &+ table[Int(truncatingIfNeeded: state &>> 54)] &* pending &+ (state &>> 20) % pending
    }
  }
}
