import Determinism
import Testing

@testable import Scenarios

@Suite struct StatisticsTests {
  private func spans(_ values: [Int64]) -> [TimeSpan] { values.map(TimeSpan.picoseconds) }

  @Test func `no samples give no figures`() { #expect(SpanStatistics([]) == nil) }

  @Test func `a percentile is the smallest sample that enough samples do not exceed`() throws {
    for count in 1...250 {
      // In an order that is not sorted.
      let samples = (0..<count).map { Int64($0 * 7919 % 10_007) }
      let statistics = try #require(SpanStatistics(spans(samples)))
      for (percent, found) in [(50, statistics.median), (95, statistics.p95), (99, statistics.p99)] {
        let atMost = samples.filter { $0 <= found.picoseconds }.count
        let below = samples.filter { $0 < found.picoseconds }.count
        #expect(samples.contains(found.picoseconds), "p\(percent) of \(count)")
        #expect(atMost * 100 >= percent * count && below * 100 < percent * count, "p\(percent) of \(count)")
      }
      #expect(statistics.minimum.picoseconds == samples.min())
      #expect(statistics.maximum.picoseconds == samples.max())
      #expect(statistics.count == count)
    }
  }

  @Test func `an average of spans whose sum does not fit is right`() throws {
    let statistics = try #require(SpanStatistics(spans([.max, .max - 2, .max - 4])))
    #expect(statistics.average.picoseconds == .max - 2)
  }

  private static let averages: [([Int64], Int64)] = [
    ([1, 2], 1), ([1, 2, 4], 2), ([10], 10), ([0, 0, 0, 3], 0), ([5, 6, 7, 8], 6),
  ]

  @Test(arguments: averages)
  func `an average is rounded down`(_ samples: [Int64], _ average: Int64) throws {
    #expect(try #require(SpanStatistics(spans(samples))).average.picoseconds == average)
  }

  @Test func `a job is judged by its completion, or by the end of the run`() {
    let stream = JobStreamRecord(component: "c", name: "j", period: .milliseconds(10), deadline: .milliseconds(8))
    let release = SampleRecord.ms(20)
    func verdict(completion: Instant?, end: Int64) -> JobVerdict {
      stream.verdict(of: JobRecord(release: release, completion: completion), end: SampleRecord.ms(end))
    }
    #expect(verdict(completion: SampleRecord.ms(28), end: 100) == .met)
    #expect(verdict(completion: SampleRecord.us(28_001), end: 100) == .late(by: .microseconds(1)))
    #expect(verdict(completion: nil, end: 28) == .open)
    #expect(verdict(completion: nil, end: 29) == .unfinished)
  }
}
