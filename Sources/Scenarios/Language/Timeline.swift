import CheckpointRestore

/// Something that happens to the machine from outside, at an instant.
public struct TimelineEntry: Hashable, Sendable {
  public var position: Position
  public var at: DurationValue
  public var action: Action

  public init(position: Position, at: DurationValue, action: Action) {
    self.position = position
    self.at = at
    self.action = action
  }

  public enum Action: Hashable, Sendable {
    case checkpoint(CheckpointOrder)
    case kill(component: Name)
    case restore(RestoreOrder)
    /// The run ends.
    case stop
    /// A node stops dead.
    case fail(node: Number)
    /// A signal of a component (`component/name`).
    case signal(ScopedName)
    /// A device raises this input of the interrupt controller, once.
    case interrupt(Number)
    /// A component, or a thread (`component/thread`), that was not started.
    case start(ScopedName)
    /// Every thread of a component, by the checkpointer.
    case pause(component: Name)
    case resume(component: Name)
    /// With an incremental strategy: all of its managed memory that is attached.
    case detach(component: Name)
  }
}

/// `{ "at": "3s", "checkpoint": "counter", "as": "c1", "every": "100ms" }`
public struct CheckpointOrder: Hashable, Sendable {
  public var component: Name
  /// Components that stand still and are checkpointed together with it; a restore brings all of them back.
  public var companions: [Name]
  public var name: Name
  /// Repeats it; the newest one carries the name.
  public var every: DurationValue?
}

/// `{ "at": "5s", "restore": "c1", "as": "copy", "node": 1, "blocked": "reissue" }`
public struct RestoreOrder: Hashable, Sendable {
  public var checkpoint: Name
  /// Name of the restored component; nil means the old one.
  public var name: Name?
  public var node: Number?
  /// Overrides the checkpointer's choice.
  public var child: RestoredChild?
  public var blocked: BlockedThreadPolicy?
  /// Only the dataspace of this size, copied into the running component `name`.
  public var memory: SizeValue?
}

extension TimelineEntry.Action {
  /// Number of the node whose checkpointer is told. Components live on the first one.
  var node: Int { if case .restore(let order) = self { order.runsOn } else { 0 } }
}

extension RestoreOrder {
  /// Number of the node whose checkpointer does it.
  var runsOn: Int { Int(node?.value ?? 0) }

  /// Everything else as the checkpointer is configured.
  public init(checkpoint: Name) {
    self.init(checkpoint: checkpoint, name: nil, node: nil, child: nil, blocked: nil, memory: nil)
  }
}

public struct CheckpointerDescription: Hashable, Sendable {
  public var position: Position
  public var strategy: CheckpointStrategy
  public var child: RestoredChild
  public var blocked: BlockedThreadPolicy
  /// The node that gets every finished image.
  public var destination: Number?
  /// For threads of the original that go on after a checkpoint. Nil means the choice for restored threads if that makes
  /// callers wait again, else `reissueReceiveHalf`: the original is to be disturbed as little as possible.
  public var continuing: BlockedThreadPolicy?
  /// When restored memory gets its contents.
  public var memory: RestoredMemory
  /// Size of a managed dataspace's parts.
  public var granularity: SizeValue?
  /// Most pre-copy rounds.
  public var rounds: Number?
  /// So little is left to the last copy of a pre-copy.
  public var until: SizeValue?
  /// So many pre-copy rounds in a row without gain.
  public var stalls: Number?
  /// So many times the memory is copied at most before the freeze.
  public var volume: Number?
  /// Time for others after each piece of memory that is copied behind their back.
  public var pace: DurationValue?
  /// Bandwidth of the store that keeps images.
  public var store: RateValue?
  public var priority: Number?
  public var core: Number?
  /// How it keeps its records of the targets.
  public var metadata: MetadataLists
  public var costs: CheckpointerCostsName
  public var outputs: OutputRule
  /// Services whose sessions may be open although nobody can read what they keep.
  public var allowed: [Name]
  /// Defects of the published checkpointers it is to have.
  public var faults: [CheckpointerFault]
}

/// When the world sees what a component writes.
public enum OutputRule: String, Hashable, Sendable, CaseIterable {
  case atOnce = "at once"
  /// When the state that wrote it can be restored.
  case held
}

/// Figures for the checkpointer's own code.
public enum CheckpointerCostsName: String, Hashable, Sendable, CaseIterable {
  case assumed
  /// The published profile: right in its proportions only.
  case profile2018 = "2018"
}

public enum CheckpointStrategy: String, Hashable, Sendable, CaseIterable {
  case stopAndCopy = "stop-and-copy"
  case incremental
  case preCopy = "pre-copy"
  case copyOnWrite = "copy-on-write"
  case parallel
  case dma
  case redundantMemory = "redundant-memory"
  case virtualCPU = "vcpu"
  case coreState = "core-state"
  case kernelAssisted = "kernel-assisted"
}

/// How the child that becomes the restored component is made.
public enum RestoredChild: String, Hashable, Sendable, CaseIterable {
  /// With an invalid ELF dataspace; threads are created and started by hand.
  case withoutELF = "without-elf"
  /// Loaded as usual, then overwritten at its first request.
  case bootstrap
}

/// What happens to a thread that was blocked in the kernel when the checkpoint was taken.
public enum BlockedThreadPolicy: String, Hashable, Sendable, CaseIterable {
  case resumeAtIP = "resume at ip"
  case reissue
  case reissueReceiveHalf = "reissue receive half"
  case deliverError = "deliver error"
  case refuse
  case quiesceFirst = "quiesce first"
  case recreateCaller = "recreate caller"
}
