import CheckpointRestore
import FoundationEssentials

/// A core file as JSON: everything that decides its bytes, so that it can be read, changed and made a file again.
///
/// An incremental file stays one; its parent is named, not included.
public struct CoreDocument: Codable, Sendable {
  public static let format = "stasis-core"

  private var format = CoreDocument.format
  private var version = CheckpointImage.currentVersion
  private var machineFlags: UInt32
  private var image: CheckpointImage
  private var memory: [Memory]

  private struct Memory: Codable, Sendable {
    var length: UInt64
    /// Pages that are in the file, one behind the other, in base 64.
    var pages: String
  }

  public init(_ core: CoreFile) {
    machineFlags = core.machineFlags
    image = core.image
    memory = core.image.dataspaces.map { dataspace in
      var packed: [UInt8] = []
      for run in StoredPages(dataspace).runs {
        let end = packed.count + Int(UInt64(run.count) * pageBytes)
        let first = min(Int(run.lowerBound * pageBytes), dataspace.contents.count)
        packed += dataspace.contents[first..<min(Int(run.upperBound * pageBytes), dataspace.contents.count)]
        packed.pad(upTo: UInt64(end))
      }
      return Memory(length: UInt64(dataspace.contents.count), pages: Data(packed).base64EncodedString())
    }
    for index in image.dataspaces.indices { image.dataspaces[index].contents = [] }
  }

  public init(json: [UInt8]) throws(ELFError) {
    struct Heading: Decodable {
      var format: String
      var version: UInt64
    }
    let heading = try decodedJSON(Heading.self, json, "a document of `stasis image export`")
    if heading.format != Self.format { throw .note(expected: "format `\(Self.format)`", found: heading.format) }
    if heading.version != UInt64(CheckpointImage.currentVersion) {
      throw .version(found: heading.version, supported: UInt64(CheckpointImage.currentVersion))
    }
    self = try decodedJSON(CoreDocument.self, json, "a checkpoint in JSON")
  }

  public func json() throws(ELFError) -> [UInt8] {
    try encodedJSON(self, indented: true) + [UInt8(ascii: "\n")]
  }

  public func core(limits: ELFLimits = .standard) throws(ELFError) -> CoreFile {
    var image = image
    if memory.count != image.dataspaces.count {
      throw .note(expected: "memory of \(image.dataspaces.count) dataspaces", found: "memory of \(memory.count)")
    }
    if let fact = image.inconsistency { throw .inconsistent(fact) }
    for (index, one) in memory.enumerated() {
      let dataspace = image.dataspaces[index]
      guard one.length <= min(dataspace.size, limits.coreMemoryBytes), let packed = Data(base64Encoded: one.pages)
      else {
        throw .note(expected: "at most \(dataspace.size) bytes in base 64", found: "memory of dataspace \(index)")
      }
      let runs = dataspace.pages.isEmpty ? dataspace.derivedRuns(one.length) : dataspace.pages
      let stored = StoredPages(dataspace, runs, length: one.length)
      if UInt64(packed.count) != stored.bytes {
        throw .note(expected: "\(stored.bytes) bytes of dataspace \(index)", found: "\(packed.count)")
      }
      let body = ImageNotes.Body(offset: 0, length: one.length, pages: runs, isDescribed: true)
      image.dataspaces[index].contents = contents(body, stored, [UInt8](packed)[...])
    }
    if let fact = image.inconsistency { throw .inconsistent(fact) }
    return CoreFile(image: image, machineFlags: machineFlags)
  }
}
