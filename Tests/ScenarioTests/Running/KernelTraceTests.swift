import Foundation
import Testing

@testable import Reports
@testable import Scenarios

/// The forms in which a kernel trace leaves the program.
@Suite struct KernelTraceTests {
  private static let scenario = """
    { "title": "t", "machine": { "platform": "riscv-virt", "kernel": "modern" }, "runtime": "bare",
      "tasks": [
        { "name": "server", "variables": { "x": 0 }, "threads": [ { "name": "main", "priority": 20, "body": [
            { "wait": true, "into": ["x"] }, { "reply and wait": true, "words": ["x + 1"], "into": ["x"] } ] } ] },
        { "name": "client", "variables": { "x": 0, "e": 0 },
          "capabilities": { "door": { "gate": "server/main", "label": 64 } },
          "threads": [ { "name": "main", "priority": 10, "body": [
            { "call": "door", "words": ["41"], "into": ["x"] },
            { "call": "door", "words": ["1"], "timeout": "1ms", "error": "e" },
            { "fault": "0x50000000" } ] } ] } ],
      "timeline": [ { "at": "5ms", "stop": true } ] }
    """

  /// The same with the server on a core of its own.
  private static let parallel = scenario.replacing("\"modern\"", with: "\"modern\", \"cores\": 2")
    .replacing("\"priority\": 20", with: "\"priority\": 20, \"core\": 1")

  private func trace(
    _ format: KernelTrace.Format, of text: String = scenario
  ) throws -> (text: String, record: RunRecord) {
    let scenario = try parseScenario(bytes: Array(text.utf8), file: "test.json").get()
    var trace: KernelTrace?
    var text = ""
    let watcher = KernelWatcher(
      kernel: { trace = KernelTrace(of: $0, as: format) }, records: { text += trace?.lines(of: $0) ?? "" })
    let record = try ScenarioRun(scenario).play(watchedBy: watcher).record
    return ((trace?.head ?? "") + text, record)
  }

  @Test func `the text form is a table of columns with the debugger's words`() throws {
    let lines = try trace(.text).text.split(separator: "\n").map(String.init)
    #expect(lines[0] == "  number       time (us)  cpu  thread  tag    payload")
    let column = lines[0].count - "payload".count
    for line in lines.dropFirst() {
      // Columns of numbers end, columns of words begin, where their headings do.
      let characters = Array(line)
      #expect(characters[column - 1] == " " && characters[column - 2] == " " && characters[column] != " ", "\(line)")
      #expect(characters[7].isNumber && characters[8] == " " && characters[23].isNumber && characters[24] == " ")
    }
    // From the client's first call on; numbers and times belong to the costs, not to the order.
    let start = try #require(lines.firstIndex { $0.contains("call->[C:20]") })
    let found = lines[start...].map { $0.dropFirst(29).split(separator: " ").joined(separator: " ") }
    let numbered = found.map { $0.replacing(#/ of \d+:/#, with: ":").replacing(#/left=\d+/#, with: "left=n") }
    #expect(Array(numbered.prefix(Self.golden.count)) == Self.golden)
  }

  /// Thread, tag, payload.
  private static let golden = [
    "c ipc call->[C:20] DID=d L=0x0 TO=INF/INF (p=0 w=1 i=0) (29,0)",
    "c gate gate=d thread=c label=0x43",
    "c xfer from=c to=b tag=0x1",
    "c csw c ==> b on time of c",
    "b res ok: (p=0 w=1 i=0) from 0x43 (29,0)",
    "b ipc repl+wait->[INV] DID=b L=0x0 TO=INF/INF (p=0 w=1 i=0) (2a,0)",
    "b xfer from=b to=c tag=0x1",
    "b csw b ==> c",
    "c res ok: (p=0 w=1 i=0) from 0x0 (2a,0)",
    "c ipc call->[C:20] DID=d L=0x0 TO=1000us/1000us (p=0 w=1 i=0) (1,0)",
    "c gate gate=d thread=c label=0x43",
    "c xfer from=c to=b tag=0x1",
    "c csw c ==> b on time of c",
    "b res ok: (p=0 w=1 i=0) from 0x43 (1,0)",
    "b ipc recv->[INV] DID=b L=0x0 TO=INF/INF (p=0 w=0 i=0) (1,0)",
    "b rcvw id=b partner=b",
    "b csw b ==> c",
    "c rcvw id=c partner=b",
    "c sch save owner=c prio=10 left=n quantum=10000",
    "c csw c ==> -",
    "- timer ip=0x0",
    "- tmo id=c",
    "- sch load owner=c prio=10 left=n quantum=10000",
    "- csw - ==> c",
    "c err id=c result=3",
    "c res error 3: (p=0 w=1 i=0 E)",
  ]

  @Test func `requests between cores and migrations have their records`() throws {
    let text = try trace(.text, of: Self.parallel).text
    for word in [" 1       ", "mig    id=", "drq    func=arrive", "drq    func=send", "src_cpu=0 dst_cpu=1"] {
      #expect(text.contains(word), "\(word)")
    }
  }

  @Test(arguments: [scenario, parallel])
  func `every line of the other form is a JSON object that agrees with the text`(_ scenario: String) throws {
    let text = try trace(.text, of: scenario).text.split(separator: "\n").dropFirst()
    let json = try trace(.jsonLines, of: scenario).text.split(separator: "\n").map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
    #expect(json[0]["format"] as? String == "stasis-kernel-trace" && json[0]["version"] as? Int == 1)
    #expect(json.count == text.count + 1)
    var times: [Int: Int] = [:]
    for (object, line) in zip(json.dropFirst(), text) {
      let words = line.split(separator: " ")
      #expect(object["number"] as? Int == Int(words[0]))
      #expect(object["tag"] as? String == String(words[4]))
      #expect(object["payload"] is [String: Any] && object["event"] is String)
      let core = try #require(object["core"] as? Int)
      let time = try #require(object["time"] as? Int)
      #expect(time >= times[core] ?? 0)
      times[core] = time
      let thread = try #require(object["thread"] as? Int)
      #expect(words[3] == (thread == 0 ? "-" : Substring(String(thread, radix: 16))))
      let pointer = try #require(object["pointer"] as? String)
      #expect(pointer == (thread == 0 ? "0x0" : "0x" + String(0xffff_ffc0_0000_0000 + UInt64(thread) << 12, radix: 16)))
    }
  }

  @Test func `a result names its request`() throws {
    let json = try trace(.jsonLines).text.split(separator: "\n").dropFirst().map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
    var results = 0
    for object in json where object["tag"] as? String == "res" {
      results += 1
      let payload = try #require(object["payload"] as? [String: Any])
      let pair = try #require(payload["pair_event"] as? Int)
      #expect(json[pair - 1]["tag"] as? String == "ipc")
      #expect(json[pair - 1]["thread"] as? Int == object["thread"] as? Int)
      let request = try #require(json[pair - 1]["payload"] as? [String: Any])
      #expect(request["dst"] as? String == payload["dst"] as? String)
    }
    #expect(results > 20)
  }

  @Test func `an object keeps its number, and no other object gets it`() throws {
    let json = try trace(.jsonLines).text.split(separator: "\n").dropFirst().map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
    let created = json.filter { $0["tag"] as? String == "new" }.compactMap {
      ($0["payload"] as? [String: Any])?["newo"] as? Int
    }
    #expect(created == Array(1...created.count) && created.count > 10)
  }

  @Test func `watching changes nothing, and two traces are the same`() throws {
    let first = try trace(.jsonLines)
    let second = try trace(.jsonLines)
    #expect(first.text == second.text)
    let scenario = try parseScenario(bytes: Array(Self.scenario.utf8), file: "test.json").get()
    let plain = try ScenarioRun(scenario).play().record
    #expect(plain == first.record && plain.traceDigest == first.record.traceDigest)
  }
}
