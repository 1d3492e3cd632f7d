import CheckpointRestore
import Determinism
import ELFFiles
import FiascoKernel
import FiascoMachine
import Genode
import Simulation

/// A scenario made ready: programs compiled, platform chosen. Any number of equal machines can be built from it.
struct ScenarioMachine: Sendable {
  private(set) var scenario: Scenario
  let platform: PlatformProfile
  let profile: KernelProfile
  let programs: [CompiledProgram]
  /// For threads of the original that go on after a checkpoint, whatever the scenario says.
  var continuing: BlockedThreadPolicy?
  var keptGenerations = 1
  var given: [CheckpointerConfiguration.NamedImage] = []
  /// Ticks of the `time` counter in a second, as the machine counts them.
  static let timebaseHertz: UInt64 = 10_000_000

  init(_ scenario: Scenario) throws(RunError) {
    self.scenario = scenario
    profile = ScenarioMachine.profile(of: scenario.machine)
    platform = try ScenarioMachine.platform(of: scenario)
    try ScenarioMachine.checkSupport(of: scenario)
    programs = try ScenarioMachine.compile(scenario)
  }

  mutating func choose(_ policy: BlockedThreadPolicy, patience: DurationValue) {
    scenario.checkpointer?.blocked = policy
    for index in scenario.timeline.indices {
      if case .checkpoint = scenario.timeline[index].action { continue }
      if case .restore(var order) = scenario.timeline[index].action {
        order.blocked = policy
        scenario.timeline[index].action = .restore(order)
      }
      if policy == .quiesceFirst { scenario.timeline[index].at.picoseconds += patience.picoseconds }
    }
  }

  private static func profile(of machine: MachineDescription) -> KernelProfile {
    var profile: KernelProfile =
      switch machine.kernel {
      case .r67: .r67
      case .modern: .modern
      case .genode2019: .genode2019
      }
    profile.scheduler = machine.scheduler
    profile.lateThreadsRunLast = machine.lateThreads == .last
    return profile
  }

  private static func platform(of scenario: Scenario) throws(RunError) -> PlatformProfile {
    let machine = scenario.machine
    guard case .builtIn(let name) = machine.platform, let found = PlatformProfile.named(name) else {
      throw .unsupported(what: "a platform from a file", file: scenario.file, position: machine.position)
    }
    return found
  }

  private static func checkSupport(of scenario: Scenario) throws(RunError) {
    func refuse(_ what: String, _ position: Position) throws(RunError) {
      throw .unsupported(what: what, file: scenario.file, position: position)
    }
    let machine = scenario.machine
    try checkNodes(of: scenario)
    if let quirk = machine.quirks.first { try refuse("the kernel behaviour `\(quirk.text)`", quirk.position) }
    if let checkpointer = scenario.checkpointer {
      if checkpointer.strategy.capture == nil {
        try refuse("the strategy `\(checkpointer.strategy.rawValue)`", checkpointer.position)
      }
      if checkpointer.memory == .lazy, checkpointer.child == .bootstrap {
        try refuse("lazy memory of a child that is loaded as usual", checkpointer.position)
      }
    }
    for component in scenario.components where !component.started && scenario.checkpointer == nil {
      try refuse("a component that is started later, without a checkpointer,", component.position)
    }
    for entry in scenario.timeline {
      switch entry.action {
      case .checkpoint(let order):
        if order.every != nil, !scenario.timeline.contains(where: { $0.action == .stop }) {
          try refuse("a repeated checkpoint without a `stop`", entry.position)
        }
      case .restore, .fail, .kill, .stop, .interrupt, .pause, .resume, .detach: break
      case .start(let name):
        if name.component != nil { try refuse("the start of a thread", entry.position) }
      case .signal: try refuse("this entry of the timeline", entry.position)
      }
    }
  }

  static func isSessionForEachMap(_ scenario: Scenario) -> Bool {
    GenodeRelease.named(scenario.genode.release).limitsRMSessionToOneMap
  }

  private static func compile(_ scenario: Scenario) throws(RunError) -> [CompiledProgram] {
    var options = CompilerOptions(
      kernel: scenario.machine.kernel, timebaseHertz: timebaseHertz, cores: scenario.machine.cores,
      isSessionForEachMap: isSessionForEachMap(scenario))
    guard scenario.runtime == .genode else {
      do { return [try compileBareScenario(scenario, options: options)] } catch { throw .invalid(error) }
    }
    var programs: [CompiledProgram] = []
    for component in scenario.components {
      if let binary = component.binary {
        programs.append(try load(binary, scenario))
        continue
      }
      let program: CompiledProgram
      do { program = try compileComponent(component, of: scenario, options: options) } catch { throw .invalid(error) }
      options.firstStream += program.streams.count
      programs.append(program)
    }
    return programs
  }

  /// A program that was compiled elsewhere; its path counts from the scenario's folder.
  private static func load(_ binary: Name, _ scenario: Scenario) throws(RunError) -> CompiledProgram {
    let folder = scenario.file.utf8.lastIndex(of: UInt8(ascii: "/")).map { scenario.file[...$0] } ?? ""
    let path = binary.text.hasPrefix("/") ? binary.text : folder + binary.text
    do {
      let bytes = try readFile(path)
      let image = try ExecutableImage(bytes: bytes)
      return CompiledProgram(
        elf: bytes, entry: image.entry, symbols: image.symbols, streams: [], sourceMap: [], variables: [])
    } catch {
      throw .unreadableBinary(path: path, error, file: scenario.file, position: binary.position)
    }
  }

  // MARK: Machines

  /// A machine that has not run yet. Without `disturbances` the checkpointer has no orders: what to compare with.
  func newSystem(disturbances: Bool = true, node: Int = 0) -> System {
    var system = scenario.runtime == .bare ? bareSystem() : genodeSystem(disturbances: disturbances, node)
    for entry in scenario.timeline {
      guard case .interrupt(let pin) = entry.action else { continue }
      system.node.scheduleInterrupt(Int(pin.value), at: .zero + .picoseconds(entry.at.picoseconds))
    }
    return system
  }

  private func bareSystem() -> System {
    guard let program = programs.first, let image = try? ExecutableImage(bytes: program.elf) else {
      preconditionFailure("the compiler must write an executable that can be read")
    }
    return bootedSystem(executable: image, profile: profile, platform: platform, cores: scenario.machine.cores)
  }

  private func genodeSystem(disturbances: Bool, _ node: Int) -> System {
    let files = zip(scenario.components, programs).map { BootFile(name: $0.name.text, bytes: $1.elf) }
    var release = GenodeRelease.named(scenario.genode.release)
    release.losesUnmapThroughMaps = scenario.checkpointer?.faults.contains(.unmapLost) ?? false
    return System(
      booting: children, files: files, profile: profile, platform: platform, layout: layout,
      cores: scenario.machine.cores, costs: genodeCosts, release: release,
      checkpointer: checkpointer(disturbances: disturbances, node: node))
  }
}
