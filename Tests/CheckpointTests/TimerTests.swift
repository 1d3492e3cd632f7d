import Testing

@testable import CheckpointRestore

/// What the checkpointer believes of a timer it cannot look into: armed at 100 us for 10 ms, so it is due at 10,100 us
/// and signals at the tick at 11,000 us.
@Suite struct TimerTests {
  private func timer(isPeriodic: Bool) -> OnlineTimer {
    var timer = OnlineTimer()
    (timer.armedAt, timer.timeout, timer.isArmed, timer.isPeriodic) = (100, 10_000, true, isPeriodic)
    return timer
  }

  @Test(arguments: [(100, 10_000), (9_000, 1_100), (10_099, 1), (10_100, 1), (10_999, 1), (11_000, nil), (90_000, nil)])
  func `a single shot has signalled when the tick after its time has come`(_ now: UInt64, _ left: UInt64?) {
    #expect(timer(isPeriodic: false).remaining(at: now) == left)
  }

  @Test(arguments: [
    (9_000, 1_100), (10_100, 1), (10_999, 1), (11_000, 9_100), (20_099, 1), (20_100, 1), (21_500, 8_600),
  ])
  func `a periodic timer owes the signal of a period until the tick after it`(_ now: UInt64, _ left: UInt64) {
    #expect(timer(isPeriodic: true).remaining(at: now) == left)
  }

  @Test func `a timer that is not armed never signals`() { #expect(OnlineTimer().remaining(at: 5_000) == nil) }
}
