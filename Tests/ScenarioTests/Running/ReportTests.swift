import Determinism
import Reports
import Testing

@testable import Scenarios

@Suite struct ReportTests {
  @Test func `the text report looks like this`() {
    var record = SampleRecord.replyAndWait
    record.check([
      Scenarios.Expectation(position: Position(line: 9, column: 5), claim: .outcome(.stopped)),
      Scenarios.Expectation(position: Position(line: 10, column: 5), claim: .outcome(.stuck)),
    ])
    let found = TextReport.text(of: record)
    #expect(found == ReportGoldens.replyAndWait, "\(found)")
  }

  @Test(arguments: [60, 80, 100, 160]) func `no line is wider than the terminal`(_ width: Int) {
    let text = TextReport.text(of: SampleRecord.replyAndWait, style: TextStyle(width: width))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= width }, "\(text)")
  }

  @Test func `colours appear only when asked for, and change no text`() {
    let plain = TextReport.text(of: SampleRecord.replyAndWait)
    let coloured = TextReport.text(of: SampleRecord.replyAndWait, style: TextStyle(colours: true))
    #expect(!plain.contains("\u{1b}"))
    #expect(coloured.contains("\u{1b}"))
    #expect(coloured.replacing(/\u{1b}\[[0-9]+m/, with: "") == plain)
  }

  @Test func `a stuck run lists its threads and what each waits for`() {
    var record = SampleRecord.replyAndWait
    record.ending = .stuck
    let text = TextReport.text(of: record)
    #expect(text.contains("ending        stuck: no thread can run and no timeout is pending\n"))
    #expect(text.contains("client/ep  sends to server/ep, which does not receive\n"))
  }

  @Test func `a livelock names thread, error and number`() {
    var record = SampleRecord.replyAndWait
    record.ending = .livelock(thread: ThreadName("server", "ep"), error: 4, repetitions: 10_000)
    let text = TextReport.text(of: record, style: TextStyle(width: 160))
    #expect(text.contains("server/ep repeated a system call that fails with error 4 (no partner) 10,000 times"))
  }

  @Test func `only what was observed is explained`() {
    var record = SampleRecord.replyAndWait
    #expect(TextReport.text(of: record).contains("ckpt/a-W"))
    record.restores[0].threads[0].sight = .waits
    #expect(!TextReport.text(of: record).contains("ckpt/"))
    record.restores[0].policy = .reissueReceiveHalf
    #expect(!TextReport.text(of: record).contains("ckpt/"), "what went right does not explain a bad verdict")
    record.restores[0].judgement = Judgement(.equivalent, reasons: [])
    #expect(TextReport.text(of: record).contains("ckpt/a-M"))
  }

  @Test func `every explanation cites a case and a topic that exist`() {
    for explanation in Explanation.all {
      #expect(Conformance.cases.contains(explanation.evidence), "\(explanation.evidence)")
      #expect(Topic.named(explanation.topic) != nil, "\(explanation.topic)")
    }
    for topic in Topic.all {
      for evidence in topic.evidence { #expect(Conformance.cases.contains(evidence), "\(evidence)") }
      #expect(TopicReport.text(of: topic).contains(topic.title))
    }
    #expect(Set(Topic.all.map(\.name)).count == Topic.all.count)
  }

  @Test(arguments: [
    (0, "0 s"), (1, "1 ps"), (999, "999 ps"), (1_000, "1 ns"), (1_234, "1.23 ns"), (12_345, "12.3 ns"),
    (123_456, "123 ns"), (999_499, "999 ns"), (999_500, "1 us"), (9_995_000, "10 us"), (412_000_000, "412 us"),
    (1_900_000_000, "1.9 ms"), (1_050_000_000_000, "1.05 s"), (3_600_000_000_000_000, "3600 s"), (-1_500, "-1.5 ns"),
  ])
  func `a span is shown with three digits`(_ picoseconds: Int64, _ text: String) {
    #expect(TimeSpan.picoseconds(picoseconds).short == text)
  }

  @Test func `the cost table shows every figure with status and source`() {
    let costs = CostTable(.zynq7020)
    let text = CostReport.text(of: costs, style: TextStyle(width: 160))
    for row in costs.rows { #expect(text.contains("\(row.work) ") && text.contains(row.source)) }
    #expect(costs.statuses.reduce(0) { $0 + $1.count } == costs.rows.count)
    #expect(text.contains("published"))
  }
}
