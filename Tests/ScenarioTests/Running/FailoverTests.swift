import CheckpointRestore
import Determinism
import Simulation
import Testing

@testable import Scenarios

/// Two nodes: images travel, one node fails, the other one goes on.
@Suite struct FailoverTests {
  static let latency = TimeSpan.microseconds(200)

  /// A component that prints its rounds, checkpointed every 100 ms; node 0 fails.
  private static func scenario(
    bandwidth: String = "100MB/s", nodes: String = "\"nodes\": 2,", bootDelay: String = "40ms", fail: String = "452ms",
    restore: String = "453ms", stop: String = "600ms", destination: String = "\"to\": 1,", body: String = "",
    expect: String = ""
  ) throws -> Scenario {
    try PlayedScenario.parse(
      """
      { "title": "t",
        "machine": { "platform": "riscv-virt", "kernel": "r67", \(nodes) "boot delay": "\(bootDelay)",
          "link": { "latency": "200us", "bandwidth": "\(bandwidth)" } },
        "components": [ { "name": "engine", "dataspaces": { "map": { "size": "64KiB" } }, "variables": { "rounds": 0 },
          "construct": [ { "write": "map", "bytes": "64KiB", "value": 1 }, \(body)
            { "every": "10ms", "name": "job", "clock": "timer", "times": 1000, "do": [
              { "compute": "1ms" }, { "set": "rounds", "to": "rounds + 1" }, { "log": "{rounds} rounds" } ] } ] } ],
        "checkpointer": { "strategy": "stop-and-copy", "store": "2000MB/s", \(destination)
          "restore": { "child": "without-elf", "blocked": "reissue receive half" } },
        "timeline": [ { "at": "101ms", "checkpoint": "engine", "as": "newest", "every": "100ms" },
          { "at": "\(fail)", "fail": 0 }, { "at": "\(restore)", "restore": "newest", "node": 1 },
          { "at": "\(stop)", "stop": true } ],
        "expect": [ \(expect) ] }
      """)
  }

  private static func play(_ scenario: Scenario) throws -> RunRecord {
    try ScenarioRun(scenario).playWithoutReference().record
  }

  // MARK: The link

  @Test(arguments: [("100MB/s", 100_000_000), ("3MB/s", 3_000_000), ("1MB/s", 1_000_000), ("7KB/s", 7_000)])
  func `an image arrives when the link was free, its bytes are through and the latency is over`(
    _ bandwidth: String, _ bytesPerSecond: Int64
  ) throws {
    let record = try Self.play(Self.scenario(bandwidth: bandwidth, fail: "599ms", restore: "599.5ms"))
    let sent = record.checkpoints.filter { $0.sent != nil }
    #expect(sent.count == 5)
    var free = Instant.zero
    for checkpoint in sent {
      let start = max(free, try #require(checkpoint.sent))
      // Less than a second: picoseconds fit; one more for the part that was begun.
      let scaled = Int64(checkpoint.counts.bytes).multipliedFullWidth(by: 1_000_000_000_000)
      let (whole, rest) = bytesPerSecond.dividingFullWidth(scaled)
      free = start + .picoseconds(whole + (rest > 0 ? 1 : 0))
      let arrival = free + Self.latency
      let isThere = arrival <= Instant.zero + .milliseconds(599) || free <= Instant.zero + .milliseconds(599)
      #expect(checkpoint.received == (isThere ? arrival : nil))
    }
  }

  @Test(arguments: ["250ms", "306ms", "401.5ms", "452ms", "499ms"])
  func `what was not sent whole at the failure is lost, and the newest of the others is restored`(
    _ failure: String
  ) throws {
    let instant = Instant.zero + .picoseconds(try #require(parsedDuration(failure)))
    let record = try Self.play(Self.scenario(bandwidth: "6MB/s", fail: failure, restore: "540ms"))
    let whole = record.checkpoints.filter { ($0.received ?? .never) <= instant + Self.latency }
    let restore = try #require(record.restores.first)
    #expect(restore.generation == whole.last?.generation)
    #expect(restore.failure == nil && restore.node == 1)
    // Node 0 is silent from its failure on.
    #expect(!record.log.contains { $0.at > instant && $0.at < restore.at })
    #expect(record.checkpoints.allSatisfy { $0.at <= instant })
    #expect(record.components[0].lives.map(\.node) == [0, 1])
    #expect(record.components[0].lives[0].until == instant)
  }

  @Test func `nothing is restored before anything has arrived`() throws {
    let record = try Self.play(Self.scenario(bandwidth: "7KB/s"))
    #expect(record.restores.isEmpty)
    #expect(record.complaints.contains { $0.text == "there is no checkpoint `newest`" })
  }

  @Test func `a node that is not on yet receives nothing`() throws {
    let record = try Self.play(Self.scenario(bootDelay: "350ms"))
    #expect(record.checkpoints.map { $0.received != nil } == [false, false, false, true])
    #expect(record.restores.first?.generation == 4)
  }

  // MARK: Recovery

  @Test(arguments: ["0ms", "133ms"])
  func `a loop with a Timer session goes on in its own time, whatever the other clock shows`(
    _ bootDelay: String
  ) throws {
    let record = try Self.play(Self.scenario(bootDelay: bootDelay, fail: "252ms", restore: "275ms", stop: "400ms"))
    let restore = try #require(record.restores.first)
    let end = Instant.zero + .milliseconds(252)
    let checkpoint = try #require(record.checkpoints.last { $0.received != nil })
    #expect(restore.recoveryPoint == end - checkpoint.frozenAt)
    let first = try #require(record.jobs[0].jobs.compactMap(\.completion).first { $0 > end })
    #expect(restore.recoveryTime == first - end)
    #expect(first - end < .milliseconds(50))
    // No round is left out, and those since the checkpoint are done again.
    let rounds = record.log.map { Int($0.text.prefix { $0 != " " }) ?? 0 }
    let fall = try #require(rounds.indices.dropFirst().first { rounds[$0] <= rounds[$0 - 1] })
    #expect(rounds[..<fall].elementsEqual(1...rounds[fall - 1]))
    #expect(rounds[fall...].elementsEqual(rounds[fall]...(rounds.last ?? 0)))
    let jobs = record.jobs[0].jobs
    let isCutOff = jobs.contains { $0.kind == .released && $0.release < end && $0.completion == nil }
    #expect(jobs.count { $0.kind == .repeated } == rounds[fall - 1] - rounds[fall] + (isCutOff ? 2 : 1))
    #expect(jobs.filter { $0.kind == .repeated }.allSatisfy { $0.release > restore.at && $0.completion != nil })
    #expect(jobs.contains { $0.kind == .notReleased })
  }

  @Test func `releases between two lives are missed, those at their ends are not`() {
    let ms = { (count: Int64) in Instant.zero + .milliseconds(count) }
    func releases(_ last: Int64, _ next: Int64) -> [Instant] {
      JobStreamRecord.releases(between: ms(last), and: ms(next), period: .milliseconds(10))
    }
    #expect(releases(50, 60) == [])
    #expect(releases(50, 61) == [ms(60)])
    #expect(releases(50, 90) == [ms(60), ms(70), ms(80)])
    #expect(JobStreamRecord.releases(between: nil, and: ms(60), period: .milliseconds(10)).isEmpty)
    let stream = JobStreamRecord(
      component: "a", name: "a", period: .milliseconds(10), deadline: .milliseconds(5),
      jobs: [
        JobRecord(release: ms(0), completion: ms(1)), JobRecord(release: ms(10), kind: .notReleased),
        JobRecord(release: ms(20), completion: ms(29), kind: .repeated),
      ])
    #expect(stream.misses(end: ms(100)).map(\.verdict) == [.notReleased])
    #expect(stream.releasedCount == 1 && stream.completedCount == 1)
  }

  @Test func `bounds of recovery are checked`() throws {
    func found(_ bounds: String) throws -> String {
      let claim = "{ \"restored\": \"newest\", \"verdict\": \"equivalent\", \(bounds) }"
      let record = try ScenarioRun(Self.scenario(expect: claim)).play().record
      return record.expectations[0].found
    }
    #expect(try found("\"recovery point\": \"<=100ms\", \"recovery time\": \"<20ms\"") == "")
    #expect(try found("\"recovery point\": \"<10ms\"").hasPrefix("the recovery point is "))
    #expect(try found("\"recovery time\": \">20ms\"").hasPrefix("the recovery time is "))
  }

  // MARK: What is refused

  @Test func `what a second node cannot do is refused`() throws {
    func reason(_ scenario: Scenario) -> String {
      do {
        _ = try ScenarioRun(scenario)
        return ""
      } catch { return error.reason }
    }
    var many = try Self.scenario()
    many.machine.nodes = 3
    #expect(reason(many) == "more than two nodes cannot be played by this version")
    var alone = try Self.scenario()
    alone.machine.link = nil
    #expect(reason(alone) == "two nodes without a `link` cannot be played by this version")
    #expect(reason(try Self.scenario()) == "")
  }
}
