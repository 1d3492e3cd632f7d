import FiascoABI
import Genode

/// A component that checkpoints and restores its children, with nothing but what kernel and Genode offer to everybody.
///
/// It is the parent of its targets and stands between them and core: every session they use is an RPC object of its
/// own, which hands each call on and writes down what has to be known later. Thread 0 serves all of them and carries
/// out the commands of its configuration in turn; so while it takes a checkpoint the requests of its children wait,
/// as with the original, whose entrypoint was blocked for as long. Thread 1 + i serves the parent interface of child
/// i, because a session request may have to wait for another child, which needs thread 0 meanwhile. Models `Rtcr`
/// (argos-research, 2016 to 2018).
public struct Checkpointer: NativeProgram {
  var phase = CheckpointerPhase.environment
  /// Work to be done before the next wait, first in, first out.
  var jobs = JobQueue()
  /// Work that nobody stands still for: a piece of it is done whenever nothing else is to be done.
  var background = JobQueue()
  /// A command that is due; it starts when no request is waiting any more.
  var due: TimedCommand.Command?
  var requestsSinceDue = 0
  /// A piece of memory was copied while others wait for the processor; until when it is theirs, microseconds.
  var rest = Rest.none
  var outbox: [CheckpointEvent] = []
  /// For another node, and not yet taken by the network device.
  var dispatched: [DispatchedImage] = []
  /// One element: an array is a cheap copy, and each step copies the whole program.
  var box: [CheckpointerState]
  /// The checkpoint in progress, if there is one.
  var progress: [CheckpointRun] = []

  public init(_ configuration: CheckpointerConfiguration) { box = [CheckpointerState(configuration)] }

  public mutating func step(thread entry: Int, script: inout Script) throws(Suspension) {
    guard entry == 0 else {
      precondition(children.indices.contains(entry - 1), "each child has one thread that serves its parent interface")
      return try stepParent(of: entry - 1, &script)
    }
    switch phase {
    case .environment:
      try environment.step(&script)
      if environment.isComplete { phase = .signals }
    case .signals:
      try openSignals(&script)
      for target in configuration.targets { create(target, .withELF) }
      phase = .working(.none)
    case .working(let reply):
      guard let job = jobs.takeNext() else {
        phase = .waiting(reply)
        return
      }
      try carryOut(job, &script)
    case .waiting(let reply):
      try wait(after: reply, &script)
    case .handling(let request):
      try script.compute(picoseconds: configuration.genodeCosts.picoseconds(.rpcDispatch))
      let reply = try handle(request, &script)
      phase = .working(reply.map { .answer($0) } ?? .none)
    }
  }

  /// Nothing of Genode's vocabulary happens here; see `drainCheckpointEvents`.
  public mutating func drainEvents() -> [GenodeEvent] { [] }

  public mutating func drainCheckpointEvents() -> [CheckpointEvent] {
    defer { outbox.removeAll() }
    return outbox
  }

  /// The newest checkpoint of a name; there is one from `imageWritten` on.
  public func image(named name: String) -> CheckpointImage? { checkpoints.first { $0.name == name }?.image }
}

/// Background work makes a break, because the checkpointer comes before its targets.
enum Rest: Hashable, Sendable {
  case none, due
  case until(UInt64)
}

enum CheckpointerPhase: Hashable, Sendable {
  case environment, signals
  case waiting(ServerReply)
  case handling(RPCRequest)
  case working(ServerReply)
}

/// A checkpoint that is kept: the image, and the copies of the memory it was made from.
public struct StoredCheckpoint: Hashable, Sendable {
  public var name: String
  public var target: String
  public var image: CheckpointImage
  /// Own RAM with the contents of dataspace i; nil where nothing was copied. Needed for restores and freed with the
  /// checkpoint.
  var copies: [RPCCapability?] = []
  /// Names of all checkpoints that were taken together with this one, its own among them; empty if it was taken alone.
  public internal(set) var group: [String] = []
  /// The child whose next incremental checkpoint goes on with the copies; nil if they belong to this one alone.
  var sharedWith: Int?
}

/// The checkpointer's own signal context: how it learns that a thread it let run has trapped.
struct OwnSignals: Hashable, Sendable {
  var source: RPCCapability?
  var irq: RPCCapability?
  var context: RPCCapability?
  /// Faults in managed dataspaces.
  var faults: RPCCapability?
  /// Faults in mirrored memory.
  var mirrored: RPCCapability?
  /// A fault was signalled, and the maps have not been searched since.
  var hasFault = false
  var hasMirroredFault = false

  static let trapImprint: UInt64 = 1
  static let faultImprint: UInt64 = 2
  static let mirroredImprint: UInt64 = 3
}

// The loop. Writes phase, due, commands.
extension Checkpointer {
  /// More requests than this are not served before a command that is due.
  private static let drainLimit = 64
  /// More than this are not served before a piece of background work.
  private static let backgroundLimit = 1

  private mutating func wait(after reply: ServerReply, _ script: inout Script) throws(Suspension) {
    let deadline = try nextDeadline(&script)
    let result = try script.replyAndWait(reply, window: window, deadline: deadline)
    if hasManagedMemory, isSignal(result) {
      try fetchSignals(&script)
      serveFaults()
      phase = .working(.none)
      return try giveOthersTheirTurn(&script)
    }
    guard let request = RPCRequest(result, window: window) else {
      phase = .waiting(.none)
      if result.ipcError == .receiveTimeout { onTimeout() }
      return
    }
    guard request.isGenuine else {
      phase = .waiting(.none)
      return
    }
    phase = .handling(request)
    try giveOthersTheirTurn(&script)
  }

  /// Whoever asks again and again, or faults again and again, must not keep everything else from being done.
  private mutating func giveOthersTheirTurn(_ script: inout Script) throws(Suspension) {
    if due != nil {
      requestsSinceDue += 1
      if requestsSinceDue > Self.drainLimit { startDueCommand() }
    } else if !background.isEmpty {
      requestsSinceDue += 1
      guard requestsSinceDue > Self.backgroundLimit, let job = background.takeNext() else { return }
      // A freeze in the middle of a request would make the target ask again for what was done already.
      if case .handling = phase, job == .endRound { return background.pushFront(job) }
      requestsSinceDue = 0
      jobs.append(job)
    } else if let next = nextCommand, try script.readClock() >= commands[next].at {
      takeNextCommand()
    }
  }

  /// A deadline in the past: what is queued is still received, nothing is waited for.
  private mutating func nextDeadline(_ script: inout Script) throws(Suspension) -> UInt64? {
    if due != nil { return 1 }
    guard !background.isEmpty else { return nextCommand.map { commands[$0].at } }
    switch rest {
    case .none: return 1
    case .until(let instant): return instant
    case .due:
      let until = try script.readClock() + configuration.pace
      rest = .until(until)
      return until
    }
  }

  /// The message of an interrupt: no words, and the label core bound it with.
  private func isSignal(_ result: SystemCallResult) -> Bool {
    !result.tag.hasError && result.tag.words == 0 && result.label == 0
  }

  /// Nothing is to be received: time for what was put off. A command waits until all of it is done, because it may
  /// need the result.
  private mutating func onTimeout() {
    if let job = background.takeNext() {
      rest = job.movesMemory && configuration.pace > 0 ? .due : .none
      jobs.append(job)
      phase = .working(.none)
    } else if due == nil {
      takeNextCommand()
    } else {
      startDueCommand()
      phase = .working(.none)
    }
  }

  /// While a checkpoint waits for a good moment, other orders wait for the checkpoint, as they do for one that is being
  /// written. Only its own look at the target comes in between, and an order to kill.
  private var nextCommand: Int? {
    guard taking != nil else { return commands.isEmpty ? nil : 0 }
    return commands.firstIndex {
      switch $0.command {
      case .own, .kill: true
      default: false
      }
    }
  }

  private mutating func takeNextCommand() {
    guard let next = nextCommand else { return }
    due = commands.remove(at: next).command
    requestsSinceDue = 0
  }

  private mutating func startDueCommand() {
    guard let command = due else { return }
    due = nil
    switch command {
    case .checkpoint(let target, let name): startCheckpoint(of: [target], as: name)
    case .checkpointTogether(let targets, let name): startCheckpoint(of: targets, as: name)
    case .kill(let target): startKill(target)
    case .restore(let checkpoint, let name, let policy, let mode):
      startRestore(checkpoint, as: name, policy: policy, mode: mode)
    case .pause(let target): startCommand(.pause, to: target)
    case .resume(let target): startCommand(.resume, to: target)
    case .detach(let target): startDetach(of: target)
    case .start(let child): create(child, .withELF)
    case .restoreMemory(let checkpoint, let target, let bytes):
      startMemoryRestore(checkpoint, into: target, bytes: bytes)
    case .own(let work): startOwnWork(work)
    }
  }

  mutating func refuse(_ reason: RefusalReason) { outbox.append(.refused(reason)) }
}
