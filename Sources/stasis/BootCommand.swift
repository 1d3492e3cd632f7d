import ArgumentParser
import Determinism
import ELFFiles
import FiascoKernel
import FiascoMachine
import Scenarios
import Simulation

struct BootCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "boot", abstract: "Boot a bare riscv64 ELF file as the first task and print the kernel's log.",
    discussion: """
      The program gets what the real kernel gives its root task: its task, thread, factory, log and scheduler in the \
      usual slots, and a pager that maps its own image. The conformance programs print here what they print there.

      EXAMPLES
        stasis boot Tests/Conformance/out/11-checkpoint.elf
        stasis boot program.elf --kernel r67 --until 200ms
      """)

  @Argument(help: "A static riscv64 ELF executable.", completion: .file())
  var elf: String

  @Option(help: "The kernel: modern or r67.")
  var kernel: KernelChoice = .modern

  @Option(help: "The platform: \(PlatformChoice.builtInNames.joined(separator: " or ")).")
  var platform: String = "riscv-virt"

  @Option(help: "Simulated time after which the machine is switched off.")
  var until: Duration = Duration(span: .seconds(5))

  @Option(help: "How many cores the machine has, 1 to 64.")
  var cores: Int = 1

  @Option(help: TraceOutput.help, completion: .file(extensions: ["jsonl", "txt"]))
  var traceKernel: String?

  func validate() throws {
    guard Kernel.coreRange.contains(cores) else {
      throw ValidationError("A machine has 1 to 64 cores, not \(cores).")
    }
    guard PlatformProfile.named(platform) == nil else { return }
    throw ValidationError(
      "There is no platform '\(platform)'; there are \(PlatformChoice.builtInNames.joined(separator: ", ")).")
  }

  func run() throws {
    let executable: ExecutableImage
    do { executable = try ExecutableImage(bytes: readFile(elf)) } catch { throw Failure.badInput("\(elf): \(error)") }
    try checkPlaces(of: executable)
    guard let platform = PlatformProfile.named(platform) else { return }
    var system = bootedSystem(
      executable: executable, profile: kernel == .r67 ? .r67 : .modern, platform: platform, cores: cores)
    system.node.keepsRecords = false
    let trace = try traceKernel.map(TraceOutput.init)
    let watcher = trace?.watcher
    watcher?.begin(&system)
    let ending = play(&system, watcher)
    try trace?.finish()
    if let ending { throw ending }
  }

  /// The boot loader copies segments to physical addresses: all of them must be RAM.
  private func checkPlaces(of executable: ExecutableImage) throws {
    let layout = MemoryLayout()
    for segment in executable.segments {
      let (end, overflow) = segment.address.addingReportingOverflow(UInt64(segment.fileBytes.count))
      guard segment.address < layout.base || overflow || end > layout.end else { continue }
      throw Failure.badInput(
        "\(elf): the segment at \(hexadecimal(segment.address)) does not fit into the RAM from "
          + "\(hexadecimal(layout.base)) to \(hexadecimal(layout.end))")
    }
  }

  private func hexadecimal(_ address: UInt64) -> String { "0x" + String(address, radix: 16) }

  /// In slices, so that a reader sees the lines when they are written. Returns what went wrong.
  private func play(_ system: inout System, _ watcher: KernelWatcher?) -> Failure? {
    let end = Instant.zero + until.span
    while true {
      let exit = system.run(until: min(end, system.now + .milliseconds(10)))
      Terminal.write(String(decoding: system.node.kernel.console, as: UTF8.self))
      system.node.kernel.console.removeAll(keepingCapacity: true)
      watcher?.take(&system)
      switch exit {
      case .reached: if system.now >= end { return nil }
      case .quiet: return nil
      case .stopped(let reason): return Failure(code: .stuck, message: "the kernel stopped: \(reason)")
      case .limit(let name): return Failure(code: .limitHit, message: "the limit `\(name)` was hit")
      }
    }
  }
}

extension KernelChoice: ExpressibleByArgument {}

/// A span of simulated time as scenarios write it: "250us".
struct Duration: ExpressibleByArgument {
  var span: TimeSpan

  init(span: TimeSpan) { self.span = span }

  init?(argument: String) {
    guard let picoseconds = parsedDuration(argument) else { return nil }
    span = .picoseconds(picoseconds)
  }

  var defaultValueDescription: String { "\(span)".filter { $0 != " " } }
}
