import Determinism
import ELFFiles
import Foundation
import Genode
import Simulation
import Testing

@testable import Scenarios

/// Programs of the toolchain read what the compiler writes, and compile what the loader runs.
@Suite struct ProgramFileTests {
  private static func tool(_ name: String) -> String? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return path.split(separator: ":").map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  private static func run(_ program: String, _ arguments: [String]) throws -> (output: String, status: Int32) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (String(decoding: output, as: UTF8.self), process.terminationStatus)
  }

  private static func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("stasis-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }

  @Test(.enabled(if: tool("llvm-objdump") != nil, "needs llvm-objdump"))
  func `a disassembler knows every instruction but our own`() throws {
    let objdump = try #require(Self.tool("llvm-objdump"))
    let component = ComponentTests.sheepCounter()
    let program = try compileComponent(
      component, of: emptyScenario([component]), options: CompilerOptions(kernel: .modern))
    try Self.withFolder { folder in
      let file = folder.appendingPathComponent("sheep.elf")
      try Data(program.elf).write(to: file)
      let (output, status) = try Self.run(objdump, ["-d", file.path])
      #expect(status == 0)
      #expect(output.contains("<sheep_counter.construct>:"))
      #expect(output.contains("<ipc_call>:"))
      let unknown = output.split(separator: "\n").filter { $0.contains("<unknown>") }
      // Only the hints: at the entry of construct and at the end of a thread.
      #expect(unknown.allSatisfy { $0.contains("0b") || $0.contains("8b") })
      #expect(unknown.count <= 3, "\(unknown)")
    }
  }

  /// Tests/Programs: the same component in C, with a library of its own; and one that computes in floating point.
  @Test(.enabled(if: tool("swift") != nil, "needs clang of the Swift toolchain"), arguments: KernelChoice.allCases)
  func `components in C run, with integers and with floating point`(_ kernel: KernelChoice) throws {
    let programs = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Programs")
    try Self.withFolder { folder in
      let build = programs.appendingPathComponent("build.sh").path
      #expect(try Self.run("/bin/bash", [build, folder.path]).status == 0)
      let elf = try [UInt8](Data(contentsOf: folder.appendingPathComponent("counter.elf")))
      let played = PlayedScenario.program("counter", elf, kernel, until: .milliseconds(3500))
      #expect(played.lines("counter") == (1...4).map { "\($0) sheep. zzZ" })

      let mean = try [UInt8](Data(contentsOf: folder.appendingPathComponent("mean.elf")))
      let means = ["1.00", "2.50", "4.67", "7.50"].enumerated().map { "\($0 + 1) samples, mean \($1)" }
      #expect(PlayedScenario.program("mean", mean, kernel, until: .milliseconds(3500)).lines("mean") == means)
    }
  }
}
