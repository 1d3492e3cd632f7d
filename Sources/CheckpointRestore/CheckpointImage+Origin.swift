/// Which run an image comes from. The checkpointer cannot know: whoever plays the scenario fills it in.
public struct ImageOrigin: Hashable, Codable, Sendable {
  /// SHA-256 of the scenario's file, in hexadecimal; empty if it is unknown.
  public var scenarioDigest = ""
  public var seed: UInt64 = 0
  /// Records of the run up to the moment the image was complete.
  public var eventNumber: UInt64 = 0

  public init() {}
}

/// The image an incremental one goes on from.
public struct ParentImage: Hashable, Codable, Sendable {
  /// Name of the checkpoint.
  public var name: String
  public var generation: UInt64
  /// Of the parent's file; empty as long as it has none.
  public var digest = ""

  public init(name: String, generation: UInt64, digest: String = "") {
    self.name = name
    self.generation = generation
    self.digest = digest
  }
}
