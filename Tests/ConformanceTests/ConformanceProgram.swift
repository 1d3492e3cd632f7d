import Foundation
import Testing

/// One of the C programs whose output the real kernel has printed.
struct ConformanceProgram: Sendable, CustomTestStringConvertible {
  let name: String
  /// Lines that have to agree with the real kernel. Fewer is a regression; more is a reason to raise the number here.
  let requiredLines: Int

  init(_ name: String, _ requiredLines: Int) {
    self.name = name
    self.requiredLines = requiredLines
  }

  var testDescription: String { name }

  /// Every program, with what it is known to get right: the only place to look at when a number changes.
  static let all = [
    ConformanceProgram("01-ipc-errors", 45), ConformanceProgram("02-ipc-timeouts", 21),
    ConformanceProgram("03-call-reply", 24), ConformanceProgram("04-order", 41),
    ConformanceProgram("05-items", 25), ConformanceProgram("06-gates", 25), ConformanceProgram("07-caps", 33),
    ConformanceProgram("08-pagefault", 32), ConformanceProgram("09-exception", 24),
    ConformanceProgram("10-exregs", 64), ConformanceProgram("11-checkpoint", 54),
    ConformanceProgram("12-threadctl", 21), ConformanceProgram("13-sched", 25),
    ConformanceProgram("14-irq-sem", 39), ConformanceProgram("15-delete", 24), ConformanceProgram("16-kobj", 19),
    ConformanceProgram("17-kip", 7), ConformanceProgram("18-vcpu", 6), ConformanceProgram("19-random-ipc", 81),
    ConformanceProgram("20-random-caps", 61), ConformanceProgram("21-random-mem", 61),
    ConformanceProgram("22-slices", 20), ConformanceProgram("23-extra", 35),
    ConformanceProgram("24-reply-lifetime", 33),
  ]

  /// The folder with the sources, the linker script and the expected lines.
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Conformance")

  /// What the real kernel printed.
  func expectedLines() throws -> [String] {
    let file = Self.folder.appendingPathComponent("expected/\(name).txt")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
  }
}
