import ArgumentParser
import Reports
import Scenarios
import Studies

struct CompareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Play a scenario once for each way of checkpointing, and compare.",
    discussion: """
      Which strategy is best for this scenario, and what does each cost? Every figure comes from running it. The \
      scenario needs a checkpointer and at least one checkpoint; if it restores nothing, a restore is added at its end \
      to see what was lost. Its expectations are not checked: they are about its own strategy.

      EXAMPLES
        stasis compare Scenarios/timing/control-loop.json
        stasis compare Scenarios/timing/control-loop.json --strategies stop-and-copy,incremental
        stasis compare Scenarios/timing/control-loop.json --json | jq '.strategies[] | [.strategy, .pause]'
      """)

  @Argument(help: "The scenario, a JSON file.", completion: .file(extensions: ["json"]))
  var scenario: String

  @Option(
    help: "Only these, separated by commas: \(Contender.all.map(\.name).joined(separator: ", ")).",
    completion: .list(Contender.all.map(\.name)))
  var strategies: String?

  @Flag(help: "Print the comparison as JSON.")
  var json = false

  func run() async throws {
    let contenders = try chosen()
    let loaded: Scenario
    switch loadScenario(path: scenario) {
    case .failure(let errors): throw Failure.badInput("\(errors)")
    case .success(let scenario): loaded = scenario
    }
    let comparison: StrategyComparison
    do { comparison = try await StrategyComparison.play(loaded, contenders) } catch {
      throw Failure.badInput(sentence(error))
    }
    Terminal.write(
      json
        ? EncodedComparison.document(of: comparison) : ComparisonReport.text(of: comparison, style: Terminal.style))
  }

  private func chosen() throws -> [Contender] {
    guard let strategies else { return Contender.all }
    let names = strategies.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    return try names.map { name in
      guard let contender = Contender.named(name) else { throw Failure.badInput(unknown(name)) }
      guard names.count(where: { $0 == name }) == 1 else {
        throw Failure.badInput("The strategy '\(name)' is named twice.")
      }
      return contender
    }
  }

  private func unknown(_ name: String) -> String {
    let names = Contender.all.map(\.name)
    let near = nearest(to: name, among: names).map { " Did you mean '\($0)'?" } ?? ""
    return "There is no strategy '\(name)'.\(near) There are \(names.joined(separator: ", "))."
  }

  private func sentence(_ error: ComparisonError) -> String {
    switch error {
    case .noCheckpointer: "\(scenario): the scenario has no checkpointer, so there is nothing to compare."
    case .noCheckpoint: "\(scenario): the scenario's timeline orders no checkpoint, so there is nothing to compare."
    case .unplayable(let error): "\(error)"
    }
  }
}
