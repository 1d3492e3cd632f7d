import ArgumentParser
import Reports

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Explain a pitfall: what goes wrong, why, and the fix.",
    discussion: """
      EXAMPLES
        stasis explain                     list what can be explained
        stasis explain reply-and-wait
      """)

  @Argument(help: "Name of a topic; without one the topics are listed.", completion: .list(Topic.all.map(\.name)))
  var topic: String?

  func run() throws {
    guard let topic else { return Terminal.write(TopicReport.list(style: Terminal.style)) }
    guard let found = Topic.named(topic) else {
      let names = Topic.all.map(\.name).joined(separator: ", ")
      throw Failure.badInput("There is nothing to explain under '\(topic)'; there are \(names).")
    }
    Terminal.write(TopicReport.text(of: found, style: Terminal.style))
  }
}
