import CheckpointRestore
import Glibc

/// A folder with checkpoints of one run, each name in one or several generations.
///
/// The newest generation of a name is `NAME.core`, older ones are `NAME.gN.core`. An image whose parent is in the folder
/// becomes an incremental file; one whose parent is not becomes a full one, so that retention never breaks a chain.
public struct CoreStore {
  static let suffix = ".core"

  private let folder: String
  private var written: [ParentImage] = []

  public init(folder: String) { self.folder = folder }

  static func newestName(of checkpoint: String) -> String { checkpoint + suffix }
  static func name(of checkpoint: String, generation: UInt64) -> String { "\(checkpoint).g\(generation)\(suffix)" }

  /// Writes images in the order in which they were taken, and removes generations of their names that an earlier run
  /// left. Returns the path of each.
  public mutating func write(
    _ images: [(image: CheckpointImage, executable: ExecutableImage?)], limits: ELFLimits = .standard
  ) throws(ELFError) -> [String] {
    var paths: [String] = []
    let order = images.indices.sorted {
      (images[$0].image.componentName, images[$0].image.generation, $0)
        < (images[$1].image.componentName, images[$1].image.generation, $1)
    }
    for index in order {
      let image = images[index].image
      let newest = images.filter { $0.image.name == image.name }.map(\.image.generation).max()
      let name =
        image.generation == newest
        ? Self.newestName(of: image.name) : Self.name(of: image.name, generation: image.generation)
      if image.name.isEmpty || image.name.utf8.contains(UInt8(ascii: "/")) {
        throw .file(path: "\(folder)/\(name)", step: .open, errorNumber: EINVAL)
      }
      paths.append("\(folder)/\(name)")
      try write(image, images[index].executable, to: paths[paths.count - 1], limits)
    }
    try removeOld(images.map(\.image), keeping: paths)
    return paths
  }

  private mutating func write(
    _ image: CheckpointImage, _ executable: ExecutableImage?, to path: String, _ limits: ELFLimits
  ) throws(ELFError) {
    var image = image
    if let parent = image.parent {
      if let known = written.first(where: { $0.name == parent.name && $0.generation == parent.generation }) {
        image.parent = known
      } else {
        image = image.flattened()
      }
    }
    let digest = try writeCore(image, executable: executable, to: path, limits: limits)
    written.append(ParentImage(name: image.name, generation: image.generation, digest: digest))
  }

  private func removeOld(_ images: [CheckpointImage], keeping paths: [String]) throws(ELFError) {
    for name in try fileNames(in: folder) where !paths.contains("\(folder)/\(name)") {
      let isOld = images.contains { image in
        guard name.hasPrefix(image.name + ".g"), name.hasSuffix(Self.suffix) else { return false }
        let number = name.dropFirst(image.name.count + 2).dropLast(Self.suffix.count)
        return !number.isEmpty && number.allSatisfy(\.isNumber)
      }
      if isOld, unlink("\(folder)/\(name)") != 0 {
        throw .file(path: "\(folder)/\(name)", step: .remove, errorNumber: errno)
      }
    }
  }
}

/// What is in a folder of checkpoints, and which of it can be used.
public struct CoreFolder: Sendable {
  public struct Entry: Sendable {
    public var name: String
    /// The complete image, or why there is none.
    public var image: Result<CheckpointImage, ELFError>
  }

  /// By name.
  public private(set) var entries: [Entry] = []
  /// Files a writer was making when it ended: never taken for images.
  public private(set) var unfinished: [String] = []

  public init(_ path: String, limits: ELFLimits = .standard) throws(ELFError) {
    for name in try fileNames(in: path) {
      if name.hasPrefix("."), name.contains("\(CoreStore.suffix).tmp.") { unfinished.append(name) }
      guard name.hasSuffix(CoreStore.suffix), !name.hasPrefix(".") else { continue }
      do throws(ELFError) {
        entries.append(Entry(name: name, image: .success(try readCore("\(path)/\(name)", limits: limits))))
      } catch {
        entries.append(Entry(name: name, image: .failure(error)))
      }
    }
  }

  /// The entry of the newest complete image: a torn one does not count, nor one whose parents are torn.
  public var newest: Int? {
    func age(_ index: Int) -> (UInt64, UInt64, Int)? {
      guard case .success(let image) = entries[index].image else { return nil }
      return (image.takenAtPicoseconds, image.generation, index)
    }
    return entries.indices.filter { age($0) != nil }.max { (age($0) ?? (0, 0, 0)) < (age($1) ?? (0, 0, 0)) }
  }
}
