import Determinism
import FiascoABI
import FiascoKernel
import Scenarios

@testable import Genode
@testable import Simulation

/// A component as the scenario compiler makes it, run as a child of init: the start-up of Genode with its three threads.
final class StandardWorld {
  var system: System
  var records: [SystemRecord] = []

  init(_ component: String, milliseconds: Int64 = 60, profile: KernelProfile.Name = .modern) throws {
    let kernel = profile == .r67 ? "r67" : "modern"
    let text = """
      { "title": "test", "machine": { "platform": "riscv-virt", "kernel": "\(kernel)" }, "components": [\(component)] }
      """
    let scenario = try parseScenario(bytes: Array(text.utf8), file: "test.json").get()
    var files: [BootFile] = []
    var children = [
      ChildConfiguration(name: "timer", program: .native(.timer), ramQuota: 1 << 20, provides: ["Timer"])
    ]
    for component in scenario.components {
      let options = CompilerOptions(kernel: profile == .r67 ? .r67 : .modern)
      let name = component.name.text
      files.append(BootFile(name: name, bytes: try compileComponent(component, of: scenario, options: options).elf))
      children.append(ChildConfiguration(name: name, program: .elf(rom: name), ramQuota: 4 << 20, priority: 100))
    }
    system = System(booting: children, files: files, profile: .named(profile), platform: .riscvVirt)
    _ = system.run(until: .zero + .milliseconds(milliseconds))
    records = system.drainRecords()
  }

  /// Core's tables as they are now.
  var core: Core {
    for hosted in system.programs { if case .core(let core) = hosted.program { return core } }
    preconditionFailure("every Genode machine has a core")
  }

  /// Changes core's tables, as if other requests had been made, and runs on.
  func run(milliseconds: Int64, changing change: (inout Core) -> Void) {
    for index in system.programs.indices {
      guard case .core(var core) = system.programs[index].program else { continue }
      change(&core)
      system.programs[index].program = .core(core)
    }
    _ = system.run(until: system.now + .milliseconds(milliseconds))
    records += system.drainRecords()
  }

  var lines: [String] {
    genodeEvents.compactMap { if case .logWritten(_, let text) = $0 { text } else { nil } }
  }

  /// Row of the component's protection domain.
  func pd(of name: String) -> Int { core.pds.live.first { core.pds[$0].label == "init -> \(name)" } ?? -1 }

  /// The kernel's task behind a protection domain.
  func task(of pd: Int) -> TaskID {
    let owner = system.programs.first { if case .core = $0.program { true } else { false } }?.task ?? .none
    let slot = UInt64(core.pds[pd].task.index)
    guard let capability = system.node.kernel.capability(of: owner, at: slot) else { return .none }
    return TaskID(Int(system.node.kernel.objects[capability.object.slot].index))
  }

  func hasCapability(_ task: TaskID, at slot: UInt64) -> Bool {
    system.node.kernel.capability(of: task, at: slot) != nil
  }

  /// Entry of the component's own capability map.
  func capMapWord(_ pd: Int, slot: UInt64) -> UInt64 {
    let address = core.pds[pd].capMapAddress + slot * CapMapLayout.entrySize
    guard let page = system.node.kernel.translate(task(of: pd), address) else { return 0 }
    return system.node.kernel.memory.load(frame: page.frame, offset: Int(address % 4096), as: UInt64.self)
  }

  /// The slot under which the component knows a badge.
  func slot(_ pd: Int, ofBadge badge: UInt64) -> UInt64? {
    (8..<UInt64(CapMapLayout.entries)).first {
      let word = capMapWord(pd, slot: $0)
      return CapMapLayout.references(inWord: word) > 0 && CapMapLayout.badge(inWord: word) == badge
    }
  }

  var genodeEvents: [GenodeEvent] {
    records.compactMap { if case .genode(let event) = $0.event { event } else { nil } }
  }
}
