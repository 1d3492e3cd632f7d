import Foundation
import RISCV

/// Programs of others that the tests compare with. A test that needs one is skipped, visibly, where it is absent.
enum ExternalTools {
  static let qemu = find("qemu-riscv64")
  static let clang = inToolchain("clang")
  static let objdump = inToolchain("llvm-objdump")
  static let objcopy = inToolchain("llvm-objcopy")

  private static func find(_ name: String) -> String? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return path.split(separator: ":").map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// The compiler of the Swift toolchain knows RISC-V; another one on the path may not.
  private static func inToolchain(_ name: String) -> String? {
    guard let swift = find("swift") else { return nil }
    let folder = URL(fileURLWithPath: swift).resolvingSymlinksInPath().deletingLastPathComponent()
    let path = folder.appendingPathComponent(name).path
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }

  /// Standard output and exit status.
  static func run(_ program: String, _ arguments: [String]) throws -> (output: [UInt8], status: Int32) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.standardError
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return ([UInt8](output), process.terminationStatus)
  }

  /// Calls `body` with a new folder that is removed afterwards.
  static func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("stasis-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }
}

/// The least ELF executable that Linux loads: one segment for code, one for the window, both with all rights.
func executable(code: [UInt8], window: [UInt8]) -> [UInt8] {
  var file = Assembler(base: 0)
  file.data([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0] + [UInt8](repeating: 0, count: 8))
  file.half(2)
  file.half(243)
  file.word(1)
  file.double(ProgramGenerator.base)
  file.double(64)
  file.double(0)
  file.word(1)
  for value: UInt16 in [64, 56, 2, 0, 0, 0] { file.half(value) }
  var offset: UInt64 = 4096
  for (address, count) in [(ProgramGenerator.base, code.count), (ProgramGenerator.window, window.count)] {
    file.word(1)
    file.word(7)
    for value in [offset, address, address, UInt64(count), UInt64(count), 4096] { file.double(value) }
    offset += (UInt64(count) + 4095) & ~4095
  }
  file.align(4096)
  file.data(code)
  file.align(4096)
  file.data(window)
  return file.bytes
}
