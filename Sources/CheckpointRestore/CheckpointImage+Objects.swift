/// One used slot of the component's capability space.
///
/// Models an entry of the capability map together with `Stored_normal_info`'s slot number.
public struct CapabilityImage: Hashable, Codable, Sendable {
  public var slot: UInt64
  /// 0 for objects without a badge, such as the IRQ behind a signal source.
  public var badge: UInt64
  /// What the checkpointer believes to be behind the slot, in the words of the service ("pd", "ram-dataspace").
  public var kind: String

  public init(slot: UInt64, badge: UInt64, kind: String) {
    self.slot = slot
    self.badge = badge
    self.kind = kind
  }
}

/// An open session, with all that is needed to ask for it again.
///
/// Models `Stored_session_info`.
public struct SessionImage: Hashable, Codable, Sendable {
  public var service: String
  public var arguments: String
  /// Quota upgrades in the order they were made.
  public var upgrades: [String]
  public var badge: UInt64

  public init(service: String, arguments: String, upgrades: [String] = [], badge: UInt64) {
    self.service = service
    self.arguments = arguments
    self.upgrades = upgrades
    self.badge = badge
  }
}

/// An object of the component that others can call through a gate to one of its threads.
///
/// Models `Stored_native_capability_info`, which no branch of the original restored.
public struct RPCObjectImage: Hashable, Codable, Sendable {
  public var badge: UInt64
  /// The entrypoint: index into `CheckpointImage.threads`.
  public var threadIndex: Int

  public init(badge: UInt64, threadIndex: Int) {
    self.badge = badge
    self.threadIndex = threadIndex
  }
}

/// A service the component offers: its name and the root object among its RPC objects.
public struct ServiceImage: Hashable, Codable, Sendable {
  public var name: String
  public var rootBadge: UInt64

  public init(name: String, rootBadge: UInt64) {
    self.name = name
    self.rootBadge = rootBadge
  }
}

/// Where the component fetches its signals, and the interrupt that tells it to.
///
/// Models `Stored_signal_source_info`; the interrupt is a kernel object of core that the component asks for once and
/// that has to be attached again to the thread that waits for it.
public struct SignalSourceImage: Hashable, Codable, Sendable {
  /// 0 if the component never asked for its signal source.
  public var badge: UInt64
  public var interruptBadge: UInt64
  /// The thread that waits: index into `CheckpointImage.threads`.
  public var threadIndex: Int?

  public init(badge: UInt64 = 0, interruptBadge: UInt64 = 0, threadIndex: Int? = nil) {
    self.badge = badge
    self.interruptBadge = interruptBadge
    self.threadIndex = threadIndex
  }
}

/// A signal context and the source it reports to.
///
/// Models `Stored_signal_context_info`, plus the signals not yet fetched, which no component can read there.
public struct SignalContextImage: Hashable, Codable, Sendable {
  public var badge: UInt64
  public var sourceBadge: UInt64
  public var imprint: UInt64
  /// Signals submitted and not delivered, as far as the checkpointer knows.
  public var pendingCount: UInt32
  /// Place in core's queue of contexts to be fetched, from 1; 0 if nothing is pending.
  public var pendingPlace: UInt32 = 0

  public init(badge: UInt64, sourceBadge: UInt64, imprint: UInt64, pendingCount: UInt32 = 0) {
    self.badge = badge
    self.sourceBadge = sourceBadge
    self.imprint = imprint
    self.pendingCount = pendingCount
  }
}

/// A programmed timer session.
///
/// Models `Stored_timer_session_info`, which keeps the full timeout only; the remaining time is kept beside it.
public struct TimerImage: Hashable, Codable, Sendable {
  public var sessionBadge: UInt64
  /// The signal context to be told; 0 for none.
  public var handlerBadge: UInt64
  public var timeoutPicoseconds: UInt64
  /// Time left at the checkpoint; nil if the checkpointer cannot know it.
  public var remainingPicoseconds: UInt64?
  public var periodic: Bool
  /// What the session's clock had reached: a new session starts at 0 again.
  public var elapsedMilliseconds: UInt64 = 0

  public init(
    sessionBadge: UInt64, handlerBadge: UInt64, timeoutPicoseconds: UInt64, remainingPicoseconds: UInt64? = nil,
    periodic: Bool = false
  ) {
    self.sessionBadge = sessionBadge
    self.handlerBadge = handlerBadge
    self.timeoutPicoseconds = timeoutPicoseconds
    self.remainingPicoseconds = remainingPicoseconds
    self.periodic = periodic
  }
}

public struct ObjectCount: Hashable, Codable, Sendable {
  public var kind: String
  public var count: UInt32

  public init(kind: String, count: UInt32) {
    self.kind = kind
    self.count = count
  }
}
