import Genode

/// Compiles one program: the runtime, and the statements of one component or of all tasks of a bare scenario.
final class ProgramCompiler {
  let scenario: Scenario
  let options: CompilerOptions
  let module = ModuleBuilder()
  private(set) var streams: [JobStream] = []
  /// The components whose names are in this program.
  var compiled: [ComponentNames] = []
  private(set) var bare: BarePlan?
  private var sessions: [String] = []

  init(_ scenario: Scenario, options: CompilerOptions) {
    self.scenario = scenario
    self.options = options
  }

  /// A span of time in ticks of the machine's time base, rounded up.
  func ticks(_ duration: DurationValue) -> UInt64 {
    let picosecondsPerTick = 1_000_000_000_000 / options.timebaseHertz
    return (UInt64(duration.picoseconds) + picosecondsPerTick - 1) / picosecondsPerTick
  }

  func addStream(_ job: PeriodicJob, component: String) -> Int {
    let id = options.firstStream + streams.count
    streams.append(
      JobStream(
        id: id, component: component, name: job.name?.text ?? "\(component):\(job.period.position.line)",
        period: job.period, deadline: job.deadline ?? job.period, position: job.period.position))
    return id
  }

  /// The word that holds the capability of a session to a service.
  func session(_ service: String, of names: ComponentNames) -> IR.Value {
    let symbol = names.symbol("session.\(service)")
    if !sessions.contains(symbol) {
      sessions.append(symbol)
      module.zeroed(symbol, bytes: 8)
    }
    return .symbol(symbol)
  }

  /// Adds a function whose body is compiled from statements.
  func add(
    _ symbol: String, _ names: ComponentNames, kind: BodyCompiler.Kind, parameters: Int = 0, task: Int = 0,
    _ write: (BodyCompiler, [IR.Value]) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    try module.addFunction(symbol, parameters) { (f, p) throws(Diagnostic) in
      try write(BodyCompiler(f, program: self, names: names, symbol: symbol, kind: kind, task: task), p)
    }
  }

  // MARK: Storage

  /// Variables outside dataspaces, and the records that statements use.
  func addStorage(_ names: ComponentNames) {
    for variable in names.component.variables where names.fixedAddress(of: variable) == nil {
      module.data(names.symbol(variable.name.text), words: [UInt64(bitPattern: variable.initial)])
    }
    for place in names.dataspaces {
      module.data(
        names.symbol("dataspace.\(place.name.text)"), words: [0, place.address ?? 0, place.bytes, 0])
    }
    for lock in names.component.declared.locks {
      module.zeroed(names.symbol("lock.\(lock.text)"), bytes: 8 * Locks.lockWords)
    }
    for signal in names.component.declared.signals {
      module.zeroed(names.symbol("signal.\(signal.text)"), bytes: SignalContext.size)
    }
    for map in names.component.declared.regionMaps {
      module.zeroed(names.symbol("map.\(map.text)"), bytes: RegionMaps.placeBytes)
    }
    for accepted in names.component.declared.accepted {
      switch accepted.kind {
      case .dataspace: break
      case .thread: module.zeroed(names.symbol("accepted.\(accepted.name.text)"), bytes: 8)
      case .signal: module.zeroed(names.symbol("signal.\(accepted.name.text)"), bytes: SignalContext.size)
      }
    }
    for thread in names.component.threads.map(\.name) + names.component.declared.threads {
      module.zeroed(names.symbol("thread.\(thread.text)"), bytes: 8)
    }
  }

  func addFunctions(_ names: ComponentNames, task: Int = 0) throws(Diagnostic) {
    for function in names.component.functions {
      try add(names.symbol(function.name.text), names, kind: .function, task: task) { (body, _) throws(Diagnostic) in
        try body.compile(function.body)
      }
    }
  }

  // MARK: Bare

  /// One program with the code of all tasks.
  func compileBare() throws(Diagnostic) {
    let plan = try BarePlan(scenario)
    bare = plan
    try BareSetup.add(to: module, plan: plan, scenario: scenario, options: options)
    Runtimes.addBare(to: module, options: options)
    if scenario.namesSchedulingClasses { BareScheduling.add(to: module, options: options) }
    for (index, task) in plan.tasks.enumerated() {
      compiled.append(task.names)
      module.group = index + 1
      addStorage(task.names)
      for thread in task.threads {
        module.zeroed(plan.stackSymbol(thread), bytes: thread.stackBytes, alignment: 4096)
      }
      try addFunctions(task.names, task: index)
      for thread in task.threads {
        let symbol = task.names.symbol(thread.description.name.text)
        try add(symbol, task.names, kind: .thread, parameters: 1, task: index) { (body, _) throws(Diagnostic) in
          if case .deadline? = thread.description.scheduling?.parameters { body.hasDeadlines = true }
          try body.compile(thread.description.body)
          body.f.run("thread_exit")
        }
      }
    }
    module.group = plan.tasks.count + 1
    for task in plan.tasks {
      for place in task.names.dataspaces where place.isDeclared {
        module.zeroed(task.names.symbol("\(place.name.text).memory"), bytes: Int(place.bytes), alignment: 4096)
      }
    }
  }

  // MARK: Genode

  /// The whole program of a Genode component.
  func compileGenode(_ component: Component) throws(Diagnostic) {
    var base = ComponentNames.dataspaceBase
    let names = ComponentNames(component, base: &base)
    compiled.append(names)
    Runtimes.addGenode(to: module, construct: names.symbol("construct"), component: component, options: options)
    if component.usesCoreObjects { RegionMaps.add(to: module, isSessionForEachMap: options.isSessionForEachMap) }
    addStorage(names)
    try addFunctions(names)
    try add(names.symbol("construct"), names, kind: .construct) { (body, _) throws(Diagnostic) in
      self.prepare(body.f, names)
      for thread in component.threads { try body.createThread(thread) }
      try body.compile(component.construct)
    }
  }

  /// What construct does before the author's first statement.
  private func prepare(_ f: FunctionBuilder, _ names: ComponentNames) {
    for place in names.dataspaces where place.isDeclared {
      let record = names.dataspaceRecord(place.name.text)
      let slot = f.call("ram_alloc", .constant(place.bytes))
      f.store(slot, at: record)
      let declared = names.component.dataspaces.first { $0.name.text == place.name.text }
      if let address = place.address, declared?.mapped ?? true {
        f.run("region_attach", Environment.session("env_rm"), slot, 0, 0, .constant(address))
        names.initialise(f, place, at: .constant(address))
      }
    }
    for signal in names.component.declared.signals {
      f.run("signal_context_create", .symbol(names.symbol("signal.\(signal.text)")))
    }
  }
}
