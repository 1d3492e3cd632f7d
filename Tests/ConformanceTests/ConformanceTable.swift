import Foundation
import Synchronization

/// Collects the outcomes of a test run and prints them as one table when the last program is through.
final class ConformanceTable: Sendable {
  static let shared = ConformanceTable()

  private let outcomes = Mutex<[ConformanceOutcome]>([])

  func add(_ outcome: ConformanceOutcome) {
    let complete = outcomes.withLock { known in
      known.append(outcome)
      return known.count == ConformanceProgram.all.count ? known : nil
    }
    guard let complete, ProcessInfo.processInfo.environment["STASIS_CONFORMANCE_TABLE"] != nil else { return }
    print(Self.text(complete))
  }

  static func text(_ outcomes: [ConformanceOutcome]) -> String {
    let width = max(outcomes.map(\.program.name.count).max() ?? 0, 7)
    func row(_ name: String, _ lines: String, _ agree: String) -> String {
      let filled = name + String(repeating: " ", count: max(0, width - name.count))
      return filled + right(lines, 7) + right(agree, 7) + "\n"
    }
    func right(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    var text = row("program", "lines", "agree")
    for outcome in outcomes.sorted(by: { $0.program.name < $1.program.name }) {
      text += row(outcome.program.name, "\(outcome.expected.count)", "\(outcome.matched)")
      guard let difference = outcome.firstDifference else { continue }
      let margin = String(repeating: " ", count: width + 2)
      text += "\(margin)real: \(difference.expected)\n\(margin)ours: \(difference.actual)\n"
    }
    return text
      + row("total", "\(outcomes.map(\.expected.count).reduce(0, +))", "\(outcomes.map(\.matched).reduce(0, +))")
  }
}
