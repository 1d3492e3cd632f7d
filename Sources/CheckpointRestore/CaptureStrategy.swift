/// Which bytes are copied when. Metadata is always taken while the target stands still.
///
/// What a strategy needs of the rest of the checkpointer are its properties; a new one is a case and its answers.
public enum CaptureStrategy: String, Hashable, Sendable, CaseIterable {
  /// Everything stands still until everything is copied.
  case stopAndCopy
  /// The same, but RAM is handed out as managed dataspaces, and only what was touched since the last checkpoint is
  /// copied again. Models the incremental mode of `Rtcr`.
  case incremental
  /// Rounds of copying while the target runs; what it touched meanwhile is copied again, the last time while it stands
  /// still. Models pre-copy migration (Clark et al. 2005) with managed dataspaces for dirty bits.
  case preCopy
  /// The target stands still only until all its memory is taken away from it; what it then touches is copied before it
  /// gets it back. Models what the branch idp_dw of `Rtcr` began.
  case copyOnWrite
  /// What the target allocated for itself is written twice, by the checkpointer, which carries out each access to it; a
  /// checkpoint begins a new second copy and merges the old one afterwards. The rest is incremental. Models the branch
  /// red_mem of `Rtcr` (Stark).
  case redundantMemory

  /// RAM of the targets is made of parts that can be taken away one by one.
  public var usesManagedMemory: Bool { self != .stopAndCopy }
  /// The copies of a checkpoint are what the next one begins with.
  public var keepsCopies: Bool { self == .incremental || self == .redundantMemory }
  public var copiesBeforeFreeze: Bool { self == .preCopy }
  public var copiesAfterThaw: Bool { self == .copyOnWrite }
  public var mirrorsWrites: Bool { self == .redundantMemory }
}

/// When copying in rounds ends and the target is stopped.
public struct PreCopyRules: Hashable, Sendable {
  /// Most rounds. The default is Xen's.
  public var rounds = 30
  /// So little left is copied while the target stands still, bytes.
  public var remaining: UInt64 = 16 << 10
  /// So many rounds in a row after which no less is left than before them.
  public var stalls = 2
  /// Copied in all, as a multiple of the target's memory. The default is Xen's.
  public var volume = 3

  public init() {}
}

/// Which rule ended the rounds.
public enum PreCopyStop: String, Hashable, Sendable, CaseIterable {
  case remaining, rounds, stalls, volume
}
