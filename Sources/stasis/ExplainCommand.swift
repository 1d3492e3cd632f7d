import ArgumentParser
import CheckpointRestore
import ELFFiles
import Reports
import Scenarios

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Explain a pitfall: what goes wrong, why, and the fix.",
    discussion: """
      Topics that are a question to the kernel are answered by running scenarios: what happens here, beside what the \
      real kernel printed. The plan of a restore says what needs what, and why.

      EXAMPLES
        stasis explain                     list what can be explained
        stasis explain reply-and-wait      with a table of all situations under all policies
        stasis explain --plan Scenarios/checkpoint/sheep-counter.json
        stasis explain --plan images/c1.core
      """)

  @Argument(help: "Name of a topic; without one the topics are listed.", completion: .list(Topic.all.map(\.name)))
  var topic: String?

  @Option(
    help: ArgumentHelp(
      "Print the plan of a restore: of an image written by 'stasis run --image-dir', or of each checkpoint of a "
        + "scenario.", valueName: "scenario-or-image"), completion: .file(extensions: ["json", "core"]))
  var plan: String?

  @Option(help: "Folder with the scenarios of the table.", completion: .directory)
  var scenarios = "Scenarios/blocked"

  func validate() throws {
    if topic != nil, plan != nil { throw ValidationError("A topic and a plan are two questions; ask one.") }
  }

  func run() throws {
    if let plan { return try explainPlan(of: plan) }
    guard let topic else { return Terminal.write(TopicReport.list(style: Terminal.style)) }
    guard let found = Topic.named(topic) else {
      let names = Topic.all.map(\.name).joined(separator: ", ")
      throw Failure.badInput("There is nothing to explain under '\(topic)'; there are \(names).")
    }
    Terminal.write(TopicReport.text(of: found, style: Terminal.style))
    if found.hasTable { try writeTable() }
  }

  private func writeTable() throws {
    Terminal.write(BlockedReport.heading(style: Terminal.style))
    var all = try write(BlockedSituation.all)
    Terminal.write(BlockedReport.headingOf2019(style: Terminal.style))
    all += try write(BlockedSituation.amd64)
    Terminal.write(BlockedReport.notPlayed(style: Terminal.style))
    Terminal.write(BlockedReport.summary(of: all, style: Terminal.style))
    if all.contains(where: { !$0.agrees }) { Terminal.finish(.expectationFailed) }
  }

  /// One situation after the other: the first rows stand there while the last are still being played.
  private func write(_ situations: [BlockedSituation]) throws -> [BlockedResult] {
    let study = BlockedStudy(folder: scenarios)
    var all: [BlockedResult] = []
    for situation in situations {
      let results: [BlockedResult]
      do { results = try study.results(of: situation, under: situation.knownPolicies) } catch {
        throw Failure.badInput("\(error)\nThe table is played from the scenarios of the repository (--scenarios).")
      }
      Terminal.write(BlockedReport.text(of: results, style: Terminal.style))
      all += results
    }
    return all
  }

  // MARK: Plans

  private func explainPlan(of path: String) throws {
    for (name, images, policy) in try path.hasSuffix(".json") ? played(path) : stored(path) {
      Terminal.write(PlanReport.text(of: images, named: name, policy: policy, style: Terminal.style))
    }
  }

  private func stored(_ path: String) throws -> [(String, [CheckpointImage], BlockedThreadPolicy)] {
    let image = try told(path) { () throws(ELFError) in try readCore(path) }
    if let fact = image.obstacleToRestore { throw Failure.badInput("\(path): nothing can be restored: \(fact)") }
    return [(path, [image], .reissueReceiveHalf)]
  }

  private func played(_ path: String) throws -> [(String, [CheckpointImage], BlockedThreadPolicy)] {
    let scenario: Scenario
    switch loadScenario(path: path) {
    case .failure(let errors): throw Failure.badInput("\(errors)")
    case .success(let loaded): scenario = loaded
    }
    let run: ScenarioRun
    do { run = try ScenarioRun(scenario) } catch { throw Failure.badInput("\(error)") }
    let images = run.play().images
    guard !images.isEmpty else { throw Failure.badInput("\(path): the scenario takes no checkpoint.") }
    let policy = scenario.checkpointer?.blocked ?? .reissueReceiveHalf
    // Components that were checkpointed together have one plan.
    return images.filter { $0.group.isEmpty || $0.group.first == $0.name }.map { image in
      let all = [image] + images.filter { image.group.dropFirst().contains($0.name) }
      return (image.name, all.map(\.image), policy)
    }
  }
}
