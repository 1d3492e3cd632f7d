import CheckpointRestore
import FiascoMachine
import Genode
import Simulation

/// Who is whose child in a Genode scenario: with a checkpointer every component is its child, so that clients of a
/// restored server keep their parent; without one init is the parent of all.
extension ScenarioMachine {
  /// RAM of a component that says nothing about it.
  private static let defaultRAM: Int64 = 4 << 20
  /// Beside the copies of its targets' memory the checkpointer needs room for sessions and tables.
  private static let checkpointerRAM: UInt64 = 16 << 20
  private static let kernelRAM: UInt64 = 32 << 20
  private static let standardRAM: Int64 = 256 << 20
  /// The timer interrupts everybody, the checkpointer everybody it may have to stop.
  private enum Priority { static let timer = 120, checkpointer = 100, component: Int64 = 64 }

  static let checkpointerName = "checkpointer"

  var layout: MemoryLayout {
    MemoryLayout(
      bytes: UInt64(scenario.machine.ram?.bytes ?? ScenarioMachine.standardRAM), kernelBytes: ScenarioMachine.kernelRAM)
  }

  var children: [ChildConfiguration] {
    let timer = ChildConfiguration(
      name: "timer", program: .native(.timer), ramQuota: 1 << 20, priority: Priority.timer, provides: ["Timer"])
    guard scenario.checkpointer != nil else { return [timer] + scenario.components.map(child) }
    return [timer] + scenario.components.filter { !$0.checkpointed }.map(child) + [checkpointerChild]
  }

  /// The checkpointer's children.
  private var targets: [Component] { scenario.components.filter(\.checkpointed) }

  private var checkpointerChild: ChildConfiguration {
    // Each component may live once, be copied once and be restored once.
    let memory = targets.reduce(0) { $0 + 3 * ram(of: $1) }
    return ChildConfiguration(
      name: ScenarioMachine.checkpointerName, program: .native(.checkpointer),
      ramQuota: ScenarioMachine.checkpointerRAM + memory,
      priority: Int(scenario.checkpointer?.priority?.value ?? Int64(Priority.checkpointer)),
      cpu: Int(scenario.checkpointer?.core?.value ?? 0),
      provides: targets.flatMap(\.declared.services).map(\.text))
  }

  private func ram(of component: Component) -> UInt64 {
    UInt64(component.ram?.bytes ?? ScenarioMachine.defaultRAM)
  }

  private func child(_ component: Component) -> ChildConfiguration {
    ChildConfiguration(
      name: component.name.text, program: .elf(rom: component.name.text), ramQuota: ram(of: component),
      priority: Int(component.priority?.value ?? Priority.component), cpu: Int(component.core?.value ?? 0),
      provides: component.declared.services.map(\.text))
  }

  // MARK: The checkpointer

  /// Its orders are part of its configuration: it carries them out by the simulated clock, like any program.
  func checkpointer(disturbances: Bool, node: Int = 0) -> CheckpointerConfiguration? {
    guard let description = scenario.checkpointer else { return nil }
    var configuration = CheckpointerConfiguration(
      targets: targets.filter(\.started).map(child),
      commands: scenario.timeline.flatMap { commands($0, disturbances: disturbances, node: node) },
      genodeCosts: genodeCosts, costs: checkpointerCosts)
    configuration.kernelProfile = scenario.machine.kernel.rawValue
    configuration.strategy = description.strategy.capture ?? .stopAndCopy
    configuration.preCopy = description.preCopyRules
    configuration.restoredMemory = description.memory
    configuration.pace = UInt64((description.pace?.picoseconds ?? 0) / 1_000_000)
    let granularity = min(UInt64(description.granularity?.bytes ?? 0), 1 << 40) + ComponentLayout.pageSize - 1
    configuration.granularity = max(1, Int(granularity / ComponentLayout.pageSize))
    configuration.opensSessionForEachMap = ScenarioMachine.isSessionForEachMap(scenario)
    configuration.metadata = description.metadata
    configuration.faults = description.faults
    // What an undisturbed run writes comes out at once: without checkpoints it never would.
    configuration.holdsOutputs = disturbances && description.outputs == .held
    configuration.allowedServices = description.allowed.map(\.text)
    configuration.childMode = description.child.mode
    configuration.defaultPolicy = description.blocked.policy
    configuration.quiescesFirst = quiescesFirst(description)
    configuration.continuePolicy = continuePolicy(description)
    configuration.findsOutsideCallers =
      restoring.contains { $0.policy.recreatesCallers } || description.blocked.policy.recreatesCallers
    configuration.keptGenerations = keptGenerations
    if disturbances { configuration.images = given }
    configuration.destination = description.destination.map { Int($0.value) }
    return node == 0 ? configuration : standby(configuration)
  }

  /// What repairs the restored threads repairs the original's, and nothing else is done to them unless it is asked for.
  private func continuePolicy(_ description: CheckpointerDescription) -> ResumptionPolicy {
    if let chosen = continuing ?? description.continuing { return chosen.policy }
    return description.blocked.policy.recreatesCallers ? description.blocked.policy : .reissueReceiveHalf
  }

  /// Policies that single restores ask for.
  private var restoring: [BlockedThreadPolicy] {
    scenario.timeline.compactMap { entry in
      if case .restore(let order) = entry.action { order.blocked } else { nil }
    }
  }

  /// The choice is about the checkpoint, so it is the checkpointer's or that of any restore.
  private func quiescesFirst(_ description: CheckpointerDescription) -> Bool {
    restoring.contains(.quiesceFirst) || description.blocked == .quiesceFirst
  }

  /// What this scenario can spend time on; without Genode there is no core that could.
  var costs: CostTable {
    let cores = scenario.machine.cores
    guard scenario.runtime == .genode else { return CostTable(platform, cores: cores) }
    return CostTable(platform, genode: genodeCosts, checkpointer: checkpointerCosts, cores: cores)
  }

  var genodeCosts: GenodeCosts {
    var costs = GenodeCosts.assumed(picosecondsPerCycle: platform.picosecondsPerCycle)
    costs.picosecondsPerConsoleByte = scenario.genode.console?.picosecondsPerByte ?? 0
    return costs
  }

  private var checkpointerCosts: CheckpointerCosts {
    if scenario.checkpointer?.costs == .profile2018 { return .profile2018 }
    var costs = CheckpointerCosts.assumed(picosecondsPerCycle: platform.picosecondsPerCycle)
    if scenario.checkpointer?.destination != nil {
      costs.picosecondsPerSentImage = 20_000 * platform.picosecondsPerCycle
    }
    if let store = scenario.checkpointer?.store {
      costs.picosecondsPerWrittenByte = 1_000_000_000_000 / UInt64(max(store.bytesPerSecond, 1))
    } else {
      costs.picosecondsPerWrittenByte = platform.memory.storage.picosecondsPerByte
    }
    return costs
  }

  private func commands(_ entry: TimelineEntry, disturbances: Bool, node: Int) -> [TimedCommand] {
    let at = localMicroseconds(entry, node: node)
    guard entry.action.node == node else { return [] }
    if case .start(let name) = entry.action {
      let component = scenario.components.first { $0.name.text == name.member.text && !$0.started }
      return component.map { [TimedCommand(atMicroseconds: UInt64(at), .start(child($0)))] } ?? []
    }
    guard disturbances, let command = command(entry.action) else { return [] }
    guard case .checkpoint(let order) = entry.action, let every = order.every else {
      return [TimedCommand(atMicroseconds: UInt64(at), command)]
    }
    let end = scenario.timeline.filter { $0.action == .stop }.map(\.at.picoseconds).min() ?? 0
    let period = max(every.picoseconds / 1_000_000, 1)
    return stride(from: at, to: end / 1_000_000, by: Int64.Stride(period)).prefix(ScenarioMachine.mostRepetitions).map {
      TimedCommand(atMicroseconds: UInt64($0), command)
    }
  }

  private static let mostRepetitions = 10_000

  private func command(_ action: TimelineEntry.Action) -> TimedCommand.Command? {
    switch action {
    case .checkpoint(let order) where given.contains(where: { $0.name == order.name.text }): return nil
    case .checkpoint(let order):
      let all = ([order.component] + order.companions).map(\.text)
      return all.count == 1
        ? .checkpoint(target: all[0], as: order.name.text) : .checkpointTogether(all, as: order.name.text)
    case .kill(let component): return .kill(target: component.text)
    case .pause(let component): return .pause(target: component.text)
    case .resume(let component): return .resume(target: component.text)
    case .detach(let component): return .detach(target: component.text)
    case .restore(let order):
      if let memory = order.memory, let name = order.name {
        return .restoreMemory(checkpoint: order.checkpoint.text, into: name.text, bytes: UInt64(memory.bytes))
      }
      return .restore(
        checkpoint: order.checkpoint.text, as: order.name?.text, policy: order.blocked?.policy,
        mode: order.child?.mode)
    case .fail, .stop, .signal, .interrupt, .start: return nil
    }
  }
}

extension RestoredChild {
  fileprivate var mode: ChildMode {
    switch self {
    case .withoutELF: .withoutELF
    case .bootstrap: .bootstrap
    }
  }
}

extension CheckpointStrategy {
  /// What the checkpointer calls it; nil if it does not know it.
  var capture: CaptureStrategy? {
    switch self {
    case .stopAndCopy: .stopAndCopy
    case .incremental: .incremental
    case .preCopy: .preCopy
    case .copyOnWrite: .copyOnWrite
    case .redundantMemory: .redundantMemory
    case .parallel, .dma, .virtualCPU, .coreState, .kernelAssisted: nil
    }
  }
}

extension CheckpointerDescription {
  fileprivate var preCopyRules: PreCopyRules {
    var rules = PreCopyRules()
    if let rounds { rules.rounds = Int(rounds.value) }
    if let until { rules.remaining = UInt64(until.bytes) }
    if let stalls { rules.stalls = Int(stalls.value) }
    if let volume { rules.volume = Int(volume.value) }
    return rules
  }
}

extension BlockedThreadPolicy {
  /// What the checkpointer calls it.
  public var policy: ResumptionPolicy {
    switch self {
    case .resumeAtIP: .resumeAtIP
    case .reissue: .reissue
    case .reissueReceiveHalf: .reissueReceiveHalf
    case .deliverError: .deliverError
    case .refuse: .refuse
    case .quiesceFirst: .quiesceFirst
    case .recreateCaller: .recreateCaller
    }
  }
}
