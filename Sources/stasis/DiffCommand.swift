import ArgumentParser
import CheckpointRestore
import ELFFiles
import Reports

struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Compare two checkpoint images: what was lost, appeared or changed.",
    discussion: """
      Threads are paired by name and place, capabilities by slot, regions by map and address. As with 'diff', nothing \
      is printed and the exit code is 0 if there is no difference, it is 1 if there is one, 2 if a file is refused.

      EXAMPLES
        stasis diff images/c1.core images/c2.core
        stasis diff --json before.core after.core | jq '.differences[].name'
      """)

  @Argument(help: "The image to compare with.", completion: .file(extensions: ["core"]))
  var before: String

  @Argument(help: "The image that is compared.", completion: .file(extensions: ["core"]))
  var after: String

  @Flag(help: "Print the differences as JSON.")
  var json = false

  func run() throws {
    let first = try told(before) { () throws(ELFError) in try readCore(before) }
    let second = try told(after) { () throws(ELFError) in try readCore(after) }
    let difference = ImageDifference(from: first, to: second)
    Terminal.write(
      json
        ? DifferenceReport.document(of: difference, from: before, to: after)
        : DifferenceReport.text(of: difference, style: Terminal.style))
    if !difference.entries.isEmpty { Terminal.finish(.expectationFailed) }
  }
}
