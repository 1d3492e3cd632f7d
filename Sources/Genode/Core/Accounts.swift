/// The donated quota of a session, out of which core pays its administrative data for that session.
///
/// Models `Allocator_guard`.
struct MetadataBudget: Hashable, Sendable {
  var limit: UInt64
  private(set) var used: UInt64 = 0

  init(limit: UInt64) { self.limit = limit }

  func hasRoom(for bytes: UInt64) -> Bool { used + bytes <= limit }

  mutating func consume(_ bytes: UInt64) {
    precondition(hasRoom(for: bytes), "metadata must not be consumed beyond its limit")
    used += bytes
  }

  mutating func release(_ bytes: UInt64) {
    precondition(bytes <= used, "metadata must not be released twice")
    used -= bytes
  }
}

/// The session whose donated quota pays.
enum MetadataPayer: Hashable, BitwiseCopyable, Sendable { case pd(Int), ram(Int), cpu(Int), rm(Int) }

extension Core {
  private subscript(payer: MetadataPayer) -> MetadataBudget {
    get {
      switch payer {
      case .pd(let row): pds[row].metadata
      case .ram(let row): ramSessions[row].metadata
      case .cpu(let row): cpuSessions[row].metadata
      case .rm(let row): rmSessions[row].metadata
      }
    }
    set {
      switch payer {
      case .pd(let row): pds[row].metadata = newValue
      case .ram(let row): ramSessions[row].metadata = newValue
      case .cpu(let row): cpuSessions[row].metadata = newValue
      case .rm(let row): rmSessions[row].metadata = newValue
      }
    }
  }

  /// Takes the metadata of a new object out of a session's donation, or refuses with core's own line about it.
  mutating func consume(_ bytes: UInt64, of payer: MetadataPayer) throws(Interruption) {
    let budget = self[payer]
    guard budget.hasRoom(for: bytes) else {
      warn("Quota exceeded! amount=\(budget.limit), size=\(bytes), consumed=\(budget.used)")
      throw .refused(.outOfMetadata)
    }
    self[payer].consume(bytes)
  }

  mutating func release(_ bytes: UInt64, of payer: MetadataPayer) { self[payer].release(bytes) }

  mutating func raise(_ payer: MetadataPayer, by bytes: UInt64) { self[payer].limit += bytes }
}

/// A RAM session: an account of memory that can be allocated or handed to related accounts.
///
/// Models `Ram_session_component`.
struct RAMSession: Hashable, Sendable {
  enum TransferFailure: Int64, Error { case noSuchSession = -1, noRelation = -2, notEnough = -3 }

  var badge: UInt64
  var label: String
  var metadata: MetadataBudget
  var limit: UInt64 = 0
  private(set) var used: UInt64 = 0
  /// The account that pays and gets back; set once.
  var reference: Int?

  init(badge: UInt64, label: String, metadata: MetadataBudget) {
    self.badge = badge
    self.label = label
    self.metadata = metadata
  }

  var available: UInt64 { limit - used }

  /// Books an allocation. One slab block is demanded on top even if it is not needed, so an account can never be
  /// emptied exactly.
  mutating func charge(_ bytes: UInt64) throws(RPCException) {
    let (sum, overflow) = bytes.addingReportingOverflow(used + CoreMetadata.slabBlock)
    guard !overflow, sum <= limit else { throw .quotaExceeded }
    used += bytes
  }

  mutating func refund(_ bytes: UInt64) {
    precondition(bytes <= used, "an account must not be refunded more than it used")
    used -= bytes
  }
}

extension Table where Row == RAMSession {
  /// Moves quota between an account and its reference account, in either direction.
  mutating func transfer(_ bytes: UInt64, from source: Int, to target: Int) throws(RAMSession.TransferFailure) {
    guard self[source].reference == target || self[target].reference == source else { throw .noRelation }
    try move(bytes, from: source, to: target)
  }

  /// Moves quota without asking for a relation: donations on behalf of a session request.
  mutating func move(_ bytes: UInt64, from source: Int, to target: Int) throws(RAMSession.TransferFailure) {
    guard self[source].available >= bytes else { throw .notEnough }
    self[source].limit -= bytes
    self[target].limit += bytes
  }
}
