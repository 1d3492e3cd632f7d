import CheckpointRestore
import Determinism
import FiascoKernel
import FiascoMachine
import Genode
import Scenarios
import Simulation

/// What it costs to simulate a checkpoint of large components, all of them children of one checkpointer.
///
/// A protection domain of 16.08 holds 128 threads and 4,096 capabilities; so what is large is spread over several
/// components, which are checkpointed one after the other.
enum CheckpointBench {
  /// What each component has, beside the three threads and some thirty capabilities of every component.
  struct Size {
    var components = 1
    /// Each brings two capabilities of its own. It waits for a signal: a timer would bring two more, and core, which
    /// counts its objects with 14 bits, would not have enough for all.
    var threads = 0
    /// Signal contexts: a capability each, and nothing else.
    var contexts = 0
    var dataspaces = 0
    var mebibytes = 0

    var ramMebibytes: Int { 16 + dataspaces / 128 + mebibytes }
  }

  struct Outcome {
    /// Of CPU time, for all checkpoints together.
    var nanoseconds = 0.0
    var totals = CheckpointTotals()
    var images = 0
  }

  /// When all components have come to rest, milliseconds of simulated time.
  private static let start: Int64 = 5_000

  /// From the order to the complete image.
  static func run(_ size: Size, _ lists: MetadataLists = .indexed) -> Outcome {
    guard var system = machine(size, lists) else { return Outcome() }
    let begin = Instant.zero + .milliseconds(start)
    _ = system.run(until: begin)
    _ = system.drainRecords()
    system.node.keepsRecords = false
    let before = processNanoseconds()
    var outcome = Outcome()
    for _ in 0..<4_000 where outcome.images < size.components {
      _ = system.run(until: system.now + .milliseconds(10))
      for record in system.drainRecords() {
        guard case .checkpoint(let event) = record.event else { continue }
        if case .phaseEnded(.write, _, let totals) = event { outcome.add(totals) }
        if case .imageWritten = event { outcome.images += 1 }
      }
    }
    outcome.nanoseconds = Double(processNanoseconds() - before)
    return outcome
  }

  private static func machine(_ size: Size, _ lists: MetadataLists) -> System? {
    let names = (0..<size.components).map { "flock\($0)" }
    let text = names.map { component($0, size) }.joined(separator: ", ")
    guard let parts = compiled("[ \(text) ]", ramQuota: UInt64(size.ramMebibytes) << 20)
    else { return nil }
    let platform = PlatformProfile.riscvVirt
    var configuration = CheckpointerConfiguration(
      targets: parts.targets,
      commands: names.map {
        TimedCommand(atMicroseconds: UInt64(start) * 1_000, .checkpoint(target: $0, as: $0))
      }, genodeCosts: .assumed(picosecondsPerCycle: platform.picosecondsPerCycle),
      costs: .assumed(picosecondsPerCycle: platform.picosecondsPerCycle))
    configuration.metadata = lists
    configuration.slotCount =
      1_000 + size.components * (200 + 4 * size.threads + 2 * size.dataspaces + size.contexts)
    let quota = parts.targets.reduce(UInt64(64 << 20)) { $0 + 2 * $1.ramQuota }
    return System(
      booting: [
        timer, ChildConfiguration(name: "rtcr", program: .native(.checkpointer), ramQuota: quota, priority: 100),
      ], files: parts.files, profile: .named(.modern), platform: platform,
      layout: MemoryLayout(bytes: quota + 256 << 20, kernelBytes: 128 << 20), checkpointer: configuration,
      coreCapabilities: 16 << 10)
  }

  private static var timer: ChildConfiguration {
    ChildConfiguration(name: "timer", program: .native(.timer), ramQuota: 1 << 20, priority: 120, provides: ["Timer"])
  }

  private static func component(_ name: String, _ size: Size) -> String {
    let bells = (0..<max(size.contexts, 1)).map { "{ \"await\": \"c\($0)\" }" }
    let threads = (0..<size.threads).map {
      let body = $0 == 0 ? bells.joined(separator: ", ") : bells[0]
      return "{ \"name\": \"t\($0)\", \"stack\": \"4KiB\", \"body\": [ \(body) ] }"
    }
    let wool = size.mebibytes > 0 ? ", \"wool\": { \"size\": \"\(size.mebibytes)MiB\", \"mapped\": true }" : ""
    return """
      { "name": "\(name)", "ram": "\(size.ramMebibytes)MiB",
        "dataspaces": { "bell": { "size": "4KiB" }\(wool) }, "variables": { "n": { "in": "bell", "initial": 0 } },
        "threads": [ \(threads.joined(separator: ", ")) ],
        "construct": [
          { "repeat": [ { "allocate": "4KiB", "as": "a" } ], "times": \(size.dataspaces) },
          { "log": "ready" }, { "sleep": "1000s" } ] }
      """
  }

  private static func compiled(
    _ components: String, ramQuota: UInt64
  ) -> (files: [BootFile], targets: [ChildConfiguration])? {
    let text = """
      { "title": "bench", "machine": { "platform": "riscv-virt", "kernel": "modern" }, "components": \(components) }
      """
    guard let scenario = try? parseScenario(bytes: Array(text.utf8), file: "bench.json").get() else { return nil }
    var files: [BootFile] = []
    var targets: [ChildConfiguration] = []
    for component in scenario.components {
      let options = CompilerOptions(kernel: .modern)
      guard let program = try? compileComponent(component, of: scenario, options: options) else { return nil }
      let name = component.name.text
      files.append(BootFile(name: name, bytes: program.elf))
      targets.append(ChildConfiguration(name: name, program: .elf(rom: name), ramQuota: ramQuota, priority: 60))
    }
    return (files, targets)
  }

  // MARK: Interposition

  /// How long a line to the LOG session takes, in simulated nanoseconds: as a child of init, and through the
  /// checkpointer.
  static func logLine(isInterposed: Bool) -> Double? {
    let component = #"[ { "name": "talker", "construct": [ { "forever": [ { "log": "x" } ] } ] } ]"#
    guard let parts = compiled(component, ramQuota: 4 << 20), let target = parts.targets.first else { return nil }
    let platform = PlatformProfile.riscvVirt
    let rtcr = ChildConfiguration(name: "rtcr", program: .native(.checkpointer), ramQuota: 24 << 20, priority: 100)
    var system = System(
      booting: [timer, isInterposed ? rtcr : target], files: parts.files, profile: .named(.modern), platform: platform,
      checkpointer: isInterposed
        ? CheckpointerConfiguration(
          targets: parts.targets, genodeCosts: .assumed(picosecondsPerCycle: platform.picosecondsPerCycle),
          costs: .assumed(picosecondsPerCycle: platform.picosecondsPerCycle)) : nil)
    _ = system.run(until: Instant.zero + .milliseconds(20))
    _ = system.drainRecords()
    _ = system.run(until: Instant.zero + .milliseconds(40))
    let lines = system.drainRecords().count { record in
      if case .genode(.logWritten(_, "x")) = record.event { true } else { false }
    }
    return lines > 0 ? 20e6 / Double(lines) : nil
  }
}

extension CheckpointBench.Outcome {
  fileprivate mutating func add(_ other: CheckpointTotals) {
    totals.threads += other.threads
    totals.capabilities += other.capabilities
    totals.pages += other.pages
    totals.nodes += other.nodes
  }
}
