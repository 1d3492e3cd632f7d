import Testing

@testable import Determinism

@Suite struct InstantTests {
  @Test(
    arguments: [
      (0, "0 s"), (1, "1 ps"), (999, "999 ps"), (1_000, "1 ns"), (412_000_000, "412 us"), (1_900_000_000, "1.9 ms"),
      (3_500_000_000_000, "3.5 s"), (1_001_000, "1.001 us"), (1_010_000, "1.01 us"), (1_000_999, "1 us"),
      (999_999_999, "999.999 us"), (-2_050_000, "-2.05 us"), (3_600_000_000_000_000, "3600 s"),
      (.min, "-9223372.036 s"),
    ] as [(Int64, String)])
  func `a span is written in the largest unit with a whole part`(picoseconds: Int64, text: String) {
    #expect(TimeSpan(picoseconds: picoseconds).description == text)
  }

  @Test func `instants and spans add up`() {
    let start = Instant.zero + .microseconds(5)
    #expect(start + .milliseconds(1) - start == .milliseconds(1))
    #expect(start - (start + .seconds(2)) == .seconds(-2))
    #expect(start + .nanoseconds(-5_000) == .zero)
    #expect(start - .picoseconds(5_000_000) == .zero)
    #expect((start + .nanoseconds(999)).microseconds == 5)
    #expect(TimeSpan.milliseconds(10) / TimeSpan.microseconds(3) == 3_333)
    #expect(TimeSpan.milliseconds(10) % .microseconds(3) == .microseconds(1))
    #expect(-TimeSpan.seconds(1) * 3 == .seconds(-3))
  }

  @Test func `nothing comes after never`() {
    #expect(Instant.never + .seconds(1) == .never)
    #expect(Instant(picoseconds: .max - 5) + .picoseconds(6) == .never)
    #expect(Instant.never - .seconds(1) == .never)
    #expect(Instant.never.description == "never")
    #expect(Instant(picoseconds: .max - 1) < .never)
  }
}
