/// Everything a checkpointer took from one component, as plain values.
///
/// The model knows nothing about files: `ELFFiles` writes it as a core file and reads it back. It holds what
/// the checkpointer *saw*, including what it knows to be doubtful (`registersValid`, `situation`), because a
/// restorer can only repair what the image admits. Lists keep the order in which the checkpointer found things.
///
/// Models `Target_state` with its `Stored_*_info` lists.
public struct CheckpointImage: Hashable, Codable, Sendable {
  /// Increases whenever a field changes its meaning or a field without a default is added.
  public static let currentVersion: UInt32 = 4

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
  /// The component's own objects that others can call, in the order in which it made them.
  public var rpcObjects: [RPCObjectImage]
  public var signals: SignalSourceImage
  public var signalContexts: [SignalContextImage]
  public var timers: [TimerImage]
  /// How many kernel-backed objects of each kind the component had, to be compared after a restore.
  public var objectCounts: [ObjectCount]
  /// Address of the capability map in the component's memory; 0 if it never said.
  public var capabilityMapAddress: UInt64 = 0
  /// Badge of the parent capability in slot 8.
  public var parentBadge: UInt64 = 0
  /// Services the component announced.
  public var services: [ServiceImage] = []
  /// Badge of the kernel-specific part of the protection domain; 0 if the component never asked for it.
  public var nativePDBadge: UInt64 = 0
  /// RAM the component's account had, bytes.
  public var ramQuota: UInt64 = 0
  /// Name of the checkpoint; an image that was made by hand has none.
  public var name = ""
  /// Checkpoints of the component so far, this one included.
  public var generation: UInt64 = 1
  /// Set if this image names pages that only its parent has.
  public var parent: ParentImage?
  public var origin = ImageOrigin()

  /// What the program's file is called.
  public var programName: String { romName.isEmpty ? componentName : romName }

  public init(
    componentName: String, romName: String = "", takenAtPicoseconds: UInt64 = 0, kernelProfile: String = "",
    threads: [ThreadImage] = [], capabilities: [CapabilityImage] = [],
    regionMaps: [RegionMapImage] = [.addressSpace], regions: [RegionImage] = [], dataspaces: [DataspaceImage] = [],
    sessions: [SessionImage] = [], rpcObjects: [RPCObjectImage] = [], signals: SignalSourceImage = SignalSourceImage(),
    signalContexts: [SignalContextImage] = [], timers: [TimerImage] = [],
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
    self.rpcObjects = rpcObjects
    self.signals = signals
    self.signalContexts = signalContexts
    self.timers = timers
    self.objectCounts = objectCounts
  }
}
