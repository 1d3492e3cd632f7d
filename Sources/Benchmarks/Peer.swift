import Glibc

/// Another program that does comparable work: it prints the nanoseconds of CPU time of one operation as first word.
struct Peer {
  let name: String
  /// nil if it cannot run here.
  private let command: String?
  private let arguments: String
  /// Why not.
  let missing: String?

  private init(_ name: String, _ command: String?, _ arguments: String, missing: String) {
    self.name = name
    self.command = command
    self.arguments = arguments
    self.missing = command == nil ? missing : nil
  }

  /// A C++ program of `Peers/`, compiled now by the toolchain's own compiler as release builds are.
  static func cxx(_ name: String, _ file: String, _ arguments: String, library: String = "") -> Peer {
    let binary = "\(Workspace.folder)/\(file)"
    let compile = "clang++ -O3 -std=c++17 -o '\(binary)' '\(Workspace.peers)/\(file).cpp' \(library)"
    let works = shell(compile).status == 0
    return Peer(name, works ? "'\(binary)'" : nil, arguments, missing: "not installed")
  }

  /// A Python program of `Peers/` that needs SimPy.
  static func simPy(_ file: String, _ arguments: String) -> Peer {
    let works = shell("python3 -c 'import simpy'").status == 0
    return Peer("SimPy", works ? "python3 '\(Workspace.peers)/\(file).py'" : nil, arguments, missing: "not installed")
  }

  /// nil if it does not run or prints something else.
  func run() -> Double? {
    guard let command else { return nil }
    let (output, status) = shell("\(command) \(arguments)")
    guard status == 0, let word = output.split(separator: " ").first else { return nil }
    return Double(word)
  }
}

/// Where peers are found and built.
enum Workspace {
  /// A new folder under /tmp that is removed at exit.
  static let folder: String = {
    var template = Array("/tmp/stasis-bench-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { preconditionFailure("no temporary folder can be made") }
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }()

  static func remove() { _ = shell("rm -rf '\(folder)'") }

  /// The folder above `Sources`, where this program was built from.
  static let repository = parent(of: parent(of: parent(of: "\(#filePath)")))

  static var peers: String { repository + "/Sources/Benchmarks/Peers" }

  /// The folder of the running program, where the other products of the build are too.
  static var products: String { parent(of: program) }

  static let program: String = {
    var buffer = [CChar](repeating: 0, count: 4096)
    let length = readlink("/proc/self/exe", &buffer, buffer.count)
    return String(decoding: buffer.prefix(max(0, length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }()

  private static func parent(of path: String) -> String {
    String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
  }
}

/// Runs a command with its messages suppressed and returns what it wrote to the standard output.
func shell(_ command: String) -> (output: String, status: Int32) {
  guard let pipe = popen("(\(command)) 2>/dev/null", "r") else { return ("", -1) }
  var bytes: [UInt8] = []
  while case let byte = fgetc(pipe), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
  return (String(decoding: bytes, as: UTF8.self), pclose(pipe))
}
