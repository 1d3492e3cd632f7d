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

public enum CaptureStrategy: String, Hashable, Sendable, CaseIterable {
  /// Everything stands still until everything is copied.
  case stopAndCopy
}

/// Something the checkpointer is to do at a point in time.
public struct TimedCommand: Hashable, Sendable {
  public enum Command: Hashable, Sendable {
    case checkpoint(target: String, as: String)
    case kill(target: String)
    /// Without a name the child is called as the original; policy and mode override the configuration's.
    case restore(checkpoint: String, as: String? = nil, policy: ResumptionPolicy? = nil, mode: ChildMode? = nil)
    /// Every thread of the target, by `CPUThread.pause` and `resume`.
    case pause(target: String)
    case resume(target: String)
    /// A child beside those of the configuration.
    case start(ChildConfiguration)
    /// Only the dataspace of this size, into a component that runs.
    case restoreMemory(checkpoint: String, into: String, bytes: UInt64)
  }
  /// Kernel clock, microseconds.
  public var at: UInt64
  public var command: Command

  public init(atMicroseconds at: UInt64, _ command: Command) {
    self.at = at
    self.command = command
  }
}

/// What the checkpointer's own code costs, beside the kernel calls, RPCs and copies it makes.
///
/// No source separates these from the RPCs around them; the defaults are assumed: tens of instructions for an entry of
/// the capability map, list work of a few thousand cycles for an object (a published profile shows 20 times that, with a
/// serial log), and 100 MB/s for the store.
public struct CheckpointerCosts: Hashable, Sendable {
  public var picosecondsPerCapabilityEntry: UInt64
  public var picosecondsPerObject: UInt64
  public var picosecondsPerWrittenByte: UInt64
  public var status = "assumed"

  public init(
    picosecondsPerCapabilityEntry: UInt64, picosecondsPerObject: UInt64, picosecondsPerWrittenByte: UInt64
  ) {
    self.picosecondsPerCapabilityEntry = picosecondsPerCapabilityEntry
    self.picosecondsPerObject = picosecondsPerObject
    self.picosecondsPerWrittenByte = picosecondsPerWrittenByte
  }

  public static func assumed(picosecondsPerCycle: UInt64) -> CheckpointerCosts {
    CheckpointerCosts(
      picosecondsPerCapabilityEntry: 20 * picosecondsPerCycle, picosecondsPerObject: 3_000 * picosecondsPerCycle,
      picosecondsPerWrittenByte: 10_000)
  }

  public static let free = CheckpointerCosts(
    picosecondsPerCapabilityEntry: 0, picosecondsPerObject: 0, picosecondsPerWrittenByte: 0)
}

/// Everything the checkpointer is told when it starts.
public struct CheckpointerConfiguration: Hashable, Sendable {
  /// Its children, all of which can be checkpointed.
  public var targets: [ChildConfiguration]
  /// In the order in which they are to be carried out.
  public var commands: [TimedCommand]
  public var strategy = CaptureStrategy.stopAndCopy
  public var freeze = FreezeKind.triggerAndCancel
  /// For restored threads, unless a command says otherwise.
  public var defaultPolicy = ResumptionPolicy.reissueReceiveHalf
  /// For the original's threads when they go on after a checkpoint with cancel; nil means `defaultPolicy`.
  public var continuePolicy: ResumptionPolicy?
  public var childMode = ChildMode.withoutELF
  public var bootstrapCopy = BootstrapCopy.intoChild
  /// x-register in which the targets' code keeps the tag of a system call, if it does.
  public var tagRegister: Int?
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
