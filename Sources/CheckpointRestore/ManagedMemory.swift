import Genode

/// What a child takes for one dataspace, in incremental mode: a region map of the checkpointer's, with one small
/// dataspace attached for each part. A part that is detached faults at the next access; so what is attached was
/// touched since the last checkpoint.
///
/// Models `Managed_region_map_info` with its `Designated_dataspace_info` list.
struct ManagedMemory: Hashable, Sendable {
  var map: RPCCapability
  /// Pays for the map: one for all of them, or its own.
  var session: RPCCapability
  /// Bytes of each part; the last one may be shorter.
  var granularity: UInt64
  var parts: [Part] = []
  /// A part that is detached stays so: the checkpointer carries out each access.
  var isMirrored = false

  struct Part: Hashable, BitwiseCopyable, Sendable {
    var dataspace: RPCCapability
    var isAttached = true
    /// Nobody may get it before it is copied, out of it for a checkpoint or into it for a restore.
    var isPending = false
  }

  func part(at address: UInt64) -> Int? {
    let index = Int(address / granularity)
    return parts.indices.contains(index) ? index : nil
  }
}

/// A stretch of a dataspace that lies in one dataspace of core's.
struct MemoryPiece: Hashable, BitwiseCopyable, Sendable {
  var dataspace: RPCCapability
  /// Where the stretch begins in the whole.
  var offset: UInt64
  var size: UInt64
}

extension OnlineDataspace {
  /// Number of pieces: one, unless it is a managed one of the checkpointer's.
  var pieceCount: Int { managed.map { $0.parts.count } ?? 1 }

  func piece(_ index: Int) -> MemoryPiece {
    guard let managed else { return MemoryPiece(dataspace: real, offset: 0, size: size) }
    let offset = UInt64(index) * managed.granularity
    return MemoryPiece(
      dataspace: managed.parts[index].dataspace, offset: offset, size: min(managed.granularity, size - offset))
  }

  func pieceIndex(at offset: UInt64) -> Int { managed.map { Int(offset / $0.granularity) } ?? 0 }
}
