import Determinism
import Reports
import Scenarios
import Testing

@testable import Studies

@Suite struct StrategyComparisonTests {
  /// A job each 10 ms, two checkpoints, no restore.
  private func loop() throws -> Scenario {
    let text = """
      { "title": "A loop", "machine": { "platform": "riscv-virt", "kernel": "r67" },
        "components": [ { "name": "controller", "ram": "1MiB", "dataspaces": { "sensor": { "size": "4KiB" } },
          "construct": [ { "every": "10ms", "deadline": "8ms", "name": "control", "times": 200,
            "do": [ { "write": "sensor", "bytes": "512B" }, { "compute": "2ms" } ] } ] } ],
        "checkpointer": { "strategy": "stop-and-copy",
          "restore": { "child": "without-elf", "blocked": "reissue receive half" } },
        "timeline": [ { "at": "102ms", "checkpoint": "controller", "as": "first" },
          { "at": "152ms", "checkpoint": "controller", "as": "second" }, { "at": "250ms", "stop": true } ] }
      """
    return try parseScenario(bytes: Array(text.utf8), file: "loop.json").get()
  }

  private static let quick = ["stop-and-copy", "incremental"].compactMap(Contender.named)

  @Test func `each strategy of the language takes part under its own name`() {
    let names = Contender.all.map(\.name)
    #expect(names.filter { $0 != "post-copy" } == CheckpointStrategy.allCases.map(\.rawValue))
    #expect(names.count { $0 == "post-copy" } == 1)
    for contender in Contender.all { #expect(Contender.named(contender.name) == contender) }
    #expect(Contender.named("nothing") == nil)
  }

  @Test func `rows stand in the order of the contenders whoever is ready first`() async throws {
    let scenario = try loop()
    let forwards = try await StrategyComparison.play(scenario, Self.quick)
    let backwards = try await StrategyComparison.play(scenario, Self.quick.reversed())
    #expect(forwards.rows.map(\.contender) == Self.quick)
    #expect(Array(forwards.rows.reversed()) == backwards.rows)
  }

  @Test func `the figures are those of the run`() async throws {
    let scenario = try loop()
    let record = try ScenarioRun(scenario).play().record
    let row = try #require(try await StrategyComparison.play(scenario, Self.quick).played.first).figures
    let frozen = record.checkpoints.compactMap { $0.duration(of: .frozen) }
    #expect(row.checkpoints == 2)
    #expect(row.pause == frozen.max())
    #expect(row.misses == record.jobs.reduce(0) { $0 + $1.misses(end: record.end).count })
    #expect(row.written == record.checkpoints.reduce(0) { $0 + $1.counts.bytesWritten } && row.written > 0)
    #expect(row.held == record.checkpoints.map(\.counts.bytesHeld).max() && row.faults == 0)
    #expect(row.verdict != nil, "a restore is added where there is none")
  }

  @Test func `a scenario without checkpoints cannot be compared`() async throws {
    var scenario = try loop()
    scenario.timeline.removeAll(where: \.action.isCheckpoint)
    await #expect(throws: ComparisonError.noCheckpoint) { try await StrategyComparison.play(scenario, Self.quick) }
    scenario.checkpointer = nil
    await #expect(throws: ComparisonError.noCheckpointer) { try await StrategyComparison.play(scenario, Self.quick) }
  }

  @Test func `who had the processors adds up to the time that was not idle`() throws {
    let record = try ScenarioRun(try loop()).playUndisturbed()
    let times = record.processors.map(\.time.picoseconds)
    #expect(times.allSatisfy { $0 > 0 })
    #expect(times.reduce(0, +) <= (record.end - Instant.zero).picoseconds)
    // 24 jobs of 2 ms.
    let controller = try #require(record.processors.first { $0.component == "controller" })
    #expect(controller.time >= .milliseconds(46))
    #expect(record.processors.allSatisfy { $0.whileFrozen == .zero })
  }
}
