import Determinism
import Glibc
import Simulation

/// Memory of the simulator, as the operating system sees it: resident pages of a process that did nothing else before.
enum SizeBench {
  /// What such a process is asked for, by its first argument.
  enum Figure: String { case bytesPerThread = "bytes-per-thread", bytesPerUntouchedPage = "bytes-per-untouched-page" }

  /// Bytes, measured in a new process; nil if that fails.
  static func measure(_ figure: Figure) -> Double? {
    Double(shell("'\(Workspace.program)' \(figure.rawValue)").output.split(separator: "\n").first ?? "")
  }

  /// The new process.
  static func report(_ figure: Figure) {
    switch figure {
    case .bytesPerThread: print(bytesPerThread())
    case .bytesPerUntouchedPage: print(bytesPerUntouchedPage())
    }
  }

  private final class Machine {
    let system: System

    /// Without the code that set it up, and its decoded form.
    init(threads: Int) {
      var system = JobsBench.booted(tasks: threads, until: .milliseconds(50))
      for frame in 0..<JobsBench.program(tasks: threads).pages { system.node.kernel.memory.dropDecoration(frame) }
      self.system = system
    }
  }

  /// Bytes for each thread more, with its share of tables and UTCBs; supplies of the memory that nothing uses yet do
  /// not count.
  private static func bytesPerThread() -> Double {
    (bytes(threads: 120) - bytes(threads: 20)) / 100
  }

  /// Of one of many machines alive at once, since a single one is too small to be seen.
  private static func bytes(threads: Int) -> Double {
    let count = 64
    var machines: [Machine] = []
    machines.reserveCapacity(count)
    let before = residentBytes()
    for _ in 0..<count { machines.append(Machine(threads: threads)) }
    let resident = Double(residentBytes() - before) / Double(count)
    guard let last = machines.last else { return 0 }
    return withExtendedLifetime(machines) {
      let memory = Double(last.system.node.kernel.memory.familyBytes)
      let frames = last.system.node.kernel.memory.touchedFrames - JobsBench.program(tasks: threads).pages
      return resident - memory + Double(frames) * 4160
    }
  }

  /// Bytes for each simulated page that nobody has touched.
  private static func bytesPerUntouchedPage() -> Double {
    let before = residentBytes()
    let frames = 1 << 28
    let memory = PagedMemory(frames: frames)
    return withExtendedLifetime(memory) { Double(residentBytes() - before) / Double(frames) }
  }

  private static func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 128)
    guard fgets(&buffer, 128, file) != nil else { return 0 }
    let fields = String(decoding: buffer.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(separator: " ")
    return (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE))
  }
}
