import Genode

/// Keys of the stored records of one kind, oldest first; a linked list is entered at the other end.
struct MetadataList: Hashable, Sendable {
  private(set) var keys: [UInt64] = []

  init(_ keys: [UInt64] = []) { self.keys = keys }

  mutating func insert(_ key: UInt64) { keys.append(key) }
  mutating func remove(_ key: UInt64) { keys.removeAll { $0 == key } }

  /// Nodes passed from the newest record to the wanted one, which counts; all of them if it is not there.
  func walk(to key: UInt64) -> (found: Bool, nodes: Int) {
    guard let index = keys.lastIndex(of: key) else { return (false, keys.count) }
    return (true, keys.count - index)
  }
}

/// What the checkpointer remembers of a target from one checkpoint to the next, beside the image.
///
/// Models `Target_state`: one list for each kind of record.
struct StoredState: Hashable, Sendable {
  enum Kind: Int, Hashable, Sendable, CaseIterable {
    case ramSessions, ramDataspaces, pdSessions, nativeCapabilities, signalSources, signalContexts
    case cpuSessions, threads, rmSessions, regionMaps, logSessions, timerSessions
  }
  private var lists = Kind.allCases.map { _ in MetadataList() }
  /// Copies of the last incremental checkpoint, up to date but for what was touched since.
  var kept: [Kept] = []
  /// The checkpoint they were made for.
  var parent: ParentImage?
  /// Attached regions by place, one list for each of the child's region maps.
  var regions: [MetadataList] = []

  struct Kept: Hashable, Sendable {
    /// Row of the child's dataspace table.
    var row: Int
    var copy: RPCCapability
    /// What the checkpoint's image has.
    var contents: [UInt8]
  }

  subscript(_ kind: Kind) -> MetadataList {
    get { lists[kind.rawValue] }
    set { lists[kind.rawValue] = newValue }
  }
}

/// Counts what the checkpointer's own functions do, so that exactly this can be charged.
struct ListWork: Hashable, Sendable {
  let lists: MetadataLists
  var nodes = 0
  var records = 0
  /// Each function announces itself, and each new list is printed, if the log is verbose.
  var lines = 0

  init(_ lists: MetadataLists) { self.lists = lists }

  mutating func find(_ key: UInt64, in list: MetadataList) -> Bool {
    lines += 1
    let walk = list.walk(to: key)
    nodes += lists == .linkedLists ? walk.nodes : 1
    return walk.found
  }

  /// Brings a stored list up to date: each online record is looked for and made if it is new, for which what it refers
  /// to is looked up in `known`; stored records without an online one are removed.
  mutating func update(_ stored: inout MetadataList, online: [Row], known: MetadataList) {
    let before = stored.keys
    for row in online {
      records += 1
      if find(row.key, in: stored) { continue }
      lines += 1
      _ = find(row.reference, in: known)
      stored.insert(row.key)
    }
    let current = MetadataList(online.map(\.key))
    for key in before where !find(key, in: current) {
      lines += 1
      stored.remove(key)
    }
  }

  /// An online record: its own key and that of what it refers to.
  struct Row {
    var key: UInt64
    var reference: UInt64
  }

  /// Records that refer to their own slot in the list of capabilities.
  mutating func update(_ stored: inout MetadataList, online: [UInt64], slots: MetadataList) {
    update(&stored, online: online.map { Row(key: $0, reference: $0) }, known: slots)
  }

  mutating func printed(_ count: Int) { lines += count }
}
