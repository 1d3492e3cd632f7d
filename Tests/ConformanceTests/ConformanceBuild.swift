import ELFFiles
import Foundation

/// The programs as executables, compiled once in a test run.
enum ConformanceBuild {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  static func executable(_ program: ConformanceProgram) throws -> ExecutableImage {
    guard let bytes = try files.get()[program.name] else {
      throw Failure(description: "there is no conformance program \(program.name)")
    }
    return try ExecutableImage(bytes: bytes)
  }

  /// Bytes of the ELF files by name of the program.
  private static let files = Result { try build() }

  private static func build() throws -> [String: [UInt8]] {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("stasis-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try compile(into: folder)
    var files: [String: [UInt8]] = [:]
    for program in ConformanceProgram.all {
      files[program.name] = [UInt8](try Data(contentsOf: folder.appendingPathComponent("\(program.name).elf")))
    }
    return files
  }

  private static func compile(into folder: URL) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = [ConformanceProgram.folder.appendingPathComponent("build.sh").path]
    process.environment = ProcessInfo.processInfo.environment.merging(["OUT": folder.path]) { $1 }
    let pipe = Pipe()
    process.standardError = pipe
    try process.run()
    let messages = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(
        description: "the conformance programs were not built: \(String(decoding: messages, as: UTF8.self))")
    }
  }
}
