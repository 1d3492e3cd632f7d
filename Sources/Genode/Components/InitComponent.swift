import FiascoABI

/// Starts the components of a scenario and is their parent: hands out sessions, routes requests, moves quota.
///
/// Thread 0 builds the children one after the other; thread 1 + i serves the parent interface of child i, and nothing
/// before the last child has been built, so that the children's first requests queue until then. Models
/// repos/os/src/init of Genode 16.08.
public struct InitComponent: NativeProgram {
  public let configuration: InitConfiguration
  var environment: NativeEnvironment
  var main: MainPhase
  /// Slots of the main thread; each child's thread has a range of its own.
  var slots: CapabilitySlots
  var log: RPCCapability?
  var children: [InitChild]
  /// Changes of the configuration that are still to come.
  var changes: [InitChange]
  /// Services children have announced, in the order of announcement.
  var announced: [AnnouncedService] = []
  var outbox: [GenodeEvent] = []

  /// Slots of the main thread, and of each child's thread behind them.
  static let mainSlots = 1024
  static let childSlots = 256

  public init(_ configuration: InitConfiguration) {
    self.configuration = configuration
    slots = CapabilitySlots(count: Self.mainSlots)
    environment = NativeEnvironment(slots: &slots)
    main = .environment
    changes = configuration.changes
    children = configuration.children.indices.map { InitChild(index: $0) }
  }

  public mutating func step(thread entry: Int, script: inout Script) throws(Suspension) {
    if entry == 0 {
      try stepMain(&script)
    } else {
      precondition(children.indices.contains(entry - 1), "init has one thread for each child")
      try stepChild(entry - 1, &script)
    }
  }

  public mutating func drainEvents() -> [GenodeEvent] {
    defer { outbox.removeAll() }
    return outbox
  }
}

/// What init's main thread does next.
enum MainPhase: Hashable, Sendable {
  case environment, openLog
  case child(Int, ChildStage)
  case report(Int, String)
  case activate(Int)
  case idle
  case kill(Int)
}

/// Making one child, in the order of genode 16.08 (`init/child.h`).
enum ChildStage: Int, Hashable, Sendable, CaseIterable {
  case pd, ram, cpu, quota, thread, entrypoint, place, startEntrypoint, parent, rom, load
}

struct AnnouncedService: Hashable, Sendable {
  var name: String
  var child: Int
  var root: RPCCapability
}

/// A session that was opened for a child, for `upgrade` and `close`.
struct ChildSession: Hashable, Sendable {
  var session: RPCCapability
  var quota: UInt64
  var provider: Provider

  enum Provider: Hashable, Sendable {
    case parent
    case child(Int)
  }
}

/// One child and the thread that serves it.
struct InitChild: Hashable, Sendable {
  var index: Int
  // Written by the main thread while the child is built.
  var pd: RPCCapability?
  var ram: RPCCapability?
  var cpu: RPCCapability?
  var mainThread: RPCCapability?
  var entrypoint: RPCCapability?
  /// IRQ of the thread that serves this child.
  var irq = ComponentSlots.irq(ofThread: 0)
  /// Slots that the main thread took for this child.
  var mainSlots: [CapabilitySlot] = []
  var isActive = false
  var parent: RPCCapability?
  var program: ChildLoader.Program = .none
  var loader: ChildLoader?

  // Written by the child's own thread.
  var phase = ChildPhase.inactive
  var window: [CapabilitySlot]
  var slots: CapabilitySlots
  var sessions: [ChildSession] = []
  /// Waits on its IRQ until this service is announced.
  var awaits: String?

  init(index: Int) {
    self.index = index
    let base = Int(ComponentSlots.firstUser.index) + InitComponent.mainSlots + index * InitComponent.childSlots
    slots = CapabilitySlots(from: CapabilitySlot(UInt32(base)), count: InitComponent.childSlots)
    window = slots.take(RPCLayout.maxCapabilities)
  }
}
