import FiascoABI
import Genode

// What the checkpointer learns about a child while it hands the child's requests on. Models `online_storage/*.h`.
// Rows are never removed, only marked, so that an index stays what it is.

/// A thread the child made through its CPU session.
struct OnlineThread: Hashable, Sendable {
  var name: String
  /// The object the child calls, and core's object behind it.
  var own: RPCCapability
  var real: RPCCapability
  /// As requested: 0 means the session's.
  var priority: UInt64
  var cpu: UInt64
  var gateBadge: UInt64
  var utcb: UInt64
  var isStarted = false
  /// Paused by the child itself, not by the checkpointer.
  var isPaused = false
  /// Signal context of the child for exceptions; 0 for none.
  var exceptionHandler: UInt64 = 0
  /// Exceptions are reported to the checkpointer at present.
  var reportsToUs = false
  var isLive = true
}

struct OnlineRegion: Hashable, BitwiseCopyable, Sendable {
  var address: UInt64
  var size: UInt64
  var offset: UInt64
  var dataspace: UInt64
  var executable: Bool

  /// Contains the address, or ends at it: what the original asks where it should ask whether it contains it.
  func reaches(_ address: UInt64) -> Bool { address >= self.address && address - self.address <= size }
}

struct OnlineMap: Hashable, Sendable {
  var name: String
  var own: RPCCapability
  var real: RPCCapability
  var size: UInt64
  /// Badge of the RM session; 0 for the maps of the protection domain.
  var session: UInt64 = 0
  var faultHandler: UInt64 = 0
  var regions: [OnlineRegion] = []
  var isLive = true
}

struct OnlineDataspace: Hashable, Sendable {
  enum Kind: Hashable, BitwiseCopyable, Sendable {
    /// Allocated by the child, or for its writable segments.
    case ram
    /// The program it was started from.
    case program
    case rom(session: UInt64)
    case traceControl(session: UInt64)
    case managed(map: Int)
    /// Some other server's.
    case foreign
  }
  var real: RPCCapability
  var size: UInt64
  var kind: Kind
  /// Set for RAM in incremental mode.
  var managed: ManagedMemory?
  var isLive = true
}

struct OnlineTimer: Hashable, BitwiseCopyable, Sendable {
  var handler: UInt64 = 0
  var timeout: UInt64 = 0
  var armedAt: UInt64 = 0
  var isPeriodic = false
  var isArmed = false
  /// Added to the clock of the real session.
  var offsetMilliseconds: UInt64 = 0

  /// Timeouts of the kernel end at its ticks, microseconds.
  private static let tick: UInt64 = 1_000

  /// Microseconds until it signals; nil if it is not armed or, a single shot, has done so.
  ///
  /// When its time is over it has not signalled yet: that takes until the next tick.
  func remaining(at now: UInt64) -> UInt64? {
    guard isArmed else { return nil }
    let passed = now &- armedAt
    let sinceDue = isPeriodic ? passed % max(timeout, 1) : passed &- timeout
    guard passed >= timeout else { return timeout - passed }
    let due = now &- sinceDue
    if now < (due + Self.tick - 1) / Self.tick * Self.tick { return 1 }
    return isPeriodic ? timeout - sinceDue : nil
  }
}

struct OnlineSession: Hashable, Sendable {
  var service: String
  var arguments: String
  var upgrades: [String] = []
  var own: RPCCapability
  var real: RPCCapability
  var quota: UInt64
  var timer = OnlineTimer()
  var provider = Provider.interposed
  var isLive = true

  enum Provider: Hashable, BitwiseCopyable, Sendable {
    /// The child has our object, the real session is ours.
    case interposed
    /// Handed through: nobody here knows what the server keeps for it.
    case foreign
    /// An RPC object of another child.
    case sibling
  }
}

struct OnlineRPCObject: Hashable, Sendable {
  var real: RPCCapability
  /// Index of the entrypoint's thread.
  var thread: Int
  var isLive = true
}

struct OnlineContext: Hashable, Sendable {
  var real: RPCCapability
  var imprint: UInt64
  var isLive = true
}

/// One child with everything known about it. Models `Target_child` and `Target_state`.
struct TargetChild: Hashable, Sendable {
  enum Condition: Hashable, Sendable { case building, running, exited, killed, failed }

  var configuration: ChildConfiguration
  var condition = Condition.building
  /// What the child calls, served by a thread of its own; and the way from there to the main thread.
  var parent: RPCCapability?
  var parentInside: RPCCapability?
  var desk: ParentDesk
  /// PD, RAM and CPU come first, in this order.
  var sessions: [OnlineSession] = []
  var threads = ChunkedList<OnlineThread>()
  /// Address space, stack area, linker area, then those of RM sessions.
  var maps: [OnlineMap] = []
  var dataspaces = ChunkedList<OnlineDataspace>()
  var rpcObjects = ChunkedList<OnlineRPCObject>()
  var contexts = ChunkedList<OnlineContext>()
  var signalSource: RPCCapability?
  var nativePD: RPCCapability?
  var traceControl: RPCCapability?
  /// ROM session of the program, and its dataspace.
  var programSession: RPCCapability?
  var program: RPCCapability?
  /// RAM moved to the child's account.
  var ramQuota: UInt64 = 0
  /// The page with the code that reads and writes UTCBs, and where the checkpointer itself sees it.
  var stub: RPCCapability?
  var stubAddress: UInt64 = 0
  /// Messages that wait for the next complete image, oldest first.
  var held: [HeldOutput] = []
  /// What earlier checkpoints of it left.
  var stored = StoredState()
  /// Restored, with memory that comes after its threads.
  var isPostCopied = false
  /// Checkpoint to be restored into it at its first LOG request.
  var bootstrap: BootstrapOrder?

  static let pdSession = 0, ramSession = 1, cpuSession = 2

  init(_ configuration: ChildConfiguration, index: Int, slotCount: Int) {
    self.configuration = configuration
    desk = ParentDesk(child: index, slotCount: slotCount)
  }

  var name: String { configuration.name }
  var pd: RPCCapability { sessions[Self.pdSession].real }
  var ram: RPCCapability { sessions[Self.ramSession].real }
  var cpu: RPCCapability { sessions[Self.cpuSession].real }
  var addressSpace: RPCCapability { maps[0].real }

  func dataspace(badge: UInt64) -> Int? { dataspaces.firstIndex { $0.isLive && $0.real.badge == badge } }
  /// By the badge the child knows, or by that of the thread's gate.
  func thread(badge: UInt64) -> Int? {
    threads.firstIndex { $0.isLive && ($0.own.badge == badge || $0.gateBadge == badge || $0.real.badge == badge) }
  }
  func session(own badge: UInt64) -> Int? { sessions.firstIndex { $0.isLive && $0.own.badge == badge } }
}

struct BootstrapOrder: Hashable, Sendable {
  var checkpoint: Int
  var policy: ResumptionPolicy
}

/// What a gate of the checkpointer stands for.
struct InterposedObject: Hashable, BitwiseCopyable, Sendable {
  enum Kind: Hashable, BitwiseCopyable, Sendable {
    case parent
    case parentInside
    case session(Int)
    case thread(Int)
    case map(Int)
  }
  var badge: UInt64
  var child: Int
  var kind: Kind
}
