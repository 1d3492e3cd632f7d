import Determinism
import Foundation
import RISCV
import Testing

/// Small programs with the results qemu gave, kept in the repository: the comparison with another implementation where
/// qemu is absent. `Vectors/update.sh` makes them.
struct GoldenVector: Equatable {
  var seed: UInt64
  var code: [UInt8]
  /// x0 ... x31 as the program saved them.
  var registers: [UInt64]
  /// FNV-1a of the whole window.
  var windowHash: UInt64

  static let seeds: [UInt64] = [101, 102, 103, 104, 105, 106, 107, 108]

  init(seed: UInt64, code: [UInt8], window: [UInt8]) {
    self.seed = seed
    self.code = code
    registers = (0..<32).map { register in
      window[(8192 + 1024 + register * 8)...].prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    windowHash = window.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }

  /// The lines `seed`, `code`, `registers`, `window`, each with its values in hexadecimal.
  init?(lines: [Substring]) {
    let fields = lines.map { $0.split(separator: " ").dropFirst() }
    guard fields.count == 4, let seed = fields[0].first.flatMap({ UInt64($0) }), let code = fields[1].first,
      let hash = fields[3].first.flatMap({ UInt64($0, radix: 16) })
    else { return nil }
    self.seed = seed
    let digits = Array(code)
    self.code = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
      UInt8(String(digits[$0...($0 + 1)]), radix: 16)
    }
    registers = fields[2].compactMap { UInt64($0, radix: 16) }
    windowHash = hash
  }

  var text: String {
    let hex = code.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    let values = registers.map { String($0, radix: 16) }.joined(separator: " ")
    return "seed \(seed)\ncode \(hex)\nregisters \(values)\nwindow \(String(windowHash, radix: 16))\n"
  }

  static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
    "Vectors/qemu.txt")

  static func all() throws -> [GoldenVector] {
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }
    return stride(from: 0, to: lines.count, by: 4).compactMap {
      GoldenVector(lines: Array(lines[$0..<min($0 + 4, lines.count)]))
    }
  }
}

@Suite struct GoldenVectorTests {
  static let isUpdating = ProcessInfo.processInfo.environment["UPDATE_GOLDENS"] != nil

  @Test(.enabled(if: !isUpdating, "the vectors are being made"))
  func `stored programs leave what they left under qemu`() throws {
    let vectors = try GoldenVector.all()
    #expect(vectors.map(\.seed) == GoldenVector.seeds)
    for vector in vectors {
      var slices = SeededGenerator(seed: vector.seed)
      let window = ProgramGenerator.windowContents(seed: vector.seed)
      let ours = ownResult(code: vector.code, window: window, slices: &slices)
      #expect(GoldenVector(seed: vector.seed, code: vector.code, window: ours.window) == vector)
    }
  }

  @Test(.enabled(if: isUpdating, "only with UPDATE_GOLDENS=1")) func `vectors are made by qemu`() throws {
    var text =
      "# Random programs and their results under qemu-riscv64; see GoldenVectorTests.swift. Made by update.sh.\n"
    for seed in GoldenVector.seeds {
      let code = ProgramGenerator.program(seed: seed, instructions: 250)
      let window = try qemuResult(code: code, window: ProgramGenerator.windowContents(seed: seed))
      text += GoldenVector(seed: seed, code: code, window: window).text
    }
    try text.write(to: GoldenVector.file, atomically: true, encoding: .utf8)
  }
}
