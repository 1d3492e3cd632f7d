import CheckpointRestore

/// Writes a checkpoint as a core file that debuggers open; the file appears under its name complete or not at all.
///
/// An image with a parent becomes an incremental file: pages that are in the parent are left out.
///
/// - Parameter executable: the component's program, for the machine flags; debuggers want them equal.
/// - Returns: what an image that goes on from this one names it by.
@discardableResult
public func writeCore(
  _ image: CheckpointImage, executable: ExecutableImage?, to path: String, limits: ELFLimits = .standard
) throws(ELFError) -> String {
  try writeCore(
    CoreFile(image: image, machineFlags: executable?.machineFlags ?? CoreFile.usualFlags), to: path, limits: limits)
}

@discardableResult
public func writeCore(_ core: CoreFile, to path: String, limits: ELFLimits = .standard) throws(ELFError) -> String {
  let layout = try CoreLayout(core.image, machineFlags: core.machineFlags, limits: limits)
  var replacement = try FileReplacement(of: path)
  try layout.write { (bytes) throws(ELFError) in try replacement.write(bytes) }
  try replacement.commit()
  return layout.identity
}

/// The bytes of the core file: headers, notes, memory, and the digest as the last bytes of all.
public func coreBytes(
  _ image: CheckpointImage, executable: ExecutableImage?, limits: ELFLimits = .standard
) throws(ELFError) -> [UInt8] {
  try coreBytes(
    CoreFile(image: image, machineFlags: executable?.machineFlags ?? CoreFile.usualFlags), limits: limits)
}

public func coreBytes(_ core: CoreFile, limits: ELFLimits = .standard) throws(ELFError) -> [UInt8] {
  let layout = try CoreLayout(core.image, machineFlags: core.machineFlags, limits: limits)
  var bytes: [UInt8] = []
  bytes.reserveCapacity(Int(layout.fileBytes))
  try layout.write { bytes.append(contentsOf: $0) }
  return bytes
}

/// One file by itself: if its image has a parent, the contents of pages that are there are zero here.
public struct CoreFile: Hashable, Sendable {
  public var image: CheckpointImage
  /// `e_flags`: of the component's program.
  public var machineFlags: UInt32
  /// Identity of the file it was read from; empty if it was not.
  public var digest = ""

  /// Compressed instructions.
  static let usualFlags: UInt32 = 1

  public init(image: CheckpointImage, machineFlags: UInt32 = 1) {
    self.image = image
    self.machineFlags = machineFlags
  }
}
