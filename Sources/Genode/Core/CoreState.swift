import FiascoABI

/// All tables of core.
struct CoreState: Hashable, Sendable {
  let configuration: CoreConfiguration

  // Ids and slots
  var badges = BadgeTable()
  var slots: CapabilitySlots
  var memory: PhysicalMemory

  // Sessions and objects
  var sessions = Table<CoreSession>()
  var ramSessions = Table<RAMSession>()
  var dataspaces = Table<Dataspace>()
  var regionMaps = Table<RegionMap>()
  var pds = Table<PDSession>()
  var cpuSessions = Table<CPUSession>()
  var threads = Table<CoreThread>()
  var contexts = Table<SignalContext>()
  var rmSessions = Table<RMSession>()
  var romSessions = Table<ROMSession>()
  var logSessions = Table<LogSession>()
  /// What core's own first child got at its creation.
  var initial = InitialChild()

  init(configuration: CoreConfiguration) {
    self.configuration = configuration
    slots = CapabilitySlots(count: configuration.capabilityCount - Int(ComponentSlots.firstUser.index))
    memory = PhysicalMemory(base: configuration.ramBase, size: configuration.ramSize)
  }
}

// The tables by their names, changed in place.
extension Core {
  public var configuration: CoreConfiguration { box[0].configuration }
  var badges: BadgeTable {
    _read { yield box[0].badges }
    _modify { yield &box[0].badges }
  }
  var slots: CapabilitySlots {
    _read { yield box[0].slots }
    _modify { yield &box[0].slots }
  }
  var memory: PhysicalMemory {
    _read { yield box[0].memory }
    _modify { yield &box[0].memory }
  }
  var sessions: Table<CoreSession> {
    _read { yield box[0].sessions }
    _modify { yield &box[0].sessions }
  }
  var ramSessions: Table<RAMSession> {
    _read { yield box[0].ramSessions }
    _modify { yield &box[0].ramSessions }
  }
  var dataspaces: Table<Dataspace> {
    _read { yield box[0].dataspaces }
    _modify { yield &box[0].dataspaces }
  }
  var regionMaps: Table<RegionMap> {
    _read { yield box[0].regionMaps }
    _modify { yield &box[0].regionMaps }
  }
  var pds: Table<PDSession> {
    _read { yield box[0].pds }
    _modify { yield &box[0].pds }
  }
  var cpuSessions: Table<CPUSession> {
    _read { yield box[0].cpuSessions }
    _modify { yield &box[0].cpuSessions }
  }
  var threads: Table<CoreThread> {
    _read { yield box[0].threads }
    _modify { yield &box[0].threads }
  }
  var contexts: Table<SignalContext> {
    _read { yield box[0].contexts }
    _modify { yield &box[0].contexts }
  }
  var rmSessions: Table<RMSession> {
    _read { yield box[0].rmSessions }
    _modify { yield &box[0].rmSessions }
  }
  var romSessions: Table<ROMSession> {
    _read { yield box[0].romSessions }
    _modify { yield &box[0].romSessions }
  }
  var logSessions: Table<LogSession> {
    _read { yield box[0].logSessions }
    _modify { yield &box[0].logSessions }
  }
  var initial: InitialChild {
    _read { yield box[0].initial }
    _modify { yield &box[0].initial }
  }
}
