import CheckpointRestore
import Determinism
import FiascoKernel
import FiascoMachine
import Simulation

/// Plays a scenario from the first instruction to its end.
public struct ScenarioRun: Sendable {
  public var scenario: Scenario { machine.scenario }
  private(set) var machine: ScenarioMachine
  let limits: RunLimits

  /// Compiles the programs; what is wrong with the scenario is found here, not while it plays.
  public init(_ scenario: Scenario, limits: RunLimits = RunLimits()) throws(RunError) {
    machine = try ScenarioMachine(scenario)
    var limits = limits
    try limits.apply(scenario.limits, file: scenario.file)
    self.limits = limits
  }

  /// The same run with another choice for threads of the original that go on after a checkpoint.
  public func continuing(_ policy: BlockedThreadPolicy) -> ScenarioRun {
    var copy = self
    copy.machine.continuing = policy
    return copy
  }

  /// So many checkpoints of one name are left at the end.
  public mutating func keep(generations: Int) { machine.keptGenerations = generations }

  /// A checkpoint of an earlier run takes the place of the one the timeline would take.
  public mutating func give(_ image: CheckpointImage, as name: String) throws(GivenImageError) {
    try machine.give(image, as: name)
  }

  /// The figures of the scenario's platform.
  public var costs: CostTable { machine.costs }

  /// One run; every call gives the same record, whether somebody watches or not.
  public func play(watchedBy watcher: KernelWatcher? = nil) -> PlayedRun {
    var played = playOnce(disturbances: true, watcher)
    if !played.record.restores.isEmpty {
      Judge(reference: playUndisturbed()).judge(&played.record)
    }
    played.record.check(scenario.expectations)
    return played
  }

  /// The same programs with another choice for restored threads. A checkpoint that waits for a good moment may be
  /// late by this much: so is all that comes after it.
  public func restoring(_ policy: BlockedThreadPolicy, patience: DurationValue) -> ScenarioRun {
    var copy = self
    copy.machine.choose(policy, patience: patience)
    return copy
  }

  /// Like `play`, without a verdict: that would need a second run without the disturbances.
  public func playWithoutReference() -> PlayedRun { playOnce(disturbances: true) }

  /// What would have happened without checkpoints, kills and restores.
  public func playUndisturbed() -> RunRecord { playOnce(disturbances: false).record }

  private func playOnce(disturbances: Bool, _ watcher: KernelWatcher? = nil) -> PlayedRun {
    var player = Player(run: self, system: machine.newSystem(disturbances: disturbances), watcher: watcher)
    let ending = player.playToEnd()
    var record = player.record(ending)
    record.marks = player.marks(disturbances: disturbances)
    return PlayedRun(record: record, images: player.images())
  }
}

/// A machine that is being played, and its observer.
struct Player: ~Copyable {
  let run: ScenarioRun
  var system: System
  var collector: RunCollector
  private let watcher: KernelWatcher?
  private var progress = ProgressWatch()

  /// Records are taken at least this often, so that their list stays short. A machine stops at these instants whatever
  /// it does, so that observing it does not depend on what is observed.
  private static let slice = TimeSpan.milliseconds(10)
  private static let instructionsPerSlice: UInt64 = 10_000_000

  init(run: ScenarioRun, system: consuming System, watcher: KernelWatcher?) {
    self.run = run
    self.watcher = watcher
    self.system = system
    watcher?.begin(&self.system)
    let programs = ProgramTable(
      scenario: run.scenario, programs: run.machine.programs, timebaseHertz: ScenarioMachine.timebaseHertz)
    collector = RunCollector(scenario: run.scenario, programs: programs)
    for given in run.machine.given { collector.checkpoints.give(given.image, as: given.name) }
  }

  /// The timeline's `stop`, if it has one.
  private var stop: Instant? {
    run.scenario.timeline.filter { $0.action == .stop }.map { Instant.zero + .picoseconds($0.at.picoseconds) }.min()
  }

  /// The instant of the last entry: before it, silence does not mean that nothing will happen.
  private var lastEntry: Instant {
    run.scenario.timeline.map { Instant.zero + .picoseconds($0.at.picoseconds) }.max() ?? .zero
  }

  mutating func playToEnd() -> RunEnding {
    let limit = stop ?? Instant.zero + run.limits.simulatedTime
    while true {
      if system.now >= limit {
        return stop == nil
          ? .limit(name: "simulatedSeconds", value: UInt64(run.limits.simulatedTime / .seconds(1))) : .stopped
      }
      let boundary = min(limit, nextBoundary)
      let exit = system.run(until: boundary, instructions: Player.instructionsPerSlice)
      watcher?.take(&system)
      collector.take(from: &system)
      if let ending = ending(exit, limit: limit) { return ending }
    }
  }

  private var nextBoundary: Instant {
    let slice = UInt64(Player.slice.picoseconds)
    return Instant(picoseconds: (system.now.picoseconds / slice + 1) * slice)
  }

  private mutating func ending(_ exit: SystemExit, limit: Instant) -> RunEnding? {
    if let ending = limitHit { return ending }
    switch exit {
    case .reached, .limit: break
    case .stopped(let reason): return .kernelStopped(reason: reason)
    case .quiet:
      // The timeline lives in the checkpointer, which would have a timeout pending if it still had something to do.
      if stop != nil { return .stopped }
      collector.tracker.settle(in: system.node.kernel)
      return collector.everybodyIsOver ? .finished : .stuck
    }
    // With a `stop` the run comes to its end anyway, and what happens until then is what the author wants to see.
    guard stop == nil else { return nil }
    if collector.repetition.isLivelock, let name = collector.tracker.name(of: collector.repetition.thread) {
      return .livelock(
        thread: name, error: Int(collector.repetition.error.rawValue), repetitions: collector.repetition.count)
    }
    let current = system.node.kernel.current
    let idle = progress.instructionsWithoutProgress(collector.progress, retired: system.node.retired)
    if idle > run.limits.instructionsWithoutProgress, let name = collector.tracker.name(of: current) {
      return .spinning(thread: name, instructions: idle)
    }
    return nil
  }

  private var limitHit: RunEnding? {
    if system.node.retired > run.limits.instructions {
      return .limit(name: "instructions", value: run.limits.instructions)
    }
    if collector.counts.total > run.limits.events { return .limit(name: "events", value: run.limits.events) }
    if collector.outputBytes > run.limits.outputBytes {
      return .limit(name: "outputBytes", value: run.limits.outputBytes)
    }
    return nil
  }

  // MARK: Results

  mutating func record(_ ending: RunEnding) -> RunRecord {
    collector.tracker.settle(in: system.node.kernel)
    let end = ending == .stopped ? stop ?? system.now : system.now
    collector.settleJobs(until: end)
    collector.checkpoints.settle(collector.tracker, system.node.kernel)
    var record = RunRecord(
      scenario: ScenarioHeading(
        file: run.scenario.file, title: run.scenario.title, about: run.scenario.about),
      machine: MachineHeading(
        platform: run.costs, kernel: run.scenario.machine.kernel,
        genode: run.scenario.runtime == .genode ? run.scenario.genode : nil),
      ending: ending,
      end: end, instructions: system.node.retired,
      traceDigest: system.node.traceDigest)
    record.log = collector.log
    record.components = collector.components
    record.jobs = collector.jobs
    record.checkpoints = collector.checkpoints.checkpoints
    record.restores = collector.checkpoints.restores
    record.threads = collector.ownThreads
    collector.processors.settle(at: record.end)
    record.processors = collector.processors.uses
    record.complaints = collector.complaints
    record.counts = collector.counts.all
    record.variables = finalVariables()
    return record
  }

  func marks(disturbances: Bool) -> [TimelineMark] {
    run.scenario.timeline.compactMap { entry in
      let at = Instant.zero + .picoseconds(entry.at.picoseconds)
      guard at <= system.now else { return nil }
      switch entry.action {
      case .checkpoint(let order):
        let isTaken = disturbances && !run.machine.given.contains { $0.name == order.name.text }
        return isTaken ? TimelineMark(at: at, kind: .checkpoint, name: order.name.text) : nil
      case .kill(let component): return disturbances ? TimelineMark(at: at, kind: .kill, name: component.text) : nil
      case .restore(let order):
        return disturbances ? TimelineMark(at: at, kind: .restore, name: order.checkpoint.text) : nil
      case .pause(let name): return disturbances ? TimelineMark(at: at, kind: .pause, name: name.text) : nil
      case .resume(let name): return disturbances ? TimelineMark(at: at, kind: .resume, name: name.text) : nil
      case .detach(let name): return disturbances ? TimelineMark(at: at, kind: .detach, name: name.text) : nil
      case .stop: return TimelineMark(at: at, kind: .stop)
      case .signal(let name): return TimelineMark(at: at, kind: .signal, name: name.text)
      case .interrupt(let pin): return TimelineMark(at: at, kind: .interrupt, name: String(pin.value))
      case .start(let name): return TimelineMark(at: at, kind: .start, name: name.text)
      }
    }.sorted { $0.at < $1.at }
  }

  /// The author's variables where the component has them now; a component that is gone has none.
  private func finalVariables() -> [FinalVariable] {
    run.machine.programs.flatMap(\.variables).map { variable in
      var value: Int64?
      if let task = collector.tracker.task(of: variable.component, in: system.node.kernel),
        let entry = system.node.kernel.translate(task, variable.address)
      {
        value = system.node.kernel.memory.value(frame: entry.frame, address: variable.address, bytes: variable.bytes)
      }
      return FinalVariable(component: variable.component, name: variable.name, value: value)
    }
  }
}

extension PagedMemory {
  /// A little-endian integer of 1, 2, 4 or 8 bytes, as the language's loads read it.
  fileprivate func value(frame: Int, address: UInt64, bytes: Int) -> Int64 {
    let offset = Int(address % 4096)
    return switch bytes {
    case 1: Int64(load(frame: frame, offset: offset, as: UInt8.self))
    case 2: Int64(load(frame: frame, offset: offset, as: UInt16.self))
    case 4: Int64(load(frame: frame, offset: offset, as: UInt32.self))
    default: Int64(bitPattern: load(frame: frame, offset: offset, as: UInt64.self))
    }
  }
}

/// Counts instructions since something else than instructions happened last.
struct ProgressWatch {
  private var progress: UInt64 = 0
  private var retired: UInt64 = 0

  mutating func instructionsWithoutProgress(_ progress: UInt64, retired: UInt64) -> UInt64 {
    if progress != self.progress { (self.progress, self.retired) = (progress, retired) }
    return retired - self.retired
  }
}
