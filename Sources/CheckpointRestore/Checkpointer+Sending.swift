import Genode

/// An image on its way out: what the checkpointer gave to the network device, which fetches the bytes by itself.
public struct DispatchedImage: Hashable, Sendable {
  public var name: String
  public var image: CheckpointImage
  /// Memory that travels. Registers and tables, a few KiB, are not counted.
  public var bytes: UInt64
  /// Number of the node.
  public var destination: Int
}

// Images that go to another node or come from one. Writes dispatched, checkpoints, jobs.
extension Checkpointer {
  /// The newest image of a name is complete and cannot change any more.
  mutating func handOver(_ name: String, bytes: UInt64, _ script: inout Script) throws(Suspension) {
    guard let destination = configuration.destination, let image = image(named: name) else { return }
    try script.compute(picoseconds: configuration.costs.picosecondsPerSentImage)
    dispatched.append(DispatchedImage(name: name, image: image, bytes: bytes, destination: destination))
    outbox.append(.imageSent(checkpoint: name, generation: image.generation, bytes: bytes, node: destination))
  }

  /// What the network device is to send, in order; it is the device's from here on.
  public mutating func takeDispatched() -> [DispatchedImage] {
    defer { dispatched.removeAll() }
    return dispatched
  }

  /// An image of another node has arrived whole: it replaces an older one of its name.
  public mutating func receive(_ image: CheckpointImage, as name: String) {
    let stored = StoredCheckpoint(name: name, target: image.componentName, image: image)
    guard let old = checkpoints.firstIndex(where: { $0.name == name }) else { return checkpoints.append(stored) }
    claimCopies(of: old)
    jobs += checkpoints[old].copies.compactMap { $0 }.map { .freeCopy($0) }
    checkpoints[old] = stored
  }
}
