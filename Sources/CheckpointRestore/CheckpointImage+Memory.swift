/// A region map of the component: its address space or a managed dataspace.
///
/// Models `Stored_region_map_info`.
public struct RegionMapImage: Hashable, Codable, Sendable {
  public var name: String
  public var badge: UInt64
  /// Size in bytes; regions must end inside.
  public var size: UInt64
  /// The managed dataspace that stands for this map; nil for the address space.
  public var dataspaceIndex: Int?
  /// The RM session it was created by; 0 for the three maps of the protection domain.
  public var sessionBadge: UInt64 = 0
  /// The signal context told about faults; 0 for none.
  public var faultHandlerBadge: UInt64 = 0

  public init(name: String, badge: UInt64 = 0, size: UInt64, dataspaceIndex: Int? = nil) {
    self.name = name
    self.badge = badge
    self.size = size
    self.dataspaceIndex = dataspaceIndex
  }

  /// The map every component has: all user addresses of Sv39.
  public static var addressSpace: RegionMapImage { RegionMapImage(name: "address space", size: 1 << 38) }
}

/// A dataspace attached to a region map.
///
/// Models `Stored_attached_region_info`.
public struct RegionImage: Hashable, Codable, Sendable {
  public enum Source: String, Hashable, Codable, Sendable, CaseIterable { case rom, ram, managed }

  /// Index into `CheckpointImage.regionMaps`; 0 is the address space.
  public var map: Int
  /// Address relative to the start of the map, bytes.
  public var address: UInt64
  public var size: UInt64
  public var dataspaceIndex: Int
  /// Where in the dataspace the region starts, bytes.
  public var offset: UInt64
  public var writable: Bool
  public var executable: Bool
  public var source: Source

  public init(
    map: Int = 0, address: UInt64, size: UInt64, dataspaceIndex: Int, offset: UInt64 = 0, writable: Bool = true,
    executable: Bool = false, source: Source = .ram
  ) {
    self.map = map
    self.address = address
    self.size = size
    self.dataspaceIndex = dataspaceIndex
    self.offset = offset
    self.writable = writable
    self.executable = executable
    self.source = source
  }
}

/// A dataspace and what is known of its bytes; attached never, once or several times.
///
/// Models `Stored_ram_dataspace_info`.
public struct DataspaceImage: Hashable, Codable, Sendable {
  /// Where the bytes are to come from on restore. "Not captured" differs from "zero".
  public enum Provenance: String, Hashable, Codable, Sendable, CaseIterable {
    /// Read by the checkpointer; `contents` holds the bytes, the rest up to `size` was zero.
    case captured
    /// To be fetched again from the ROM service.
    case rom
    /// Has no bytes of its own: a region map.
    case managed
    /// Exists, but the checkpointer could not read it.
    case notCaptured
    /// Another server's: its bytes are not the component's to keep.
    case shared
  }

  public var badge: UInt64
  public var size: UInt64
  /// At most `size` bytes from the start; trailing zeros may be left out.
  public var contents: [UInt8]
  public var provenance: Provenance
  /// Where a dataspace that is not RAM of the component comes from: the badge of its ROM or CPU session, 0 for the ROM
  /// module the component was started from.
  public var sessionBadge: UInt64 = 0
  /// Page by page, if the checkpointer noted it (`pageRuns` knows in any case); empty unless captured.
  public var pages: [PageRun] = []

  public init(badge: UInt64, size: UInt64, contents: [UInt8] = [], provenance: Provenance = .captured) {
    self.badge = badge
    self.size = size
    self.contents = contents
    self.provenance = provenance
  }
}
