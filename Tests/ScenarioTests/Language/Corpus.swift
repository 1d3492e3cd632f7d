import Foundation
import Testing

@testable import Scenarios

/// The scenario files of these tests.
enum Corpus {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Corpus")
  static let schema = folder.appendingPathComponent("../../../../Scenarios/scenario.schema.json").standardizedFileURL

  static let good = [
    "sheep-counter", "control-loop", "reply-and-wait", "capability-spaces", "page-fault-and-pager",
    "every-genode-key", "every-bare-key", "weights",
  ]
  static let bad = [
    "five-mistakes", "no-machine", "no-components", "list-at-top", "bare-with-components", "tasks-without-runtime",
    "two-verbs", "no-verb", "name-with-slash", "rights-twice", "stop-without-at",
  ]

  static func bytes(_ name: String, in kind: String = "good") throws -> [UInt8] {
    [UInt8](try Data(contentsOf: folder.appendingPathComponent("\(kind)/\(name).json")))
  }

  static func scenario(_ name: String) throws -> Scenario {
    try parseScenario(bytes: bytes(name), file: name).get()
  }
}

/// What an author reads, without the source lines: `line:column: message`.
func complaints(_ bytes: [UInt8]) -> [String] {
  guard case .failure(let failure) = parseScenario(bytes: bytes, file: "f") else { return [] }
  return failure.errors.map { error in
    "\(error.position.map { "\($0.line):\($0.column): " } ?? "")\(error.message)"
  }
}

/// A small generator with a fixed seed, so that a failing case can be repeated.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Python with the `jsonschema` package, as a second opinion.
enum Python {
  static let hasJSON = run(["-c", "import json"]) != nil
  static let hasJSONSchema = run(["-c", "import jsonschema"]) != nil

  /// One answer per document: is it JSON, and does it fit the schema if there is one.
  static func verdicts(on documents: [[UInt8]], schema: URL? = nil) throws -> [Bool] {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("stasis-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    let lines = documents.map { $0.map(hexadecimal).joined() }.joined(separator: "\n")
    try Data((lines + "\n").utf8).write(to: file)
    let script = Corpus.folder.appendingPathComponent("validate.py").path
    let output = try #require(run([script, file.path] + (schema.map { [$0.path] } ?? [])))
    return output.split(separator: "\n").map { $0 == "yes" }
  }

  /// The output, nil if it could not run or failed.
  private static func run(_ arguments: [String]) -> String? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3"] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
  }
}
