import Genode

/// A restored child whose memory comes after its threads.
struct PostCopyRun: Hashable, Sendable {
  var checkpoint: String
  var child: Int
  var sources: [Source] = []
  var counts = CheckpointTotals()

  /// Where the bytes of a dataspace are.
  struct Source: Hashable, Sendable {
    /// Row of the child's dataspace table.
    var row: Int
    /// Nil for a checkpoint made elsewhere; then there are only bytes.
    var copy: RPCCapability?
    var contents: [UInt8]
  }
}

// Memory of a restored child that is fetched when it is touched, and the rest while nothing else is to be done. Writes
// postCopying, background, children[].dataspaces.

extension Checkpointer {
  /// Notes where the bytes are, for later.
  mutating func postpone(_ index: Int, _ row: Int, copy: RPCCapability?) {
    let source = PostCopyRun.Source(row: row, copy: copy, contents: copy == nil ? patchedContents(of: index) : [])
    postCopying?.sources.append(source)
    let parts = children[restore.child].dataspaces[row].managed?.parts ?? []
    for part in parts.indices { children[restore.child].dataspaces[row].managed?.parts[part].isPending = true }
  }

  mutating func startPostCopy() {
    guard let state = postCopying else { return }
    outbox.append(.phaseStarted(.postCopy, of: state.checkpoint))
    for source in state.sources {
      let parts = children[state.child].dataspaces[source.row].managed?.parts ?? []
      background += parts.indices.map { .fetch(dataspace: source.row, part: $0) }
    }
    background.append(.endPostCopy)
  }

  /// Nobody has touched it so far; it is there when somebody does.
  mutating func fetch(_ part: Int, of row: Int, _ script: inout Script) throws(Suspension) {
    guard let child = postCopying?.child, children[child].dataspaces[row].isLive,
      let managed = children[child].dataspaces[row].managed, managed.parts[part].isPending
    else { return }
    try load(part, of: row, &script)
    try touch(part, of: row, of: child, &script)
  }

  /// Gives a part its bytes.
  mutating func load(_ part: Int, of row: Int, _ script: inout Script) throws(Suspension) {
    guard let state = postCopying, let source = state.sources.first(where: { $0.row == row }) else { return }
    let piece = children[state.child].dataspaces[row].piece(part)
    children[state.child].dataspaces[row].managed?.parts[part].isPending = false
    postCopying?.counts.bytes += piece.size
    postCopying?.counts.pages += Int(piece.size / ComponentLayout.pageSize)
    if let copy = source.copy {
      _ = try self.copy(piece, has(.wrongCopyDirection) ? .intoCopy : .fromCopy, copy, &script)
    } else if piece.offset < UInt64(source.contents.count), let address = try attachHere(piece.dataspace, &script) {
      let bytes = min(piece.size, UInt64(source.contents.count) - piece.offset)
      try script.write(address, Self.words(source.contents, from: piece.offset, bytes: bytes))
      try detachHere(address, &script)
    }
  }

  mutating func endPostCopy() {
    guard let state = postCopying else { return }
    outbox.append(.phaseEnded(.postCopy, of: state.checkpoint, state.counts))
    postCopying = nil
  }
}
