/// How core of one release behaves where releases differ, one name for each behaviour.
///
/// A scenario or test may also switch one behaviour alone, to see what exactly it breaks.
public struct GenodeRelease: Hashable, Sendable {
  public enum Name: String, Hashable, Sendable, CaseIterable {
    case genode1602 = "16.02"
    case genode1608 = "16.08"
    case genode1611 = "16.11"
    case genode1902 = "19.02"
    /// No release: what a later one, or a patched core, would do. Every defect named here is mended.
    case mended
  }
  public let name: Name

  /// One session makes exactly one managed dataspace, as an RM session was one before 16.05. Otherwise it makes as many
  /// as its donated quota holds.
  public var limitsRMSessionToOneMap: Bool
  /// A detach inside nested maps takes the pages away from every address space they are visible in. Otherwise only maps
  /// that are attached directly to an address space are reached: the recursion compares addresses of two different
  /// maps. Since 19.02 (7f1692b3ca).
  public var unmapsThroughNestedMaps: Bool
  /// The detach of a managed dataspace as a whole takes its pages away. Otherwise it prints a warning and the mappings
  /// stay. Since 19.02 (genode issue 976).
  public var unmapsDetachedMaps: Bool
  /// A managed dataspace that is attached with an offset is entered at that offset by a fault. Otherwise the offset is
  /// forgotten, in the lookup and in the address that `state` tells. Since 2023 (f47c64e246).
  public var addsOffsetsOfMaps: Bool
  /// A thread that faults again while it is queued is linked into the queue a second time, which damages the queue.
  /// Otherwise it keeps its one place. Assumed to be so up to 19.02; the 16.08 source has no check.
  public var queuesFaultersTwice: Bool
  /// A write to read-only memory is recorded under core's address of that memory, which no attach ever matches.
  /// Otherwise under the faulter's. Until the rework of 2023 (a4c59c03e3).
  public var recordsReadOnlyFaultsAtSource: Bool
  /// No release does this: a detach takes pages away only from the address space it is asked for, never through a
  /// managed dataspace. It stands for the bug reported in December 2016, whose description is lost: after a detach some
  /// mappings stayed, and what was written through them went unnoticed.
  public var losesUnmapThroughMaps = false
  /// The warning about an unresolved fault names protection domain and thread. Since 16.11 (2147c42ec6).
  public var namesThreadInFaultWarning: Bool

  public static func named(_ name: Name) -> GenodeRelease {
    let unmapsEverywhere = name == .genode1902 || name == .mended
    return GenodeRelease(
      name: name, limitsRMSessionToOneMap: name == .genode1602, unmapsThroughNestedMaps: unmapsEverywhere,
      unmapsDetachedMaps: unmapsEverywhere, addsOffsetsOfMaps: name == .mended, queuesFaultersTwice: name != .mended,
      recordsReadOnlyFaultsAtSource: name != .mended,
      namesThreadInFaultWarning: name == .genode1611 || unmapsEverywhere)
  }

  /// What Stasis models unless told otherwise.
  public static let genode1608 = named(.genode1608)

  public static let mended = named(.mended)
}
