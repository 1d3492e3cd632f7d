import Determinism
import Testing

@testable import Scenarios

/// Verdicts over hand-made logs: a component that writes a line every 10 ms is checkpointed at 45 ms, killed at 65 ms and
/// restored at 85 ms; the run ends at 200 ms.
@Suite struct JudgeTests {
  private static let end: Int64 = 200

  private static func record(_ lines: [(Int64, String)], restored: Bool) -> RunRecord {
    var record = RunRecord(
      scenario: ScenarioHeading(file: "f", title: "t"),
      machine: MachineHeading(platform: CostTable(.riscvVirt), kernel: .modern), ending: .stopped,
      end: SampleRecord.ms(end))
    record.log = lines.map { LoggedLine(at: SampleRecord.ms($0.0), component: "counter", text: $0.1) }
    record.components = [ComponentRecord(name: "counter", lives: [.init(from: .zero)])]
    guard restored else { return record }
    record.checkpoints = [CheckpointRecord(name: "c1", component: "counter", at: SampleRecord.ms(45))]
    var restore = RestoreRecord(
      checkpoint: "c1", component: "counter", at: SampleRecord.ms(85), child: .withoutELF, policy: .reissue)
    restore.duration = .zero
    record.restores = [restore]
    record.components[0].lives.append(.init(from: SampleRecord.ms(85), restoredFrom: "c1"))
    return record
  }

  private static let reference = record((1...19).map { ($0 * 10, "\($0)") }, restored: false)
  /// Four lines that count, two that the restore takes back.
  private static let before: [(Int64, String)] = (1...6).map { ($0 * 10, "\($0)") }

  private func judge(_ after: [(Int64, String)], _ change: (inout RunRecord) -> Void = { _ in }) -> Judgement? {
    var record = Self.record(Self.before + after, restored: true)
    change(&record)
    Judge(reference: Self.reference).judge(&record)
    return record.restores[0].judgement
  }

  private static func continued(from first: Int64, to last: Int64) -> [(Int64, String)] {
    (first...last).map { ($0 * 10 + 40, "\($0)") }
  }

  @Test func `a component that goes on where it stopped is equivalent`() {
    #expect(judge(Self.continued(from: 5, to: 15))?.verdict == .equivalent)
  }

  @Test func `an error that changes no output is harmless`() {
    let fate = ThreadFate(
      name: ThreadName("counter", "ep"), situation: .openWait, sight: .error(code: 7), at: SampleRecord.ms(86),
      hasWaited: true)
    #expect(judge(Self.continued(from: 5, to: 15)) { $0.restores[0].threads = [fate] }?.verdict == .harmless)
  }

  @Test func `a component that writes nothing any more is stuck`() {
    #expect(judge([])?.verdict == .stuck)
    #expect(judge(Self.continued(from: 5, to: 8))?.verdict == .stuck)
  }

  @Test func `a component that is slow is late`() {
    let slow = (5...12).map { (Int64($0) * 14 + 20, "\($0)") }
    #expect(judge(slow)?.verdict == .late)
  }

  @Test func `a line that comes again is duplicated`() {
    #expect(judge([(90, "4")] + Self.continued(from: 5, to: 14))?.verdict == .duplicated)
    #expect(judge((1...11).map { ($0 * 10 + 80, "\($0)") })?.verdict == .duplicated)
  }

  @Test func `a line that is left out is lost`() {
    #expect(judge(Self.continued(from: 6, to: 15))?.verdict == .lost)
  }

  @Test func `a line that never would have come is divergent`() {
    #expect(judge([(90, "?")])?.verdict == .divergent)
  }

  @Test func `a fault that nobody resolved is a crash`() {
    var thread = ThreadRecord(name: ThreadName("counter", "ep"), standing: .stranded)
    thread.strandedFaults = [FaultPlace(at: SampleRecord.ms(90), ip: 1, value: 0)]
    #expect(judge(Self.continued(from: 5, to: 15)) { $0.threads = [thread] }?.verdict == .crashed)
  }

  @Test func `a copy under another name is compared with its original`() {
    func verdict(_ copy: [(Int64, String)], until last: Int64 = 19, _ marks: [TimelineMark] = []) -> Verdict? {
      var record = Self.record((1...last).map { ($0 * 10, "\($0)") }, restored: true)
      record.components = ["counter", "copy"].map { ComponentRecord(name: $0, lives: [.init(from: .zero)]) }
      record.components[1].lives = [.init(from: SampleRecord.ms(85), restoredFrom: "c1")]
      record.restores[0].component = "copy"
      record.marks = marks
      record.log += copy.map { LoggedLine(at: SampleRecord.ms($0.0), component: "copy", text: $0.1) }
      record.log.sort { $0.at < $1.at }
      Judge(reference: Self.reference).judge(&record)
      return record.restores[0].judgement?.verdict
    }
    let right = Self.continued(from: 5, to: 15)
    #expect(verdict(right) == .equivalent)
    #expect(verdict((1...11).map { ($0 * 10 + 80, "\($0)") }) == .duplicated)
    #expect(verdict([]) == .stuck)
    // The original is silent: that counts, unless the timeline has stopped it.
    #expect(verdict(right, until: 6) == .stuck)
    let pause = TimelineMark(at: SampleRecord.ms(65), kind: .pause, name: "counter")
    #expect(verdict(right, until: 6, [pause]) == .equivalent)
    #expect(
      verdict(right, until: 6, [pause, TimelineMark(at: SampleRecord.ms(70), kind: .resume, name: "counter")]) == .stuck
    )
  }

  @Test func `entering construct again is told even if the output is right`() {
    func judgement(first: Int64) -> Judgement? {
      judge(Self.continued(from: 5, to: 15)) {
        $0.components[0].lives[0].constructEntries = [SampleRecord.ms(first)]
        $0.components[0].lives[1].constructEntries = [SampleRecord.ms(86)]
      }
    }
    #expect(judgement(first: 5)?.verdict == .divergent)
    #expect(judgement(first: 5)?.reasons == ["Component::construct was entered again at 86 ms"])
    // At the checkpoint it had not been entered.
    #expect(judgement(first: 46)?.verdict == .equivalent)
  }
}
