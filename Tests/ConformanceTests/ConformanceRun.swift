import Determinism
import ELFFiles
import FiascoMachine
import Foundation
import Scenarios
import Simulation

/// What one program printed on the simulated kernel.
struct ConformanceRun: Sendable {
  let lines: [String]
  /// Digest of every kernel event in order, and of the machine's last state.
  let trace: StateDigest
  let state: StateDigest
  /// Why the program did not come to its end; nil if it did.
  let failure: String?

  /// Programs say that they are done and then sleep for ever. None of them needs more than a simulated minute.
  private static let limit = Instant.zero + .milliseconds(120_000)

  init(_ program: ConformanceProgram) throws {
    var system = bootedSystem(
      executable: try ConformanceBuild.executable(program), profile: .modern, platform: .riscvVirt)
    system.node.keepsRecords = false
    let end = Array("END ".utf8)
    var failure: String?
    while failure == nil, !system.node.kernel.console.contains(sequence: end) {
      switch system.run(until: system.now + .milliseconds(100)) {
      case .reached: if system.now >= Self.limit { failure = "no end within two simulated minutes" }
      case .quiet: failure = "every thread sleeps for ever"
      case .stopped(let reason): failure = "the kernel stopped: \(reason)"
      case .limit(let name): failure = "limit of \(name)"
      }
    }
    self.failure = failure
    lines = Self.filtered(String(decoding: system.node.kernel.console, as: UTF8.self))
    trace = system.node.traceDigest
    state = system.digest
  }

  /// The program's own lines: those of the kernel may stand between them.
  private static func filtered(_ text: String) -> [String] {
    text.split(separator: "\n").map(String.init).filter { line in
      line.hasPrefix("END ") || line.wholeMatch(of: /[a-z0-9-]+\/\S+( .*)?/) != nil
    }
  }
}

extension Collection where Element: Equatable {
  func contains(sequence: [Element]) -> Bool {
    var start = startIndex
    while let first = self[start...].firstIndex(of: sequence[0]) {
      if self[first...].starts(with: sequence) { return true }
      start = index(after: first)
    }
    return false
  }
}

/// A program's lines beside those of the real kernel.
struct ConformanceOutcome: Sendable {
  let program: ConformanceProgram
  let expected: [String]
  let actual: [String]
  let failure: String?

  init(_ program: ConformanceProgram) throws {
    let run = try ConformanceRun(program)
    self.init(program, expected: try program.expectedLines(), actual: run.lines, failure: run.failure)
  }

  init(_ program: ConformanceProgram, expected: [String], actual: [String], failure: String?) {
    self.program = program
    self.expected = expected
    self.actual = actual
    self.failure = failure
  }

  /// Lines that agree: a case is found by its name, so that a missing line does not spoil those after it.
  var matched: Int { expected.count { line in actual.contains(line) } }

  /// All lines, in the same order, and nothing else.
  var isExact: Bool { expected == actual }

  /// The first expected line that was not printed, and what was printed for the same case.
  var firstDifference: (expected: String, actual: String)? {
    guard let line = expected.first(where: { !actual.contains($0) }) else {
      return isExact ? nil : ("the order of the file", "another order, or lines that do not belong there")
    }
    let name = line.prefix { $0 != " " }
    let found = actual.first { $0.prefix { $0 != " " } == name }
    return (line, found ?? failure ?? "nothing")
  }

  /// For a test that fails: every line that differs.
  var report: String {
    expected.filter { !actual.contains($0) }.map { line in
      let name = line.prefix { $0 != " " }
      return "real: \(line)\nours: \(actual.first { $0.prefix { $0 != " " } == name } ?? failure ?? "nothing")"
    }.joined(separator: "\n")
  }
}
