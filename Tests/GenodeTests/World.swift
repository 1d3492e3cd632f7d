import Determinism
import FiascoKernel
import FiascoMachine
import Genode
import Simulation

/// What a run of some components said and recorded.
struct Run {
  /// Lines of the components, and those of init.
  var lines: [String] = []
  var initLines: [String] = []
  var warnings: [String] = []
  var events: [GenodeEvent] = []
  /// Addresses of all page faults, in order.
  var faults: [UInt64] = []
  /// When each component line was written.
  var times: [Instant] = []
  var exit = SystemExit.quiet
}

extension KernelProfile {
  static func of(_ name: Name) -> KernelProfile { named(name) }
}

/// Boots the timer and the given C components and runs them.
func run(
  _ sources: [(name: String, source: String)], milliseconds: Int64 = 200, profile: KernelProfile = .modern,
  provides: [String: [String]] = [:], quota: UInt64 = 4 << 20, release: GenodeRelease = .genode1608,
  changes: [InitChange] = [], cpus: [String: Int] = [:]
) throws -> Run {
  let timer = ChildConfiguration(name: "timer", program: .native(.timer), ramQuota: 1 << 20, provides: ["Timer"])
  var children = [timer]
  var files: [BootFile] = []
  for (name, source) in sources {
    files.append(BootFile(name: name + ".elf", bytes: try CompiledComponent.build(source)))
    children.append(
      ChildConfiguration(
        name: name, program: .elf(rom: name + ".elf"), ramQuota: quota, priority: 100, cpu: cpus[name] ?? 0,
        provides: provides[name] ?? []))
  }
  var system = System(
    booting: children, files: files, profile: profile, platform: .riscvVirt,
    cores: 1 + (cpus.values.max() ?? 0), changes: changes, release: release)
  var result = Run()
  result.exit = system.run(until: .zero + .milliseconds(milliseconds))
  for record in system.drainRecords() {
    if case .kernel(.pageFaulted(_, let address, _)) = record.event { result.faults.append(address) }
    guard case .genode(let event) = record.event else { continue }
    result.events.append(event)
    if case .logWritten(let component, let text) = event {
      if component == "init" {
        result.initLines.append(text)
      } else {
        result.lines.append(text)
        result.times.append(record.at)
      }
    }
    if case .warningPrinted(_, let text) = event { result.warnings.append(text) }
  }
  return result
}
