import Determinism
import ELFFiles
import FiascoKernel
import FiascoMachine
import Genode
import Simulation

@testable import Scenarios

/// A scenario's components compiled and run on the simulated kernel; for tests of the compiler, without a timeline.
struct PlayedScenario {
  var log: [(component: String, text: String)] = []
  var hints: [(at: Instant, kind: UInt64, operand: UInt64)] = []
  var exit = SystemExit.reached
  var events: [(at: Instant, event: GenodeEvent)] = []

  func lines(_ component: String) -> [String] {
    log.filter { $0.component.hasSuffix(component) }.map(\.text)
  }

  enum Failure: Error { case invalid(ScenarioErrors) }

  static func parse(_ json: String) throws -> Scenario {
    switch parseScenario(bytes: Array(json.utf8), file: "test.json") {
    case .success(let scenario): return scenario
    case .failure(let errors): throw Failure.invalid(errors)
    }
  }

  /// All components as children of init, with a timer beside them.
  static func genode(_ json: String, _ kernel: KernelChoice, until limit: TimeSpan) throws -> PlayedScenario {
    let scenario = try parse(json)
    var children = [
      ChildConfiguration(name: "timer", program: .native(.timer), ramQuota: 1 << 20, provides: ["Timer"])
    ]
    var files: [BootFile] = []
    for component in scenario.components {
      let program = try compileComponent(component, of: scenario, options: CompilerOptions(kernel: kernel))
      files.append(BootFile(name: component.name.text, bytes: program.elf))
      children.append(
        ChildConfiguration(
          name: component.name.text, program: .elf(rom: component.name.text),
          ramQuota: UInt64(component.ram?.bytes ?? 4 << 20), priority: Int(component.priority?.value ?? 100),
          provides: component.declared.services.map(\.text)))
    }
    var system = System(
      booting: children, files: files, profile: kernel == .r67 ? .r67 : .modern, platform: .riscvVirt)
    return play(&system, until: limit)
  }

  /// One ELF file as a child of init.
  static func program(_ name: String, _ elf: [UInt8], _ kernel: KernelChoice, until limit: TimeSpan) -> PlayedScenario {
    let children = [
      ChildConfiguration(name: "timer", program: .native(.timer), ramQuota: 1 << 20, provides: ["Timer"]),
      ChildConfiguration(name: name, program: .elf(rom: name), ramQuota: 4 << 20, priority: 100),
    ]
    var system = System(
      booting: children, files: [BootFile(name: name, bytes: elf)], profile: kernel == .r67 ? .r67 : .modern,
      platform: .riscvVirt)
    return play(&system, until: limit)
  }

  static func bare(_ json: String, _ kernel: KernelChoice, until limit: TimeSpan) throws -> PlayedScenario {
    let scenario = try parse(json)
    let program = try compileBareScenario(scenario, options: CompilerOptions(kernel: kernel))
    var system = bootedSystem(
      executable: try ExecutableImage(bytes: program.elf), profile: kernel == .r67 ? .r67 : .modern,
      platform: .riscvVirt)
    var played = play(&system, until: limit)
    for line in String(decoding: system.node.kernel.console, as: UTF8.self).split(separator: "\n") {
      played.log.append(("console", String(line)))
    }
    return played
  }

  private static func play(_ system: inout System, until limit: TimeSpan) -> PlayedScenario {
    var played = PlayedScenario()
    played.exit = system.run(until: .zero + limit)
    for record in system.drainRecords() {
      switch record.event {
      case .genode(.logWritten(let component, let text)): played.log.append((component, text))
      case .genode(let event): played.events.append((record.at, event))
      case .hint(_, let kind, let value): played.hints.append((record.at, kind, value))
      default: break
      }
    }
    return played
  }
}
