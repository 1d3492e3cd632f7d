import CheckpointRestore
import Determinism
import Testing

/// What a checkpoint costs, step by step: everything is charged where it is done, and counted.
@Suite struct StepTests {
  static let checkpoint = TimedCommand(atMicroseconds: 25_000, .checkpoint(target: "sheep", as: "c1"))

  private func steps(_ run: CheckpointedRun) -> [(step: CheckpointStep, totals: CheckpointTotals)] {
    run.events.compactMap { if case .stepEnded(let step, "c1", let totals) = $0.event { (step, totals) } else { nil } }
  }

  @Test func `the steps come in the order of the original`() throws {
    let run = try runCheckpointed(Components.sheep, commands: [Self.checkpoint], milliseconds: 40)
    #expect(
      steps(run).map(\.step) == [
        .pause, .registers, .capabilityMap, .ramSession, .pdSession, .cpuSession, .rmSessions, .logSessions,
        .timerSessions, .memoryList, .copy, .resume,
      ])
  }

  @Test func `what was handled is counted`() throws {
    let run = try runCheckpointed(Components.sheep, commands: [Self.checkpoint], milliseconds: 40)
    let totals = try #require(steps(run).last?.totals)
    let image = try #require(run.images["c1"])
    #expect(totals.threads == image.threads.count)
    #expect(totals.capabilities == image.capabilities.count)
    #expect(totals.regions == image.regions.count)
    let bytes = image.dataspaces.filter { $0.provenance == .captured }.reduce(0) { $0 + $1.size }
    #expect(totals.bytes == bytes)
    #expect(totals.pages == Int(bytes / 4096))
    #expect(totals.nodes > totals.objects)
    #expect(totals.lines == 0)
  }

  /// Twice the dataspaces: an index needs twice the steps, a list that is searched from its newest end four times.
  @Test(arguments: MetadataLists.allCases)
  func `lists make the work quadratic, an index keeps it linear`(_ lists: MetadataLists) throws {
    func nodes(_ dataspaces: Int) throws -> Double {
      let run = try runCheckpointed(
        Components.many(dataspaces: dataspaces), commands: [Self.checkpoint], milliseconds: 40
      ) {
        $0.metadata = lists
      }
      return Double(try #require(steps(run).last?.totals.nodes))
    }
    let (few, some, many) = try (nodes(10), nodes(30), nodes(50))
    let bend = (many - some) / (some - few)
    switch lists {
    case .indexed: #expect(bend > 0.95 && bend < 1.05)
    case .linkedLists: #expect(bend > 1.3)
    }
  }

  @Test func `a second checkpoint finds its records and makes none`() throws {
    let again = TimedCommand(atMicroseconds: 45_000, .checkpoint(target: "sheep", as: "c1"))
    let run = try runCheckpointed(Components.sheep, commands: [Self.checkpoint, again], milliseconds: 60) {
      $0.costs.picosecondsPerLogLine = 1
    }
    let lines = steps(run).filter { $0.step == .resume }.map(\.totals.lines)
    #expect(lines.count == 2)
    #expect(lines[1] < lines[0])
  }

  /// The published profile: 58 % of a checkpoint are metadata, 12 % are copying.
  @Test func `with the costs of 2018 the steps have the published proportions`() throws {
    let run = try runCheckpointed(Components.profiled, commands: [Self.checkpoint], milliseconds: 4_000) {
      $0.costs = .profile2018
    }
    let image = try #require(run.images["c1"])
    #expect(image.dataspaces.count { $0.provenance == .captured } == 10)
    let began = try #require(
      run.at { if case .phaseStarted(.frozen, of: "c1") = $0 { true } else { false } }.first)
    let shares = Shares(run.events, from: began)
    #expect(abs(shares.metadata - 58) <= Self.tolerance)
    #expect(abs(shares.of(.copy) - 12) <= Self.tolerance)
    #expect(abs(shares.of(.pdSession) - 30) <= Self.tolerance)
    #expect(abs(shares.of(.ramSession) - 22) <= Self.tolerance)
    #expect(abs(shares.of(.cpuSession) - 3) <= Self.tolerance)
    #expect(abs(shares.of(.capabilityMap) - 2) <= Self.tolerance)
  }

  /// Percentage points. The published bars are maxima of several runs of one function, their sum is no total.
  static let tolerance = 8.0
}

/// Percent of the time between freeze and resume.
private struct Shares {
  var steps: [(CheckpointStep, Double)] = []
  var total = 0.0

  init(_ events: [(at: Instant, event: CheckpointEvent)], from began: Instant) {
    var last = began
    var spans: [(CheckpointStep, Double)] = []
    for (at, event) in events {
      guard case .stepEnded(let step, _, _) = event else { continue }
      spans.append((step, Double((at - last).picoseconds)))
      last = at
    }
    let whole = Double((last - began).picoseconds)
    total = whole / 1e9
    steps = spans.map { ($0, 100 * $1 / whole) }
  }

  func of(_ step: CheckpointStep) -> Double { steps.filter { $0.0 == step }.reduce(0) { $0 + $1.1 } }

  var metadata: Double {
    [
      CheckpointStep.capabilityMap, .ramSession, .pdSession, .cpuSession, .rmSessions, .logSessions, .timerSessions,
    ].reduce(0) { $0 + of($1) }
  }
}
