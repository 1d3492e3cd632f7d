import Foundation
import Testing

/// `--trace-kernel` as a user sees it.
@Suite struct TraceCommandTests {
  private static let scenario = "Scenarios/faults/page-fault-and-pager.json"

  private func inFolder<T>(_ body: (URL) throws -> T) throws -> T {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("stasis-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }

  @Test(arguments: ["t.jsonl", "t.txt"]) func `two processes write the same bytes`(_ name: String) throws {
    try inFolder { folder in
      let path = folder.appendingPathComponent(name)
      var found: [Data] = []
      for _ in 0..<2 {
        let result = try Command.run(["run", Self.scenario, "--trace-kernel", path.path])
        #expect(result.exitCode == 0 && result.errors.isEmpty)
        found.append(try Data(contentsOf: path))
      }
      #expect(found[0] == found[1] && found[0].count > 1000)
      let start = name == "t.txt" ? "  number " : #"{"format":"stasis-kernel-trace""#
      #expect(String(decoding: found[0], as: UTF8.self).hasPrefix(start))
      // No temporary file is left.
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [name])
    }
  }

  @Test func `the trace can go to standard output, before the report`() throws {
    let result = try Command.run(["run", Self.scenario, "--trace-kernel", "-"])
    let plain = try Command.run(["run", Self.scenario])
    #expect(result.output.hasPrefix("  number ") && result.output.hasSuffix(plain.output))
    let refused = try Command.run(["run", Self.scenario, "--json", "--trace-kernel", "-"])
    #expect(refused.exitCode == 2 && refused.errors.contains("standard output"))
  }

  @Test func `a path that cannot be written is told before the run`() throws {
    try inFolder { folder in
      let path = folder.appendingPathComponent("none/t.jsonl").path
      let result = try Command.run(["run", Self.scenario, "--trace-kernel", path])
      #expect(result.exitCode == 2 && result.output.isEmpty)
      #expect(result.errors.hasPrefix(path + ": cannot open: No such file"), "\(result.errors)")
    }
  }

  @Test func `a booted program is traced too`() throws {
    try inFolder { folder in
      let path = folder.appendingPathComponent("t.txt")
      let program = folder.appendingPathComponent("program.elf")
      try Self.executable(at: 0x8000_0078).write(to: program)
      let result = try Command.run(["boot", program.path, "--until", "1ms", "--trace-kernel", path.path])
      #expect(result.exitCode == 0 && result.output.isEmpty, "\(result.errors)")
      let trace = try String(contentsOf: path, encoding: .utf8)
      #expect(trace.contains("newo=1 ") && trace.contains("trapno=3 "))
    }
  }

  @Test(arguments: [0x1078, 0x7fff_f078, 0x9000_0078] as [UInt64])
  func `a program for other memory is refused`(_ address: UInt64) throws {
    try Command.withFile("program.elf", Self.executable(at: address)) { path in
      let result = try Command.run(["boot", path])
      #expect(result.exitCode == 2 && result.errors.contains("does not fit into the RAM"), "\(result.errors)")
    }
  }

  /// A static riscv64 program of one instruction, a breakpoint.
  private static func executable(at address: UInt64) -> Data {
    var bytes: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
    func append<Value: FixedWidthInteger>(_ values: Value...) {
      for value in values { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
    }
    // Kind, machine, version, entry, headers, flags, sizes.
    append(2 as UInt16, 243)
    append(1 as UInt32)
    append(address, 64, 0)
    append(0 as UInt32)
    append(64 as UInt16, 56, 1, 0, 0, 0)
    // One segment: readable and executable, the whole file from the code on.
    append(1 as UInt32, 5)
    append(120, address, address, 4, 4, 4096 as UInt64)
    append(0x0010_0073 as UInt32)
    return Data(bytes)
  }
}
