import CheckpointRestore
import Determinism
import FiascoKernel
import FiascoMachine
import Genode
import Scenarios
import Simulation
import Testing

/// What a run with a checkpointer said and recorded.
struct CheckpointedRun {
  /// Lines of every component but init, in order.
  var logged: [(at: Instant, text: String)] = []
  var lines: [String] { logged.map(\.text) }
  var events: [(at: Instant, event: CheckpointEvent)] = []
  var warnings: [String] = []
  /// Of the component's priority, at the end.
  var threadsOnOtherCores = 0
  /// How often `Component::construct` began.
  var constructs = 0
  var images: [String: CheckpointImage] = [:]

  func at(_ matches: (CheckpointEvent) -> Bool) -> [Instant] { events.filter { matches($0.event) }.map(\.at) }
}

/// A scenario's components as children of a checkpointer, on a machine that is booted and run.
func runCheckpointed(
  _ components: String, commands: [TimedCommand], milliseconds: Int64, profile: KernelProfile.Name = .modern,
  forkingAtMicroseconds fork: Int64? = nil, quota: UInt64 = 24 << 20, release: GenodeRelease = .genode1608,
  cores: Int = 1, checkpointerCore: Int = 0, changes: [InitChange] = [],
  configure: (inout CheckpointerConfiguration) -> Void = { _ in }
) throws -> CheckpointedRun {
  let kernel = profile == .r67 ? "r67" : "modern"
  let text = """
    { "title": "test", "machine": { "platform": "riscv-virt", "kernel": "\(kernel)", "cores": \(cores) }, "components": \(components) }
    """
  let scenario = try parseScenario(bytes: Array(text.utf8), file: "test.json").get()
  var files: [BootFile] = []
  var targets: [ChildConfiguration] = []
  for component in scenario.components {
    let options = CompilerOptions(kernel: profile == .r67 ? .r67 : .modern)
    let program = try compileComponent(component, of: scenario, options: options)
    let name = component.name.text
    files.append(BootFile(name: name, bytes: program.elf))
    targets.append(
      ChildConfiguration(
        name: name, program: .elf(rom: name), ramQuota: 4 << 20, priority: 60,
        cpu: Int(component.core?.value ?? 0), provides: services(of: name)))
  }
  let platform = PlatformProfile.riscvVirt
  var configuration = CheckpointerConfiguration(
    targets: targets, commands: commands, genodeCosts: .assumed(picosecondsPerCycle: platform.picosecondsPerCycle),
    costs: .assumed(picosecondsPerCycle: platform.picosecondsPerCycle))
  configuration.kernelProfile = kernel
  configure(&configuration)
  let children = [
    ChildConfiguration(name: "timer", program: .native(.timer), ramQuota: 1 << 20, priority: 120, provides: ["Timer"]),
    ChildConfiguration(
      name: "rtcr", program: .native(.checkpointer), ramQuota: quota, priority: 100, cpu: checkpointerCore),
  ]
  var system = System(
    booting: children, files: files, profile: .named(profile), platform: platform,
    cores: cores, changes: changes, release: release, checkpointer: configuration)
  if let fork {
    _ = system.run(until: Instant.zero + TimeSpan.microseconds(fork))
    var other = system.fork()
    _ = other.run(until: Instant.zero + TimeSpan.milliseconds(milliseconds))
    _ = other.drainRecords()
  }
  _ = system.run(until: Instant.zero + TimeSpan.milliseconds(milliseconds))
  return collect(&system)
}

private func services(of component: String) -> [String] { component == "server" ? ["sum"] : [] }

private func collect(_ system: inout System) -> CheckpointedRun {
  var result = CheckpointedRun()
  for record in system.drainRecords() {
    switch record.event {
    case .checkpoint(let event): result.events.append((record.at, event))
    case .genode(.logWritten(let component, let text)) where component != "init":
      result.logged.append((record.at, text))
    case .genode(.warningPrinted(_, let text)): result.warnings.append(text)
    case .hint(_, MachineHint.construct.rawValue, _): result.constructs += 1
    default: break
    }
  }
  for index in system.node.kernel.threads.indices {
    let thread = system.node.kernel.threads[index]
    if thread.core > 0, thread.priority == 60 { result.threadsOnOtherCores += 1 }
  }
  for hosted in system.programs {
    guard case .checkpointer(let program) = hosted.program else { continue }
    for stored in program.checkpoints { result.images[stored.name] = stored.image }
  }
  return result
}

enum Components {
  /// Counts in a dataspace, one line every 10 ms.
  static let sheep = """
    [ { "name": "sheep", "ram": "1MiB", "dataspaces": { "flock": { "size": "4KiB" } },
        "variables": { "n": { "in": "flock", "initial": 0 } },
        "construct": [ { "forever": [
          { "set": "n", "to": "n + 1" }, { "log": "{n} sheep" }, { "sleep": "10ms" } ] } ] } ]
    """

  /// A server that adds up what it gets, and a client that calls it every 5 ms.
  static func sum(onError: String) -> String {
    """
    [ { "name": "server", "variables": { "total": 0, "amount": 0 },
        "construct": [ { "serve": "sum", "into": ["amount"], "on error": "\(onError)", "reply": ["total"],
          "handler": [ { "set": "total", "to": "total + amount" } ] } ] },
      { "name": "client", "variables": { "answer": 0, "error": 0 },
        "construct": [ { "forever": [
          { "call": "sum", "words": [1], "into": ["answer"], "error": "error" },
          { "log": "{answer} error {error}" }, { "sleep": "5ms" } ] } ] } ]
    """
  }

  /// A component with so many dataspaces of its own, all attached.
  static func many(dataspaces: Int) -> String {
    let list = (0..<dataspaces).map { "\"d\($0)\": { \"size\": \"4KiB\" }" }.joined(separator: ", ")
    return """
      [ { "name": "sheep", "ram": "1MiB", "dataspaces": { \(list) }, "variables": { "n": { "in": "d0", "initial": 0 } },
          "construct": [ { "forever": [ { "set": "n", "to": "n + 1" }, { "log": "{n} sheep" }, { "sleep": "10ms" } ] } ]
      } ]
      """
  }

  /// About the size of the counter of 2018: ten dataspaces with bytes of their own.
  static let profiled = many(dataspaces: 5)

  private static func counting(_ dataspaces: String, _ variables: String, _ more: String = "") -> String {
    """
    [ { "name": "sheep", "ram": "2MiB"\(more), "dataspaces": { \(dataspaces) }, "variables": { \(variables) },
        "construct": [ { "forever": [ { "set": "n", "to": "n + 1" }, { "log": "{n} sheep" }, { "sleep": "10ms" } ] } ] } ]
    """
  }

  /// The counter lies in the second of two dataspaces, which core attaches side by side.
  static let adjacent = counting(
    #""a": { "size": "4KiB" }, "b": { "size": "4KiB" }"#,
    #""m": { "in": "a", "initial": 0 }, "n": { "in": "b", "initial": 0 }"#)
  static let onCoreOne = counting(
    #""flock": { "size": "4KiB" }"#, #""n": { "in": "flock", "initial": 0 }"#, #", "core": 1"#)
  /// Beside the counter 256 KiB without a zero byte.
  static let large = counting(
    #""flock": { "size": "4KiB" }, "wool": { "size": "256KiB", "content": 255, "mapped": true }"#,
    #""n": { "in": "flock", "initial": 0 }"#)

  static let tiny = """
    [ { "name": "sheep", "ram": "1MiB", "construct": [ { "log": "tiny" }, { "sleep": "1s" } ] } ]
    """
}
