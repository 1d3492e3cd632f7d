import ArgumentParser
import ELFFiles
import Glibc
import Reports
import Scenarios

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Play a scenario and report what happened.",
    discussion: """
      The report says when a checkpoint was taken and what it cost, which deadlines were missed, and whether the \
      restored component behaves like the original. It is the same on every machine and in every run.

      EXAMPLES
        stasis run Scenarios/ipc/reply-and-wait.json
        stasis run Scenarios/timing/control-loop.json --json | jq '.jobs[0].missed'
        stasis run Scenarios/checkpoint/sheep-counter.json --image-dir images
        gdb-multiarch images/sheep_counter images/c1.core
        stasis run Scenarios/checkpoint/sheep-counter.json --costs
        stasis run Scenarios/faults/page-fault-and-pager.json --trace-kernel trace.jsonl
      """)

  @Argument(help: "The scenario, a JSON file.", completion: .file(extensions: ["json"]))
  var scenario: String

  @Flag(help: "Print the record of the run as JSON.")
  var json = false

  @Flag(help: "Print every figure of the scenario's platform with its source, and play nothing.")
  var costs = false

  @Option(
    help: "Write each checkpoint into this directory, as an ELF core file with its program beside it.",
    completion: .directory)
  var imageDir: String?

  @Option(help: "How many generations of each checkpoint name are kept: the newest is NAME.core, others NAME.gN.core.")
  var keep = 1

  @Option(
    help: ArgumentHelp(
      "Do not take this checkpoint, but restore it from a file that an earlier run of the scenario wrote.",
      valueName: "name=image"), completion: .file(extensions: ["core"]))
  var given: [String] = []

  @Option(help: TraceOutput.help, completion: .file(extensions: ["jsonl", "txt"]))
  var traceKernel: String?

  @Flag(help: "Print the digest of the trace after the report; equal digests mean equal runs.")
  var traceDigest = false

  private static let mostGenerations = 1_000

  func validate() throws {
    guard (1...Self.mostGenerations).contains(keep) else {
      throw ValidationError("Between 1 and \(Self.mostGenerations) generations can be kept, not \(keep).")
    }
    for given in given where !given.dropFirst().contains("=") {
      throw ValidationError("'--given \(given)': expected a checkpoint's name, '=' and an image.")
    }
    guard traceKernel != "-" || !json else {
      throw ValidationError("The trace and the JSON document cannot share standard output; name a file for the trace.")
    }
  }

  func run() throws {
    let run = try prepared()
    if costs {
      Terminal.write(json ? EncodedRun.document(of: run.costs) : CostReport.text(of: run.costs, style: Terminal.style))
      return
    }
    let trace = try traceKernel.map(TraceOutput.init)
    let played = run.play(watchedBy: trace?.watcher)
    try trace?.finish()
    if let imageDir { try writeImages(of: played, into: imageDir) }
    let record = played.record
    Terminal.write(json ? EncodedRun.document(of: record) : TextReport.text(of: record, style: Terminal.style))
    // JSON has the digest as a member.
    if traceDigest, !json { Terminal.write("trace digest \(record.traceDigest)\n") }
    Terminal.finish(record.exitCode)
  }

  private func prepared() throws -> ScenarioRun {
    switch loadScenario(path: scenario) {
    case .failure(let errors): throw Failure.badInput("\(errors)")
    case .success(let scenario):
      var run: ScenarioRun
      do { run = try ScenarioRun(scenario) } catch { throw Failure.badInput("\(error)") }
      run.keep(generations: keep)
      for (name, path) in givenImages {
        let image = try told(path) { () throws(ELFError) in try readCore(path) }
        do { try run.give(image, as: name) } catch { throw Failure.badInput("\(path): \(error)") }
      }
      return run
    }
  }

  private var givenImages: [(name: String, path: String)] {
    given.map { text in
      let equals = text.firstIndex(of: "=") ?? text.startIndex
      return (String(text[..<equals]), String(text[equals...].dropFirst()))
    }
  }

  private func writeImages(of played: PlayedRun, into directory: String) throws {
    // Parents too: whoever names a path wants it to exist.
    var path = ""
    for part in directory.split(separator: "/", omittingEmptySubsequences: false) {
      path += path.isEmpty && !directory.hasPrefix("/") ? String(part) : "/" + part
      _ = mkdir(path, 0o777)
    }
    do {
      // The program goes beside the image: debuggers take names and instructions from it. It is written first, because
      // they warn if it is newer.
      for image in played.images {
        try replaceFile("\(directory)/\(image.image.programName)", with: image.executable)
      }
      var store = CoreStore(folder: directory)
      _ = try store.write(played.images.map { try ($0.image, ExecutableImage(bytes: $0.executable)) })
    } catch let error as ELFError {
      if case .file = error { throw Failure.badInput("\(error)") }
      throw Failure.badInput("\(directory): \(error)")
    }
  }
}
