import Determinism
import Testing

@testable import Scenarios

/// Releases that nobody sees, because the thread of the job does not run.
@Suite struct JobTests {
  /// A job of 10 ms in a thread of low priority, and a thread that takes the processor for ever.
  private func play(hog: String, times: String = "", tail: String = "", stop: String = "100ms") throws -> RunRecord {
    let text = """
      { "title": "t", "machine": { "platform": "riscv-virt", "kernel": "modern" }, "runtime": "bare",
        "tasks": [ { "name": "task", "threads": [
          { "name": "slow", "priority": 5, "body": [
            { "every": "10ms", "deadline": "8ms", "name": "job", "offset": "5ms" \(times), "do": [ { "compute": "1ms" } ] }
            \(tail) ] },
          { "name": "hog", "priority": 9, "body": [ \(hog) ] } ] } ],
        "timeline": [ { "at": "\(stop)", "stop": true } ] }
      """
    let scenario = try parseScenario(bytes: Array(text.utf8), file: "test.json").get()
    return try ScenarioRun(scenario).play().record
  }

  private func misses(_ record: RunRecord) throws -> [JobVerdict] {
    try #require(record.jobs.first).misses(end: record.end).map(\.verdict)
  }

  /// Releases at 5, 15, ... 95 ms; the last deadline, 103 ms, is behind the end.
  @Test func `a job that starves to the end misses every deadline that passes`() throws {
    let record = try play(hog: #"{ "sleep": "31ms" }, { "compute": "1s" }"#)
    let stream = try #require(record.jobs.first)
    #expect(stream.jobs.count == 10)
    #expect(stream.jobs.filter { $0.completion != nil }.count == 3)
    #expect(try misses(record) == Array(repeating: .unfinished, count: 6))
    #expect(stream.verdict(of: stream.jobs[9], end: record.end) == .open)
  }

  @Test func `a job whose first release comes while another thread runs is released all the same`() throws {
    let record = try play(hog: #"{ "sleep": "2ms" }, { "compute": "1s" }"#, stop: "40ms")
    #expect(record.jobs.first?.jobs.count == 4)
    #expect(try misses(record) == Array(repeating: .unfinished, count: 3))
  }

  @Test func `no job is released after the last one, nor by a thread that has ended`() throws {
    for tail in ["", #", { "sleep": "1s" }"#, #", { "exit": true }"#] {
      let record = try play(hog: #"{ "sleep": "1s" }"#, times: #", "times": 4"#, tail: tail)
      #expect(record.jobs.first?.jobs.count == 4)
      #expect(try misses(record).isEmpty)
    }
  }
}
