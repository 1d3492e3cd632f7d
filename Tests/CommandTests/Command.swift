import Foundation

/// The built command, run as a user would run it.
struct Command {
  struct Result {
    var exitCode: Int32
    var output: String
    var errors: String
  }

  /// Products of one build stand beside each other.
  static let path: String = {
    // The first argument is the test bundle, or a helper that loads it and names it in a later one.
    let candidates = CommandLine.arguments.map { URL(fileURLWithPath: $0).resolvingSymlinksInPath() }
    for start in candidates {
      var folder = start.deletingLastPathComponent()
      for _ in 0..<3 {
        let product = folder.appendingPathComponent("stasis").path
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: product, isDirectory: &isFolder), !isFolder.boolValue {
          return product
        }
        folder = folder.deletingLastPathComponent()
      }
    }
    return ""
  }()

  static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Runs it in the top folder of the repository, without a terminal.
  static func run(_ arguments: [String]) throws -> Result {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.currentDirectoryURL = repository
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("stasis-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // Files, not pipes: nothing can block, however much is written.
    let output = folder.appendingPathComponent("output")
    let errors = folder.appendingPathComponent("errors")
    for file in [output, errors] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return Result(
      exitCode: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8))
  }

  /// Gives a file with this content to the body; it is gone afterwards.
  static func withFile<T>(_ name: String, _ content: Data, _ body: (String) throws -> T) throws -> T {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("stasis-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent(name)
    try content.write(to: file)
    return try body(file.path)
  }
}

/// Small scenarios that end in every way a run can end.
enum Scenarios {
  static func counter(
    machine: String = "", extra: String = "", expect: String = "[]",
    timeline: String = #"[{ "at": "35ms", "stop": true }]"#
  ) -> Data {
    Data(
      """
      { "title": "A counter", "machine": { "platform": "riscv-virt", "kernel": "modern"\(machine) }, "components": [
          { "name": "counter", "variables": { "n": { "initial": 0 } }, "construct": [
            { "repeat": [ { "set": "n", "to": "n + 1" }, { "log": "{n}" }, { "sleep": "10ms" } ], "times": 5 } ] } ],
        \(extra) "timeline": \(timeline), "expect": \(expect) }
      """.utf8)
  }
}
