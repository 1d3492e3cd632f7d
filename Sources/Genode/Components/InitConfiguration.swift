/// One `<start>` node of init's configuration.
public struct ChildConfiguration: Hashable, Sendable {
  public enum Program: Hashable, Sendable {
    /// Name of a ROM module that holds an ELF file.
    case elf(rom: String)
    case native(NativeEntry.Kind)
  }

  public var name: String
  public var program: Program
  /// RAM quantum in bytes, from which init deducts what the child's own sessions cost.
  public var ramQuota: UInt64
  /// Kernel priority 1...128 of the child's CPU session.
  public var priority: Int
  /// CPU of the main thread.
  public var cpu: Int
  /// Services this child will announce.
  public var provides: [String]
  /// First match wins; without a match core's services go to the parent, others to the child that provides them.
  public var routes: [ServiceRoute]

  public init(
    name: String, program: Program, ramQuota: UInt64, priority: Int = ComponentPriority.highest, cpu: Int = 0,
    provides: [String] = [], routes: [ServiceRoute] = []
  ) {
    self.name = name
    self.program = program
    self.ramQuota = ramQuota
    self.priority = priority
    self.cpu = cpu
    self.provides = provides
    self.routes = routes
  }
}

public struct ServiceRoute: Hashable, Sendable {
  public enum Target: Hashable, Sendable { case parent, child(String), denied }
  public var service: String
  public var target: Target

  public init(service: String, target: Target) {
    self.service = service
    self.target = target
  }
}

/// A change of init's configuration at run time.
public struct InitChange: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// Destroys a child with its sessions.
    case kill(String)
    /// Starts a killed child from its beginning.
    case start(String)
  }
  /// Microseconds of the kernel clock.
  public var at: UInt64
  public var kind: Kind

  public init(at: UInt64, _ kind: Kind) {
    self.at = at
    self.kind = kind
  }
}

public struct InitConfiguration: Hashable, Sendable {
  public var children: [ChildConfiguration]
  /// In order of time. Deviation: init of 16.08 rebuilds everything when its configuration changes.
  public var changes: [InitChange]
  public var costs: GenodeCosts

  public init(children: [ChildConfiguration], changes: [InitChange] = [], costs: GenodeCosts) {
    precondition(children.count <= Self.maxChildren, "init serves as many children as it has slots for")
    self.children = children
    self.changes = changes
    self.costs = costs
  }

  public static let maxChildren = 64
  /// Services that core offers.
  static let parentServices = ["ROM", "RAM", "RM", "CPU", "PD", "LOG"]
  /// What init keeps for itself when a child asks for more than there is.
  static let slack: UInt64 = 128 << 10

  /// Where a session request of a child goes.
  func target(of service: String, for child: Int) -> ServiceRoute.Target {
    if let route = children[child].routes.first(where: { $0.service == service }) { return route.target }
    if Self.parentServices.contains(service) { return .parent }
    if let server = children.indices.first(where: { $0 != child && children[$0].provides.contains(service) }) {
      return .child(children[server].name)
    }
    return .denied
  }

  func index(of name: String) -> Int? { children.firstIndex { $0.name == name } }

  /// The child's RAM quota: its quantum without what init thinks the three sessions cost.
  static func childQuota(quantum: UInt64) -> UInt64 {
    let cost = SessionQuota.pd + SessionQuota.ram + SessionQuota.cpuBookkeeping
    return quantum > cost ? quantum - cost : 0
  }
}
