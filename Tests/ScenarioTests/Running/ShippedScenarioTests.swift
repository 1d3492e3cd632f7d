import ELFFiles
import Foundation
import Reports
import Testing

@testable import Scenarios

/// The scenarios of the repository: each says itself what must come out.
@Suite struct ShippedScenarioTests {
  private static let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  static let paths: [String] = {
    let folder = top.appendingPathComponent("Scenarios")
    let all = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    return all.filter { $0.hasSuffix(".json") && $0.contains("/") }.sorted().map { "Scenarios/" + $0 }
  }()

  private static func run(_ path: String) throws -> ScenarioRun {
    try ScenarioRun(loadScenario(path: top.appendingPathComponent(path).path).get())
  }

  @Test func `there are scenarios`() { #expect(Self.paths.count >= 9) }

  @Test(arguments: paths) func `a scenario meets its own expectations`(_ path: String) throws {
    let played = try Self.run(path).play()
    let record = played.record
    #expect(!record.expectations.isEmpty, "a scenario that expects nothing shows nothing")
    #expect(record.exitCode == .expectationsMet, "\n\(TextReport.text(of: record))")
    for image in played.images {
      let bytes = try coreBytes(image.image.flattened(), executable: ExecutableImage(bytes: image.executable))
      #expect(try readCore(bytes: bytes) == image.image.flattened(), "image \(image.name) cannot be read back")
    }
  }

  @Test func `a run gives the same record every time`() throws {
    let run = try Self.run("Scenarios/checkpoint/sheep-counter.json")
    #expect(run.play().record == run.play().record)
  }

  @Test func `the scenarios that topics name exist`() {
    for topic in Topic.all {
      if let scenario = topic.scenario { #expect(Self.paths.contains(scenario), "\(topic.name)") }
    }
  }
}
