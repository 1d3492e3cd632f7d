/// The donated quota of a session, out of which core pays its administrative data for that session.
///
/// Models `Allocator_guard`.
struct MetadataBudget: Hashable, Sendable {
  var limit: UInt64
  private(set) var used: UInt64 = 0

  init(limit: UInt64) { self.limit = limit }

  mutating func consume(_ bytes: UInt64) throws(RPCException) {
    guard used + bytes <= limit else { throw .outOfMetadata }
    used += bytes
  }

  mutating func release(_ bytes: UInt64) {
    precondition(bytes <= used, "metadata must not be released twice")
    used -= bytes
  }
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
