import Foundation

/// The lines the real kernel printed for a conformance program, by case.
struct ExpectedLines {
  private var lines: [String: String] = [:]

  init(program: String) throws {
    let folder = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let file = folder.appendingPathComponent("Conformance/expected/\(program).txt")
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1)
      if parts.count == 2 { lines[String(parts[0])] = String(parts[1]) }
    }
  }

  subscript(name: String) -> String? { lines[name] }
}

/// The linear congruential generator of the conformance programs.
struct ProgramRandom {
  private var state: UInt64

  init(seed: Int, factor: UInt64) {
    state = UInt64(seed) * factor
    for _ in 0..<5 { _ = next(2) }
  }

  mutating func next(_ bound: UInt64) -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state >> 33) % bound
  }
}
