import Determinism

@testable import Scenarios

/// A record written by hand: reports and expectations are tested without a machine.
enum SampleRecord {
  static func ms(_ value: Int64) -> Instant { .zero + .milliseconds(value) }
  static func us(_ value: Int64) -> Instant { .zero + .microseconds(value) }

  /// A server in reply_and_wait is restored under `reissue` and never waits again; a control loop misses two deadlines.
  static var replyAndWait: RunRecord {
    let costs = CostTable(.riscvVirt)
    var record = RunRecord(
      scenario: ScenarioHeading(
        file: "Scenarios/ipc/sample.json", title: "A server blocked in reply_and_wait is checkpointed and restored",
        about: "One server, one client."),
      machine: MachineHeading(platform: costs, kernel: .modern), ending: .stopped, end: ms(200),
      instructions: 1_234_567)
    record.marks = [
      TimelineMark(at: ms(50), kind: .checkpoint, name: "c1"), TimelineMark(at: ms(120), kind: .kill, name: "server"),
      TimelineMark(at: ms(140), kind: .restore, name: "c1"), TimelineMark(at: ms(200), kind: .stop),
    ]
    for number in 1...6 {
      record.log.append(
        LoggedLine(at: ms(Int64(number) * 20 - 10), component: "client", text: "answer \(number)"))
    }
    record.components = [server, ComponentRecord(name: "client", lives: [.init(from: ms(1))])]
    record.jobs = [control]
    record.checkpoints = [checkpoint]
    record.restores = [restore]
    record.threads = [
      ThreadRecord(name: ThreadName("server", "ep"), standing: .running),
      ThreadRecord(name: ThreadName("client", "ep"), standing: .sendsTo(partner: "server/ep")),
    ]
    record.threads[0].errors = [.init(code: 4, count: 5000, first: us(142_300))]
    record.counts = [EventCount("ipc", 5400), EventCount("pageFault", 0)]
    record.variables = [FinalVariable(component: "client", name: "answers", value: 6)]
    return record
  }

  private static var server: ComponentRecord {
    var first = ComponentRecord.Life(from: ms(1))
    first.until = ms(120)
    first.constructEntries = [ms(2)]
    return ComponentRecord(name: "server", lives: [first, .init(from: ms(141), restoredFrom: "c1")])
  }

  private static var control: JobStreamRecord {
    var jobs = (0..<20).map { number in
      JobRecord(
        release: ms(Int64(number) * 10), completion: us(Int64(number) * 10_000 + 1_200 + Int64(number % 4) * 100))
    }
    jobs[5].completion = us(59_250)
    jobs[19].completion = nil
    return JobStreamRecord(
      component: "control", name: "loop", period: .milliseconds(10), deadline: .milliseconds(8), jobs: jobs)
  }

  private static var checkpoint: CheckpointRecord {
    var checkpoint = CheckpointRecord(name: "c1", component: "server", at: ms(50))
    checkpoint.phases = [
      .init(.freeze, from: ms(50), duration: .microseconds(61)),
      .init(.frozen, from: ms(50), duration: .microseconds(7412)),
      .init(.write, from: us(57_412), duration: .microseconds(1900)),
    ]
    checkpoint.counts.threads = 3
    checkpoint.counts.objects = 14
    checkpoint.counts.capabilities = 31
    checkpoint.counts.regions = 1
    checkpoint.counts.bytes = 132 << 10
    checkpoint.threads = [
      .init(name: ThreadName("server", "ep"), situation: .replyAndWait),
      .init(name: ThreadName("server", "server"), situation: .runnable),
    ]
    return checkpoint
  }

  private static var restore: RestoreRecord {
    var restore = RestoreRecord(
      checkpoint: "c1", component: "server", at: ms(140), child: .withoutELF, policy: .reissue)
    restore.duration = .microseconds(2100)
    restore.threads = [
      ThreadFate(
        name: ThreadName("server", "ep"), situation: .replyAndWait, sight: .error(code: 4), at: us(142_300),
        repetitions: 5000),
      ThreadFate(name: ThreadName("server", "server"), situation: .runnable, sight: .runs, at: us(142_200)),
    ]
    restore.judgement = Judgement(.stuck, reasons: ["client wrote nothing after 110 ms; 4 lines are missing"])
    return restore
  }
}
