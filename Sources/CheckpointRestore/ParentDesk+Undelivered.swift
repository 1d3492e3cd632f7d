import Genode

extension ParentDesk {
  struct Undelivered: Hashable, Sendable {
    var request: RPCRequest
    var reply: RPCReply

    /// Whether this is the same call once more; capabilities arrive in other slots or in the same, so badges count.
    func answers(_ other: RPCRequest) -> Bool {
      request.opcode == other.opcode && request.words == other.words
        && request.capabilities.map(\.?.badge) == other.capabilities.map(\.?.badge)
    }
  }
}

// Thread 1 + i. Writes children[i].desk only.
extension Checkpointer {
  /// An upgrade or session must not be made twice because a checkpoint came between it and its answer. Capabilities
  /// are kept by the objects they name: the slots they arrived in are used again.
  mutating func keep(_ reply: RPCReply, of child: Int) {
    guard let request = children[child].desk.current else { return }
    var kept = reply
    for index in kept.capabilities.indices {
      guard let badge = kept.capabilities[index]?.badge else { continue }
      let objects = children[child].sessions.map(\.own) + children[child].threads.map(\.own)
      guard let object = objects.last(where: { $0.badge == badge }) else { return }
      kept.capabilities[index] = object
    }
    children[child].desk.undelivered = ParentDesk.Undelivered(request: request, reply: kept)
  }
}
