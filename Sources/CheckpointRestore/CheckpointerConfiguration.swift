import Genode

/// How the child that becomes the restored component is made.
public enum ChildMode: String, Hashable, Sendable, CaseIterable {
  /// With an invalid ELF dataspace: nothing is loaded, threads are created and started by hand. Models
  /// `fixing_restore`.
  case withoutELF
  /// Loaded and started as usual; its state is overwritten when it asks for its first LOG session. Models `master`.
  case bootstrap
}

/// How threads are stopped.
public enum FreezeKind: String, Hashable, Sendable, CaseIterable {
  /// `CPUThread.pause`: a thread inside a system call stays there, and its registers remain unknown.
  case trigger
  /// `CPUThread.pauseCancelling`: all registers of all threads are known, and every system call is cut off.
  case triggerAndCancel
}

/// Which bytes a restore in mode `bootstrap` copies where.
public enum BootstrapCopy: String, Hashable, Sendable, CaseIterable {
  /// From the checkpoint into the child, as intended.
  case intoChild
  /// From the child into the checkpoint: `master` has source and target exchanged (restorer.cc:1364).
  case intoCheckpoint
}

/// When the memory of a restored child gets its contents.
public enum RestoredMemory: String, Hashable, Sendable, CaseIterable {
  case eager
  /// Its threads start at once; what they touch is fetched first, the rest in the background. Post-copy.
  case lazy
}

/// How the checkpointer keeps its records of a target.
public enum MetadataLists: String, Hashable, Sendable, CaseIterable {
  /// Singly linked, the newest in front, searched from there: what a search costs depends on what is in the list.
  /// Models the containers of `Target_state`.
  case linkedLists = "linked lists"
  /// A search costs one step. Models what the rewrite of 2019 gained by keeping hot and cold state in one object.
  case indexed
}

/// Something the checkpointer is to do at a point in time.
public struct TimedCommand: Hashable, Sendable {
  public enum Command: Hashable, Sendable {
    case checkpoint(target: String, as: String)
    /// Of several components, which stand still together. The first image is called so, those of the others have their
    /// component's name added; a restore of any of them restores all.
    case checkpointTogether([String], as: String)
    case kill(target: String)
    /// Without a name the child is called as the original; policy and mode override the configuration's.
    case restore(checkpoint: String, as: String? = nil, policy: ResumptionPolicy? = nil, mode: ChildMode? = nil)
    /// Every thread of the target, by `CPUThread.pause` and `resume`.
    case pause(target: String)
    case resume(target: String)
    /// Every part of the target's managed memory that is attached: the next access to it faults.
    case detach(target: String)
    /// A child beside those of the configuration.
    case start(ChildConfiguration)
    /// Only the dataspace of this size, into a component that runs.
    case restoreMemory(checkpoint: String, into: String, bytes: UInt64)
    /// Ordered by the checkpointer itself.
    case own(OwnWork)
  }
  /// What a checkpoint or restore has to do later, while requests are served.
  public enum OwnWork: Hashable, Sendable {
    /// The period in which a timer was checkpointed is over.
    case period(child: Int, session: Int)
    /// A child that was asked to stand still is looked at.
    case quiescence
  }
  /// Kernel clock, microseconds.
  public var at: UInt64
  public var command: Command

  public init(atMicroseconds at: UInt64, _ command: Command) {
    self.at = at
    self.command = command
  }
}

/// Everything the checkpointer is told when it starts.
public struct CheckpointerConfiguration: Hashable, Sendable {
  /// Its children, all of which can be checkpointed.
  public var targets: [ChildConfiguration]
  /// Components that live on another node and may be restored here.
  public var standby: [ChildConfiguration] = []
  /// Number of the node that gets every finished image.
  public var destination: Int?
  /// In the order in which they are to be carried out.
  public var commands: [TimedCommand]
  public var strategy = CaptureStrategy.stopAndCopy
  /// Pages in each designated dataspace of a managed one.
  public var granularity = 1
  public var preCopy = PreCopyRules()
  /// Restored memory is there when the threads start, or comes when they touch it.
  public var restoredMemory = RestoredMemory.eager
  /// Microseconds left to others after each piece of memory that is copied or written while the target runs.
  public var pace: UInt64 = 0
  public var freeze = FreezeKind.triggerAndCancel
  /// A checkpoint is put off until no thread is inside a call, if that comes to pass.
  public var quiescesFirst = false
  /// A checkpoint also finds out who waits for its component without being checkpointed with it.
  public var findsOutsideCallers = false
  /// For restored threads, unless a command says otherwise.
  public var defaultPolicy = ResumptionPolicy.reissueReceiveHalf
  /// For the original's threads when they go on after a checkpoint with cancel; nil means `defaultPolicy`.
  public var continuePolicy: ResumptionPolicy?
  public var childMode = ChildMode.withoutELF
  public var bootstrapCopy = BootstrapCopy.intoChild
  public var metadata = MetadataLists.linkedLists
  /// An RM session makes one map only, as before Genode 16.05, so each managed dataspace has a session of its own.
  public var opensSessionForEachMap = false
  /// Messages of the targets are kept back until the state that wrote them can be restored.
  public var holdsOutputs = false
  /// Services whose sessions are not interposed and do not stand in the way of a checkpoint: their state is lost.
  public var allowedServices: [String] = []
  /// Defects to be had, in any order.
  public var faults: [CheckpointerFault] = []
  /// Capability slots it has for itself; what does not fit is refused. A component of 16.08 has 4,096 in all.
  public var slotCount = 3_000
  /// x-register in which the targets' code keeps the tag of a system call, if it does.
  public var tagRegister: Int?
  /// Checkpoints of one name that are kept; a new one takes the place of the oldest.
  public var keptGenerations = 1
  /// Checkpoints made elsewhere, by name.
  public var images: [NamedImage] = []
  /// Name written into images.
  public var kernelProfile = ""
  /// For the work every component does: dispatch, loading.
  public var genodeCosts: GenodeCosts
  public var costs: CheckpointerCosts

  public init(
    targets: [ChildConfiguration], commands: [TimedCommand] = [], genodeCosts: GenodeCosts, costs: CheckpointerCosts
  ) {
    self.targets = targets
    let ordered = commands.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
    self.commands = ordered.map(\.element)
    self.genodeCosts = genodeCosts
    self.costs = costs
  }

  public struct NamedImage: Hashable, Sendable {
    public var name: String
    public var image: CheckpointImage
    public init(name: String, image: CheckpointImage) {
      self.name = name
      self.image = image
    }
  }
}
