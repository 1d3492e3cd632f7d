import CheckpointRestore

/// What is left of a run: its record, and the checkpoints as the checkpointer holds them.
public struct PlayedRun: Sendable {
  public struct Image: Sendable {
    public var name: String
    public var image: CheckpointImage
    /// The component's program, for the symbols of a core file.
    public var executable: [UInt8]
    /// Names of all checkpoints that were taken together with it, its own among them; empty if it was taken alone.
    public var group: [String] = []
  }
  public var record: RunRecord
  public var images: [Image]
}

/// Picoseconds of a duration as scenarios write it; nil if it is none.
public func parsedDuration(_ text: String) -> Int64? { try? QuantityKind.duration.parse(text) }
