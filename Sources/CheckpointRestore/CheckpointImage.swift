/// Everything a checkpointer took from one component, as plain values.
///
/// The model knows nothing about files: `ELFFiles` writes it as a core file and reads it back. It holds what
/// the checkpointer *saw*, including what it knows to be doubtful (`registersValid`, `situation`), because a
/// restorer can only repair what the image admits. Lists keep the order in which the checkpointer found things.
///
/// Models `Target_state` with its `Stored_*_info` lists.
public struct CheckpointImage: Hashable, Codable, Sendable {
  /// Increases whenever a field changes its meaning or a field without a default is added.
  public static let currentVersion: UInt32 = 1

  public var version: UInt32
  public var componentName: String
  /// The ROM module the component was started from; a restorer needs it for symbols and read-only segments.
  public var romName: String
  /// Simulated time of the last sample, picoseconds since the machine started.
  public var takenAtPicoseconds: UInt64
  /// Name of the kernel profile; an image must not be restored under another profile without saying so.
  public var kernelProfile: String
  public var threads: [ThreadImage]
  public var capabilities: [CapabilityImage]
  /// Entry 0 is the address space; others are managed dataspaces (stack area, linker area, RM sessions).
  public var regionMaps: [RegionMapImage]
  public var regions: [RegionImage]
  public var dataspaces: [DataspaceImage]
  public var sessions: [SessionImage]
  public var signalContexts: [SignalContextImage]
  public var timers: [TimerImage]
  /// How many kernel-backed objects of each kind the component had, to be compared after a restore.
  public var objectCounts: [ObjectCount]

  public init(
    componentName: String, romName: String = "", takenAtPicoseconds: UInt64 = 0, kernelProfile: String = "",
    threads: [ThreadImage] = [], capabilities: [CapabilityImage] = [],
    regionMaps: [RegionMapImage] = [.addressSpace], regions: [RegionImage] = [], dataspaces: [DataspaceImage] = [],
    sessions: [SessionImage] = [], signalContexts: [SignalContextImage] = [], timers: [TimerImage] = [],
    objectCounts: [ObjectCount] = []
  ) {
    self.version = Self.currentVersion
    self.componentName = componentName
    self.romName = romName
    self.takenAtPicoseconds = takenAtPicoseconds
    self.kernelProfile = kernelProfile
    self.threads = threads
    self.capabilities = capabilities
    self.regionMaps = regionMaps
    self.regions = regions
    self.dataspaces = dataspaces
    self.sessions = sessions
    self.signalContexts = signalContexts
    self.timers = timers
    self.objectCounts = objectCounts
  }
}

/// One thread as the checkpointer found it.
///
/// Models `Stored_cpu_thread_info`, plus the UTCB, which belongs to no dataspace and is lost without it.
public struct ThreadImage: Hashable, Codable, Sendable {
  /// What the thread was doing in the kernel when it was sampled, as far as the checkpointer can tell.
  public enum Situation: String, Hashable, Codable, Sendable, CaseIterable {
    /// In user code: registers are the whole truth.
    case runnable
    /// Blocked before its message was taken; the whole call can be issued again.
    case sendPhase
    /// Its message was taken, the answer is outstanding; only the receive half may be issued again.
    case callReceivePhase
    /// Waits for anybody; nothing is owed to it.
    case openWait
    /// Waits for anybody after a reply that may or may not have gone out.
    case replyAndWait
    /// Waits for one partner (also: for the end of a timeout).
    case closedReceive
    /// Waits for its pager.
    case pageFault
    case unknown
  }

  /// Register file size: x0...x31.
  public static let registerCount = 32
  /// UTCB size in words; an image may also leave the UTCB out (no words).
  public static let utcbWordCount = 128

  public var name: String
  /// The kernel's own number of the thread, for people who compare with a trace; means nothing after a restore.
  public var kernelID: UInt64
  /// x0...x31; x0 is always 0.
  public var registers: [UInt64]
  public var pc: UInt64
  /// False if the registers are those of an earlier exception, because the thread was inside a system call.
  public var registersValid: Bool
  public var utcbAddress: UInt64
  public var utcb: [UInt64]
  public var priority: UInt32
  /// False if the thread object exists but was never started: it has no registers worth restoring.
  public var started: Bool
  public var situation: Situation
  /// The UTCB's error word when the thread was sampled.
  public var errorCode: UInt64

  public init(
    name: String, kernelID: UInt64 = 0, registers: [UInt64] = [UInt64](repeating: 0, count: registerCount),
    pc: UInt64 = 0, registersValid: Bool = true, utcbAddress: UInt64 = 0, utcb: [UInt64] = [],
    priority: UInt32 = 0, started: Bool = true, situation: Situation = .runnable, errorCode: UInt64 = 0
  ) {
    self.name = name
    self.kernelID = kernelID
    self.registers = registers
    self.pc = pc
    self.registersValid = registersValid
    self.utcbAddress = utcbAddress
    self.utcb = utcb
    self.priority = priority
    self.started = started
    self.situation = situation
    self.errorCode = errorCode
  }
}
