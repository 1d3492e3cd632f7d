import Foundation
import Testing

@Suite struct CommandTests {
  @Test func `the command has been built`() { #expect(!Command.path.isEmpty) }

  @Test(arguments: [
    ["--help"], ["help", "run"], ["run", "--help"], ["check", "--help"], ["boot", "--help"],
    ["inspect", "--help"], ["explain", "--help"], ["--version"], ["--generate-completion-script", "bash"],
  ])
  func `help is data and no failure`(_ arguments: [String]) throws {
    let result = try Command.run(arguments)
    #expect(result.exitCode == 0)
    #expect(!result.output.isEmpty && result.errors.isEmpty)
  }

  @Test(arguments: ["run", "check", "boot", "inspect", "explain"])
  func `each command's help has an example`(_ command: String) throws {
    #expect(try Command.run([command, "--help"]).output.contains("\n  stasis \(command)"))
  }

  @Test(arguments: [
    [], ["run"], ["check"], ["jump"], ["run", "a", "b"], ["run", "--fast", "x"], ["boot", "x", "--kernel", "new"],
    ["boot", "x", "--until", "5"], ["boot", "x", "--platform", "pdp-11"], ["explain", "everything"],
  ])
  func `wrong usage ends with 2 and says so on standard error`(_ arguments: [String]) throws {
    let result = try Command.run(arguments)
    // Without a command there is nothing wrong: the help is shown.
    #expect(result.exitCode == (arguments.isEmpty ? 0 : 2))
    #expect(arguments.isEmpty ? result.errors.isEmpty : result.output.isEmpty && !result.errors.isEmpty)
  }

  @Test func `topics are listed and explained`() throws {
    let list = try Command.run(["explain"]).output
    let names = list.split(separator: "\n").dropFirst().dropLast().map { $0.split(separator: " ")[0] }
    #expect(names.count >= 8)
    for name in names {
      let result = try Command.run(["explain", String(name)])
      #expect(result.exitCode == 0 && result.output.hasPrefix("\(name): "), "\(name)")
    }
  }

  // MARK: Bad input

  enum Bad: String, CaseIterable {
    case missing, directory, empty, executable, huge, brokenJSON, wrongShape, wrongName
  }

  private static func content(_ bad: Bad) -> Data {
    switch bad {
    case .missing, .directory, .empty: Data()
    case .executable: (try? Data(contentsOf: URL(fileURLWithPath: Command.path)).prefix(4096)) ?? Data()
    case .huge: Data(count: 100 << 20)
    case .brokenJSON: Data("{ \"title\": \"x\",\n  \"components\": [ }".utf8)
    case .wrongShape: Data("{ \"titel\": \"x\",\n  \"components\": [ { \"name\": 5 } ] }".utf8)
    case .wrongName: Scenarios.counter(expect: #"[{ "log": "conter", "is": [] }]"#)
    }
  }

  private static let messages: [Bad: String] = [
    .missing: "there is no such file", .directory: "directory", .empty: "the file is empty", .executable: "ELF",
    .huge: "100 MiB", .brokenJSON: ":2:", .wrongShape: ":1:3: ", .wrongName: "did you mean `counter`?",
  ]

  @Test(arguments: Bad.allCases, ["run", "check"])
  func `bad input ends with 2 and a sentence`(_ bad: Bad, _ command: String) throws {
    try Command.withFile("bad.json", Self.content(bad)) { path in
      let place = bad == .missing ? path + ".not" : bad == .directory ? Command.repository.path : path
      let result = try Command.run([command, place])
      #expect(result.exitCode == 2 && result.output.isEmpty)
      #expect(result.errors.hasPrefix(place + ":"))
      #expect(result.errors.contains(Self.messages[bad] ?? "?"), "\(result.errors)")
    }
  }

  @Test(arguments: ["boot", "inspect"], [Bad.missing, .directory, .empty, .brokenJSON])
  func `a file that is no ELF is refused`(_ command: String, _ bad: Bad) throws {
    try Command.withFile("bad.elf", Self.content(bad)) { path in
      let place = bad == .missing ? path + ".not" : bad == .directory ? Command.repository.path : path
      let result = try Command.run([command, place])
      #expect(result.exitCode == 2 && result.output.isEmpty)
      #expect(result.errors.hasPrefix(place + ": "), "\(result.errors)")
    }
  }

  @Test func `check lists every mistake of every file`() throws {
    try Command.withFile("bad.json", Self.content(.wrongShape)) { path in
      let result = try Command.run(["check", path, "Scenarios/checkpoint/sheep-counter.json", path + ".not"])
      #expect(result.exitCode == 2)
      #expect(result.output == "Scenarios/checkpoint/sheep-counter.json: ok\n")
      #expect(result.errors.contains("`titel`") && result.errors.contains("the number 5"))
      #expect(result.errors.contains(".not: there is no such file"))
    }
  }

  @Test func `a platform that cannot be played is told with its place`() throws {
    let scenario = Scenarios.counter(machine: ", \"nodes\": 2")
    try Command.withFile("nodes.json", scenario) { path in
      let result = try Command.run(["run", path])
      #expect(result.exitCode == 2 && result.errors.hasPrefix("\(path):1:"), "\(result.errors)")
    }
  }
}
