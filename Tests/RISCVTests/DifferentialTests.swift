import Determinism
import Foundation
import RISCV
import Testing

/// What a generated program leaves in its window, by our interpreter.
func ownResult(code: [UInt8], window: [UInt8], slices: inout SeededGenerator) -> (window: [UInt8], retired: UInt64) {
  var machine = TestMachine(pages: ProgramGenerator.memoryPages)
  machine.load(code, at: ProgramGenerator.base)
  machine.load(window, at: ProgramGenerator.window)
  machine.registers.pc = ProgramGenerator.base
  var retired: UInt64 = 0
  while true {
    let budget = slices.next(below: 2) == 0 ? 100_000 : 1 + slices.next(below: 50 as UInt64)
    let exit = machine.run(budget: budget)
    retired += exit.retired
    switch exit.reason {
    case .budget:
      #expect(exit.retired == budget)
      if retired < 10_000_000 { continue }
      Issue.record("the program does not end")
    case .systemCall: break
    default: Issue.record("\(exit.reason) at \(String(machine.registers.pc, radix: 16))")
    }
    let range = ProgramGenerator.window..<(ProgramGenerator.window + UInt64(ProgramGenerator.windowBytes))
    return (machine.bytes(range), retired)
  }
}

/// The same by qemu.
func qemuResult(code: [UInt8], window: [UInt8]) throws -> [UInt8] {
  let qemu = try #require(ExternalTools.qemu)
  return try ExternalTools.withTemporaryFolder { folder in
    let path = folder.appendingPathComponent("program").path
    let bytes = Data(executable(code: code, window: window))
    _ = FileManager.default.createFile(atPath: path, contents: bytes, attributes: [.posixPermissions: 0o755])
    let (output, status) = try ExternalTools.run(qemu, [path])
    #expect(status == 0)
    return output
  }
}

/// Says which registers and bytes differ: the whole windows are too long to print.
func expectEqualWindows(_ ours: [UInt8], _ theirs: [UInt8], seed: UInt64) {
  #expect(ours.count == theirs.count, "seed \(seed)")
  guard ours != theirs, ours.count == theirs.count else { return }
  let saved = 8192 + 1024
  for register in Register.allCases {
    let place = (saved + register.number * 8)..<(saved + register.number * 8 + 8)
    #expect(ours[place] == theirs[place], "seed \(seed), register \(register)")
  }
  let differing = ours.indices.filter { ours[$0] != theirs[$0] }
  Issue.record("seed \(seed): \(differing.count) bytes differ, first at \(differing.first ?? 0)")
}

@Suite struct DifferentialTests {
  @Test(
    .enabled(if: ExternalTools.qemu != nil, "qemu-riscv64 (package qemu-user) is not installed"),
    arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func `random programs leave the same registers and memory as under qemu`(seed: UInt64) throws {
    let code = ProgramGenerator.program(seed: seed, instructions: 3000)
    let window = ProgramGenerator.windowContents(seed: seed)
    var slices = SeededGenerator(seed: seed)
    let ours = ownResult(code: code, window: window, slices: &slices)
    #expect(ours.retired > 3000)
    expectEqualWindows(ours.window, try qemuResult(code: code, window: window), seed: seed)
  }
}
