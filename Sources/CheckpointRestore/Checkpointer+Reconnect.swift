import FiascoABI
import Genode

// Clients and servers among the children, after one or several of them were restored. Writes announced, reconnections,
// children[].sessions, jobs.
extension Checkpointer {
  /// A session of a restored client at a server that still runs: the server knows the session's object, so the client
  /// gets that one back. Nothing is asked of the server.
  mutating func rejoinSession(_ index: Int) throws(Suspension) {
    let image = restore.image.sessions[index]
    // The server may have been restored since, or together with it: then its clients hold a new object.
    let renewed = restore.translation[image.badge] ?? reconnections.first { $0.old == image.badge }?.new
    let known = children.lazy.flatMap(\.sessions).first { $0.provider == .sibling && $0.own.badge == image.badge }
    guard let own = renewed ?? known?.own else { return }
    var record = OnlineSession(service: image.service, arguments: image.arguments, own: own, real: own, quota: 0)
    record.provider = .sibling
    children[restore.child].sessions.append(record)
    restore.sessions[index] = children[restore.child].sessions.count - 1
    restore.translation.add(old: image.badge, new: own)
  }

  /// Restored servers offer their services again, and their clients are given the new objects: those that were not
  /// restored together with them and have them already.
  mutating func reopenServices(_ runs: [RestoreRun]) {
    var renewed: [BadgeTranslation.Pair] = []
    for run in runs {
      for service in run.image.services {
        guard let root = run.translation[service.rootBadge] else { continue }
        announced.append(AnnouncedByChild(name: service.name, child: run.child, root: root))
        wakeParked(for: service.name)
      }
      renewed += run.translation.pairs.filter { pair in run.image.rpcObjects.contains { $0.badge == pair.old } }
    }
    reconnections = reconnected(renewed)
    let restored = runs.map(\.child)
    for client in children.indices where !restored.contains(client) && children[client].condition == .running {
      let stale = children[client].sessions.contains { session in
        session.isLive && session.provider == .sibling && reconnections.contains { $0.old == session.own.badge }
      }
      if stale { jobs.append(.reconnect(client: client)) }
    }
  }

  /// What clients may hold of the restored objects: those of the image, or those an earlier restore gave them instead.
  private func reconnected(_ pairs: [BadgeTranslation.Pair]) -> [BadgeTranslation.Pair] {
    var result = pairs
    for pair in pairs {
      guard let last = reconnections.first(where: { $0.old == pair.old })?.new.badge else { continue }
      let held = [last] + reconnections.filter { $0.new.badge == last }.map(\.old)
      for badge in held where !result.contains(where: { $0.old == badge }) {
        result.append(BadgeTranslation.Pair(old: badge, new: pair.new))
      }
    }
    return result
  }

  /// Puts the new objects into the client's slots and the new badges into its capability map, while it runs.
  mutating func reconnect(_ client: Int, _ script: inout Script) throws(Suspension) {
    guard let native = children[client].nativePD else { return }
    let address = try script.call(native, NativePDOpcode.capMapInfo).word(0)
    guard let place = children[client].place(of: address) else { return }
    let dataspace = children[client].dataspaces[place.dataspace]
    let last = dataspace.pieceIndex(at: place.offset + CapMapLayout.size - 1)
    jobs.pushFront(
      (dataspace.pieceIndex(at: place.offset)...last).map {
        .reconnectPiece(client: client, dataspace: place.dataspace, piece: $0, mapOffset: place.offset)
      } + [.endReconnect(client: client)])
  }

  /// A part of the map. A designated dataspace that is changed here is attached, so that the change counts as one.
  mutating func reconnect(
    _ client: Int, _ row: Int, piece number: Int, mapOffset: UInt64, _ script: inout Script
  ) throws(Suspension) {
    let piece = children[client].dataspaces[row].piece(number)
    let begin = max(piece.offset, mapOffset)
    let end = min(piece.offset + piece.size, mapOffset + CapMapLayout.size)
    guard begin < end, let native = children[client].nativePD, let local = try attachHere(piece.dataspace, &script)
    else { return }
    let words = try script.read(local + begin - piece.offset, count: Int((end - begin) / 8))
    let first = (begin - mapOffset) / CapMapLayout.entrySize
    for (position, badge) in CapabilityMapPatch.entries(words) {
      guard let new = reconnections.first(where: { $0.old == badge })?.new else { continue }
      _ = try script.call(native, NativePDOpcode.install, [first + position], [new])
      let references = CapMapLayout.references(inWord: words[Int(position)])
      let word = CapMapLayout.word(badge: new.badge, references: references)
      try script.write(local + begin - piece.offset + position * CapMapLayout.entrySize, [word])
    }
    try detachHere(local, &script)
    try touch(number, of: row, of: client, &script)
  }

  mutating func endReconnect(_ client: Int) {
    for index in children[client].sessions.indices where children[client].sessions[index].provider == .sibling {
      guard let new = reconnections.first(where: { $0.old == children[client].sessions[index].own.badge })?.new else {
        continue
      }
      children[client].sessions[index].own = new
      children[client].sessions[index].real = new
    }
    outbox.append(.clientReconnected(client: children[client].name))
  }
}
