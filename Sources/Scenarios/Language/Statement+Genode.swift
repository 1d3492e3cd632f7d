/// Statements about objects of core: region maps, dataspaces, threads, capabilities. They need Genode.
public enum GenodeAction: Hashable, Sendable {
  case regionMap(CreateRegionMap)
  case destroy(Name)
  case faultHandler(FaultHandlerStatement)
  case state(StateStatement)
  case pause(Name)
  case resume(Name)
  case free(Name)
  case identify(IdentifyStatement)
  case upgrade(UpgradeStatement)
  case quota(QuotaStatement)
  /// `{ "elapsed": "ms" }`: milliseconds since the thread's Timer session was opened.
  case elapsed(Name)

  var verb: Verb {
    switch self {
    case .regionMap: .regionMap
    case .destroy: .destroy
    case .faultHandler: .faultHandler
    case .state: .state
    case .pause: .pause
    case .resume: .resume
    case .free: .free
    case .identify: .identify
    case .upgrade: .upgrade
    case .quota: .quota
    case .elapsed: .elapsed
    }
  }

  /// What an author calls the region map that every component has from its start.
  public static let addressSpace = "address space"
}

/// `{ "region map": "12KiB", "as": "gap", "error": "failure" }`: made by the component's RM session.
public struct CreateRegionMap: Hashable, Sendable {
  public var size: SizeValue
  public var name: Name
  /// Variable that gets the exception, 0 for none; nil lets a failure end the component.
  public var error: Name?
}

/// `{ "fault handler": "gap", "signal": "faults" }`
public struct FaultHandlerStatement: Hashable, Sendable {
  public var map: Name
  public var signal: Name
}

/// `{ "state": "gap", "fault": "kind", "address": "where" }`, `{ "state": "worker", "ip": "ip", "flags": "flags" }`
public struct StateStatement: Hashable, Sendable {
  /// A region map or a thread.
  public var object: Name
  /// The parts of the answer that are wanted, in the order of `Part`.
  public var parts: [Wanted]
  /// Variables for the registers x1, x2 and so on.
  public var registers: [Name]

  public enum Part: String, Hashable, Sendable, CaseIterable {
    /// 0 ready, 1 read fault, 2 write fault.
    case fault
    /// Where in the map, as core knows it.
    case address
    /// 1 in exception, 2 paused, 4 unresolved page fault, 8 started.
    case flags
    case exceptions, ip, sp

    var belongsToMap: Bool { self == .fault || self == .address }
  }

  public struct Wanted: Hashable, Sendable {
    public var part: Part
    public var variable: Name
  }
}

/// `{ "identify": "flock", "badge": "b", "slot": "s" }`: what the component's own capability map says.
public struct IdentifyStatement: Hashable, Sendable {
  /// A dataspace, thread or signal.
  public var object: Name
  public var badge: Name?
  public var slot: Name?
}

/// `{ "upgrade": "RM", "by": "64KiB" }`: donates more quota to the session.
public struct UpgradeStatement: Hashable, Sendable {
  public var session: Session
  public var size: SizeValue

  public enum Session: String, Hashable, Sendable, CaseIterable { case ram = "RAM", cpu = "CPU", pd = "PD", rm = "RM" }
}

/// `{ "quota": "mine", "used": "spent" }`: bytes of the component's RAM session. What was donated to other sessions is
/// not part of it any more.
public struct QuotaStatement: Hashable, Sendable {
  public var total: Name
  public var used: Name?
}

/// Objects whose capabilities travel with a message between Genode components.
public enum ObjectKind: String, Hashable, Sendable, CaseIterable { case dataspace, thread, signal }

/// A name that a component gives to an object it gets with a message.
public struct AcceptedObject: Hashable, Sendable {
  public var kind: ObjectKind
  public var name: Name
}
