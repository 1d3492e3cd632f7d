import ArgumentParser
import Scenarios

/// The command. Exit codes are part of its interface: `Scenarios.ExitCode`.
@main struct Stasis: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stasis",
    abstract: "Simulates checkpoint and restore of components on the Fiasco.OC microkernel with Genode.",
    discussion: """
      EXAMPLES
        stasis run Scenarios/checkpoint/sheep-counter.json
        stasis check Scenarios/*/*.json
        stasis compare Scenarios/timing/control-loop.json
        stasis explain reply-and-wait

      EXIT CODES
        0  all expectations are met    3  the system is stuck
        1  an expectation failed       5  a limit was hit
        2  bad input or usage         70  a defect of stasis itself

      SHELL COMPLETION
        stasis --generate-completion-script bash > stasis.bash
        (also for zsh and fish)
      """,
    version: "0.1.0",
    subcommands: [
      RunCommand.self, CheckCommand.self, CompareCommand.self, BootCommand.self, InspectCommand.self, DiffCommand.self,
      ImageCommand.self, ExplainCommand.self,
    ])

  /// The library's own `main` ends with its exit codes; ours are documented.
  static func main() async {
    Terminal.ignoreBrokenPipe()
    Terminal.reportDefects()
    do {
      var command = try parseAsRoot()
      if var waiting = command as? any AsyncParsableCommand {
        try await waiting.run()
      } else {
        try command.run()
      }
      Terminal.finish(.expectationsMet)
    } catch let failure as Failure {
      Terminal.error(failure.message)
      Terminal.finish(failure.code)
    } catch {
      let message = fullMessage(for: error)
      // Help and version are asked for: they are data.
      if exitCode(for: error) == ArgumentParser.ExitCode.success {
        Terminal.write(message + "\n")
        Terminal.finish(.expectationsMet)
      }
      Terminal.error(message)
      Terminal.finish(.badInput)
    }
  }
}

/// The end of a command that has nothing more to say on standard output.
struct Failure: Error {
  var code: Scenarios.ExitCode
  var message: String

  static func badInput(_ message: String) -> Failure { Failure(code: .badInput, message: message) }
}
