import Testing

@testable import Scenarios

/// Every way a run can end, played on a bare machine.
@Suite struct EndingTests {
  private func play(_ body: String, capabilities: String = "{}", rest: String = "") throws -> RunRecord {
    let text = """
      { "title": "t", "machine": { "platform": "riscv-virt", "kernel": "modern" }, "runtime": "bare",
        "tasks": [ { "name": "task", "variables": { "x": 0 }, "capabilities": \(capabilities),
          "threads": [ { "name": "main", "body": [ \(body) ] } ] } ] \(rest) }
      """
    let scenario = try parseScenario(bytes: Array(text.utf8), file: "test.json").get()
    return try ScenarioRun(scenario).play().record
  }

  @Test func `a program that comes to its end is finished`() throws {
    let record = try play(#"{ "set": "x", "to": "3" }, { "log": "x {x}" }"#)
    #expect(record.ending == .finished)
    #expect(record.log.map(\.component) == ["task"] && record.log.map(\.text) == ["x 3"])
    #expect(record.variables == [FinalVariable(component: "task", name: "x", value: 3)])
    #expect(record.threads.map(\.standing) == [.exited])
  }

  @Test func `a program that waits for nobody is stuck, and the thread says in what`() throws {
    let record = try play(#"{ "wait": true }"#)
    #expect(record.ending == .stuck)
    #expect(record.threads.map(\.standing) == [.waitsForAnybody(afterReply: false)])
  }

  @Test func `a program that repeats a failing call is a livelock`() throws {
    let record = try play(
      #"{ "forever": [ { "send": "nothing", "timeout": "0s", "error": "x" } ] }"#,
      capabilities: #"{ "nothing": { "empty": true } }"#)
    guard case .livelock(let thread, let error, let repetitions) = record.ending else {
      Issue.record("it ended as \(record.ending)")
      return
    }
    #expect(thread == ThreadName("task", "main") && error == 4 && repetitions >= Repetition.limit)
    #expect(record.exitCode == .stuck)
  }

  @Test func `a program that only computes is spinning`() throws {
    let record = try play(
      #"{ "forever": [ { "set": "x", "to": "x + 1" } ] }"#,
      rest: #", "limits": { "instructionsWithoutProgress": 200000 }"#)
    guard case .spinning(let thread, let instructions) = record.ending else {
      Issue.record("it ended as \(record.ending)")
      return
    }
    #expect(thread == ThreadName("task", "main") && instructions > 200_000)
  }

  @Test(arguments: ["instructions", "events"]) func `a limit ends a run`(_ name: String) throws {
    let record = try play(
      #"{ "forever": [ { "log": "x" }, { "sleep": "10ms" } ] }"#, rest: ", \"limits\": { \"\(name)\": 3000 }")
    #expect(record.ending == .limit(name: name, value: 3000))
    #expect(record.exitCode == .limitHit && !record.log.isEmpty)
  }

  @Test func `a run with a stop lasts until then, also in silence`() throws {
    let record = try play(#"{ "wait": true }"#, rest: #", "timeline": [ { "at": "70ms", "stop": true } ]"#)
    #expect(record.ending == .stopped && record.end == SampleRecord.ms(70))
  }
}
