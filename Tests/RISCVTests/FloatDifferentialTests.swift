import Determinism
import Foundation
import RISCV
import Testing

/// The window a float program leaves, by our interpreter.
private func ownWindow(_ program: FloatProgram) -> [UInt8] {
  let pages = Int(ProgramGenerator.window) / 4096 + (program.window.count + 4095) / 4096
  var machine = TestMachine(pages: pages)
  machine.load(program.code, at: ProgramGenerator.base)
  machine.load(program.window, at: ProgramGenerator.window)
  machine.registers.pc = ProgramGenerator.base
  var float = FloatRegisters()
  let exit = machine.run(float: &float, budget: 1_000_000_000)
  #expect(exit.reason == .systemCall)
  return machine.bytes(ProgramGenerator.window..<(ProgramGenerator.window + UInt64(program.window.count)))
}

private func word(_ bytes: [UInt8], _ offset: Int) -> UInt64 {
  bytes[offset..<(offset + 8)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
}

private func hex(_ value: UInt64) -> String { String(value, radix: 16) }

/// FNV-1a.
private func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 {
  bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
}

/// One line for each case: its name and a digest of all results and flags.
private func digests(_ window: [UInt8], _ program: FloatProgram) -> [String] {
  FloatCase.all.enumerated().map { index, one in
    let start = program.resultsAt + index * program.caseBytes
    return "\(one.name) \(hex(hash(window[start..<(start + program.caseBytes)])))"
  }
}

/// Results and flags of every floating-point instruction against another implementation.
@Suite struct FloatDifferentialTests {
  private static let isUpdating = ProcessInfo.processInfo.environment["UPDATE_GOLDENS"] != nil
  private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
    "Vectors/float.txt")
  private static let stored = FloatProgram(seed: 77, count: 300)

  @Test(
    .enabled(if: ExternalTools.qemu != nil, "qemu-riscv64 (package qemu-user) is not installed"),
    arguments: [1, 2] as [UInt64])
  func `every instruction and rounding mode gives the bits and flags that qemu gives`(seed: UInt64) throws {
    let program = FloatProgram(seed: seed, count: 1000)
    #expect(FloatCase.all.count * 1000 > 200_000)
    let ours = ownWindow(program)
    let theirs = try qemuResult(code: program.code, window: program.window)
    try #require(ours.count == theirs.count)
    if ours == theirs { return }
    report(ours, theirs, program)
  }

  /// The first difference of each case: the windows are too long to print.
  private func report(_ ours: [UInt8], _ theirs: [UInt8], _ program: FloatProgram) {
    for (index, one) in FloatCase.all.enumerated() {
      let start = program.resultsAt + index * program.caseBytes
      let table = [FloatCase.Operands.single, .double, .integer].firstIndex(of: one.operands) ?? 0
      let differing = (0..<program.count).filter { number in
        let place = start + number * FloatProgram.resultBytes
        return ours[place..<(place + 16)] != theirs[place..<(place + 16)]
      }
      guard let first = differing.first else { continue }
      let operands = (0..<3).map { hex(word(program.window, (table * program.count + first) * 24 + $0 * 8)) }
      let place = start + first * FloatProgram.resultBytes
      let (us, them) = [ours, theirs].map { "\(hex(word($0, place))) fcsr \(hex(word($0, place + 8)))" }.pair
      Issue.record("\(one.name): \(differing.count) differ; \(operands) ours \(us), theirs \(them)")
    }
  }

  @Test(.enabled(if: !isUpdating, "the digests are being made"))
  func `the digests of results stored from qemu are ours too`() throws {
    let lines = try String(contentsOf: Self.file, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }
    let ours = digests(ownWindow(Self.stored), Self.stored)
    #expect(lines.count == ours.count)
    for (mine, line) in zip(ours, lines) { #expect(mine == line) }
  }

  @Test(.enabled(if: isUpdating, "only with UPDATE_GOLDENS=1")) func `digests are made by qemu`() throws {
    let window = try qemuResult(code: Self.stored.code, window: Self.stored.window)
    let head =
      "# Digests of results and flags under qemu-riscv64; see FloatDifferentialTests.swift. Made by update.sh.\n"
    let text = head + digests(window, Self.stored).joined(separator: "\n") + "\n"
    try text.write(to: Self.file, atomically: true, encoding: .utf8)
  }
}

extension [String] {
  fileprivate var pair: (String, String) { (self[0], self[1]) }
}
