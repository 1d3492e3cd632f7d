import FiascoKernel

/// Checks that every name in a decoded scenario means something, and that no two things share a name.
struct Resolver {
  var scenario: Scenario
  private(set) var diagnostics: [Diagnostic] = []
  /// Restored components under new names: the new name and the component it comes from.
  var restored: [(name: Name, component: Int)] = []

  /// Threads every Genode component has without naming them, beside the initial one that is called as the component.
  static let genodeThreads = ["ep", "signal handler"]

  /// The scenario with its declared names filled in, and what is wrong with its names.
  static func resolve(_ scenario: Scenario) -> (Scenario, [Diagnostic]) {
    var resolver = Resolver(scenario: scenario)
    resolver.declare()
    resolver.checkDuplicates()
    for index in resolver.scenario.components.indices { resolver.checkComponent(index) }
    resolver.checkMachineNumbers()
    resolver.checkSchedulers()
    resolver.checkTimeline()
    resolver.checkExpectations()
    return (resolver.scenario, resolver.diagnostics)
  }

  init(scenario: Scenario) {
    self.scenario = scenario
  }

  mutating func report(_ problem: Problem, at position: Position) {
    diagnostics.append(Diagnostic(problem, at: position))
  }

  var componentKind: NameKind { scenario.runtime == .bare ? .task : .component }

  /// Reports a name that is none of the candidates. Empty names stand for mistakes that are reported already.
  mutating func check(_ name: Name, _ kind: NameKind, among candidates: [String], in owner: Component? = nil) {
    guard !name.text.isEmpty, !candidates.contains(name.text), !candidates.contains("") else { return }
    // What code in a binary declares is not known here.
    if owner?.binary != nil, kind != .dataspace, kind != .capability { return }
    let near = nearest(to: name.text, among: candidates)
    report(.unknownName(name.text, kind: kind, owner: owner?.name.text, near: near), at: name.position)
  }

  private mutating func declare() {
    for index in scenario.components.indices {
      var declared = DeclaredNames()
      for statement in scenario.components[index].allStatements {
        switch statement.action {
        case .serve(let loop):
          declared.services.append(loop.service)
          declared.accept(loop.request.buffers)
        case .await(let wait): declared.signals.appendIfNew(wait.name)
        case .lock(let name): declared.locks.appendIfNew(name)
        case .allocate(let allocate): declared.dataspaces.append(allocate.name)
        case .thread(let thread): declared.threads.append(thread.name)
        case .call(let call): declared.accept(call.answer.buffers)
        case .genode(.regionMap(let map)):
          declared.regionMaps.appendIfNew(map.name)
          declared.dataspaces.appendIfNew(map.name)
        case .genode(.faultHandler(let handler)): declared.signals.appendIfNew(handler.signal)
        case .every(let job):
          if let name = job.name { declared.jobs.append(name) }
        default: break
        }
      }
      scenario.components[index].declared = declared
    }
  }

  private mutating func checkDuplicates() {
    let components = scenario.components
    checkUnique(components.map { ($0.name, componentKind) })
    // When bare, `serve` only labels a loop.
    if scenario.runtime == .genode { checkUnique(components.flatMap(\.declared.services).map { ($0, .service) }) }
    checkUnique(components.flatMap(\.declared.jobs).map { ($0, .job) })
    for component in components {
      // One name means one thing inside a component, whatever kind it has.
      let named: [(Name, NameKind)] =
        component.dataspaces.map { ($0.name, .dataspace) } + component.variables.map { ($0.name, .variable) }
        + component.functions.map { ($0.name, .function) } + component.capabilities.map { ($0.name, .capability) }
        + component.declared.dataspaces.map { ($0, .dataspace) }
      checkUnique(named)
      checkUnique((component.threads.map(\.name) + component.declared.threads).map { ($0, .thread) })
    }
  }

  mutating func checkUnique(_ names: [(Name, NameKind)]) {
    var first: [String: Position] = [:]
    for (name, kind) in names.sorted(by: { $0.0.position < $1.0.position }) where !name.text.isEmpty {
      if let position = first[name.text] {
        report(.duplicateName(name.text, kind: kind, first: position), at: name.position)
      } else {
        first[name.text] = name.position
      }
    }
  }

  /// A class of scheduling that the kernel was not built with.
  private mutating func checkSchedulers() {
    let machine = scenario.machine
    func require(_ needed: SchedulerConfiguration, for what: String, at position: Position) {
      guard machine.scheduler != needed else { return }
      report(.needsScheduler(what, needed: needed.rawValue, found: machine.scheduler.rawValue), at: position)
    }
    if let position = machine.lateThreadsPosition {
      require(.fixedPriorityAndDeadlines, for: "late threads", at: position)
    }
    let threads = scenario.components.flatMap { component in
      component.threads
        + component.allStatements.compactMap { statement in
          if case .thread(let thread) = statement.action { thread } else { nil }
        }
    }
    for scheduling in threads.compactMap(\.scheduling) {
      switch scheduling.parameters {
      case .priority: break
      case .weight: require(.fixedPriorityAndFairQueueing, for: "weight", at: scheduling.position)
      case .deadline: require(.fixedPriorityAndDeadlines, for: "deadline", at: scheduling.position)
      }
    }
  }

  private mutating func checkMachineNumbers() {
    var cores = scenario.components.flatMap { component in
      [component.core] + component.threads.map(\.core)
        + component.allStatements.map { statement in
          if case .thread(let thread) = statement.action { thread.core } else { nil }
        }
    }
    cores.append(scenario.checkpointer?.core)
    if let node = scenario.checkpointer?.destination { checkNode(node) }
    for core in cores.compactMap({ $0 }) where core.value >= scenario.machine.cores {
      report(.coreOutOfRange(core.value, cores: scenario.machine.cores), at: core.position)
    }
  }
}

extension DeclaredNames {
  fileprivate mutating func accept(_ buffers: [ReceiveBuffer]) {
    for buffer in buffers {
      guard case .object(let kind, let name) = buffer.content else { continue }
      if !accepted.contains(where: { $0.kind == kind && $0.name.text == name.text }) {
        accepted.append(AcceptedObject(kind: kind, name: name))
      }
      if kind == .dataspace { dataspaces.appendIfNew(name) }
    }
  }
}

extension [Name] {
  fileprivate mutating func appendIfNew(_ name: Name) {
    if !contains(where: { $0.text == name.text }) { append(name) }
  }
}
