import FiascoABI

/// What a badge stands for. Every kernel object that core creates takes an id, also those no message ever names.
enum CoreObject: Hashable, BitwiseCopyable, Sendable {
  case parentOfInit
  case task(pd: Int)
  case pd(Int)
  case nativePD(Int)
  case signalSource(pd: Int)
  case signalFinalizer(pd: Int)
  case signalIRQ(pd: Int)
  case signalContext(Int)
  case regionMap(Int)
  case dataspace(Int)
  case cpu(Int)
  case thread(Int)
  case threadGate(Int)
  case threadIRQ(Int)
  case cpuThread(Int)
  case pagerGate(Int)
  case ram(Int)
  case rm(Int)
  case rom(Int)
  case log(Int)
  /// An RPC object of a component; core only made the gate.
  case componentRPC(pd: Int)
  case pagerControl
  case reserved
}

/// One row of the id table: the object, and core's own capability to it.
struct CoreCapability: Hashable, BitwiseCopyable, Sendable {
  var object: CoreObject
  var slot: CapabilitySlot
}

/// Ids from 4 in steps of 4, lowest free first; freed ids are used again. Models `Cap_id_allocator`.
struct BadgeTable: Hashable, Sendable {
  private var rows = Table<CoreCapability>()

  mutating func insert(_ capability: CoreCapability) -> UInt64 {
    precondition(hasRoom, "an id fits 16 bits; ask `hasRoom` before")
    return UInt64(rows.insert(capability) + 1) * Badge.step
  }

  subscript(badge: UInt64) -> CoreCapability? {
    guard badge % Badge.step == 0, badge >= Badge.first, rows.contains(Int(badge / Badge.step) - 1) else { return nil }
    return rows[Int(badge / Badge.step) - 1]
  }

  mutating func remove(_ badge: UInt64) {
    precondition(self[badge] != nil, "only a live id can be freed")
    rows.remove(Int(badge / Badge.step) - 1)
  }

  var count: Int { rows.count }
  /// 16383 objects at most exist at a time.
  var hasRoom: Bool { UInt64(rows.count + 1) * Badge.step < Badge.limit }
}

/// Memory that can be attached: pages of RAM or of a boot module, or another region map.
struct Dataspace: Hashable, BitwiseCopyable, Sendable {
  enum Backing: Hashable, BitwiseCopyable, Sendable {
    case memory(physical: UInt64)
    case managed(map: Int)
  }
  var badge: UInt64
  var size: UInt64
  var backing: Backing
  var isWritable: Bool
  /// RAM session that paid; only it may free the dataspace.
  var owner: Int?
  /// Regions that show it, in all maps.
  var attachments = 0

  var physicalAddress: UInt64 {
    switch backing {
    case .memory(let physical): physical
    case .managed: 0
    }
  }
}

/// A protection domain. Models `Pd_session_component` with its `Platform_pd`.
struct PDSession: Hashable, Sendable {
  var badge: UInt64 = 0
  var label: String
  var metadata: MetadataBudget
  var taskBadge: UInt64 = 0
  var task = CapabilitySlot.task
  var sourceBadge: UInt64 = 0
  var finalizerBadge: UInt64 = 0
  var irqBadge: UInt64 = 0
  var nativeBadge: UInt64 = 0
  var addressSpace = 0
  var stackArea = 0
  var linkerArea = 0
  /// Row of the thread in each of the 128 places; the lowest free place is taken.
  var places: [Int?] = []
  var hasParent = false
  var capMapAddress: UInt64 = 0
  /// Contexts with undelivered signals, first in, first out.
  var pendingSignals: [Int] = []
  /// The last fetch emptied the queue; one more is what a client does that reads until nothing comes.
  var mayFindNothing = false
  var rpcBadges: [UInt64] = []

  mutating func takePlace(_ thread: Int) -> Int? {
    if let free = places.firstIndex(where: { $0 == nil }) {
      places[free] = thread
      return free
    }
    guard places.count < ComponentLayout.maxThreads else { return nil }
    places.append(thread)
    return places.count - 1
  }
}

/// Models `Signal_context_component`.
struct SignalContext: Hashable, BitwiseCopyable, Sendable {
  var badge: UInt64
  var pd: Int
  /// A pointer into the receiving component.
  var imprint: UInt64
  var count: UInt64 = 0
  var isQueued = false
}

struct CPUSession: Hashable, Sendable {
  var badge: UInt64
  var label: String
  var metadata: MetadataBudget
  var priority: Int
  /// Row of the dataspace, once somebody asked.
  var traceControl: Int?
}

/// What core knows about a thread: place, capabilities, and the record of its last stop.
///
/// Models `Cpu_thread_component`, `Platform_thread` and `Pager_object` (= `Rm_client`) together: all three are made and
/// destroyed as one.
struct CoreThread: Hashable, Sendable {
  var session: Int
  var pd: Int
  var name: String
  var priority: Int
  var cpu: Int
  /// Place in the PD, which fixes slots and UTCB.
  var place: Int
  var threadBadge: UInt64
  var threadSlot: CapabilitySlot
  var gateBadge: UInt64
  var gateSlot: CapabilitySlot
  var irqBadge: UInt64
  var irqSlot: CapabilitySlot
  var cpuThreadBadge: UInt64 = 0
  var pagerBadge: UInt64 = 0
  var pagerSlot = CapabilitySlot.pager
  var flags: ThreadStateFlags = []
  var exceptions: UInt64 = 0
  var registers = [UInt64](repeating: 0, count: ExceptionMessage.words)
  var exceptionContext: Int?
  var faulter = Faulter()

  var utcb: UInt64 { ComponentLayout.utcb(ofThread: place) }
}

struct RMSession: Hashable, Sendable {
  var badge: UInt64
  var metadata: MetadataBudget
  var maps: [Int] = []
}

struct ROMSession: Hashable, Sendable {
  var badge: UInt64
  var label: String
  var dataspace: Int
}

struct LogSession: Hashable, Sendable {
  var badge: UInt64
  var label: String
}
