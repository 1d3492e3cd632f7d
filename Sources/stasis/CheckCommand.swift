import ArgumentParser
import Scenarios

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Validate scenarios; every mistake of each file is listed.",
    discussion: """
      Mistakes are written as file:line:column with what was expected and the nearest name. Nothing is played.

      EXAMPLES
        stasis check Scenarios/*/*.json
      """)

  @Argument(help: "Scenarios, JSON files.", completion: .file(extensions: ["json"]))
  var scenarios: [String]

  func run() throws {
    var failures = 0
    for path in scenarios {
      guard let mistakes = Self.mistakes(in: path) else {
        Terminal.write("\(path): ok\n")
        continue
      }
      failures += 1
      Terminal.error(mistakes)
    }
    if failures > 0 { Terminal.finish(.badInput) }
  }

  /// Nil if the scenario can be played.
  private static func mistakes(in path: String) -> String? {
    switch loadScenario(path: path) {
    case .failure(let errors): return "\(errors)"
    case .success(let scenario):
      do { _ = try ScenarioRun(scenario) } catch { return "\(error)" }
      return nil
    }
  }
}
