import CheckpointRestore
import FoundationEssentials

/// What our notes say, between bytes and image.
struct ImageNotes {
  /// A dataspace in the file: which of its pages are there, one behind the other, and from where on.
  struct Body: Hashable, Codable {
    var offset: UInt64
    /// Bytes of `DataspaceImage.contents`.
    var length: UInt64
    var pages: [PageRun]
    /// Whether the image had the list of pages itself, and did not leave it to be derived.
    var isDescribed: Bool
  }

  /// A stretch of the file with a checksum of its own.
  struct Segment: Hashable, Codable {
    var what: String
    var offset: UInt64
    var size: UInt64
    var crc32: UInt32
  }

  var image: CheckpointImage
  var bodies: [Body]
  var segments: [Segment] = []

  init(_ image: CheckpointImage, bodies: [Body]) {
    self.image = image
    self.bodies = bodies
    for index in image.dataspaces.indices {
      self.image.dataspaces[index].contents = []
      self.image.dataspaces[index].pages = []
    }
  }

  /// In the order of the file. Keys are sorted, so equal checkpoints give equal files.
  func descriptions() throws(ELFError) -> [(type: UInt32, json: [UInt8])] {
    var bare = image
    bare.capabilities = []
    return [
      (CoreNotes.imageType, try encodedJSON(bare)), (CoreNotes.capabilityType, try encodedJSON(image.capabilities)),
      (CoreNotes.objectType, try encodedJSON(image.kernelObjects)),
      (CoreNotes.messageType, try encodedJSON(image.messagesInFlight)), (CoreNotes.pageType, try encodedJSON(bodies)),
      (CoreNotes.segmentType, try encodedJSON(segments)),
    ]
  }

  /// The version is decoded first: another one may have other fields, which must not look like damage.
  init(reading notes: [(type: UInt32, description: ArraySlice<UInt8>)]) throws(ELFError) {
    func note(_ type: UInt32, _ what: String) throws(ELFError) -> ArraySlice<UInt8> {
      guard let found = notes.first(where: { $0.type == type }) else {
        throw .note(expected: what, found: "none")
      }
      return found.description
    }
    let main = try note(CoreNotes.imageType, "a note with a checkpoint")
    struct VersionOnly: Decodable { var version: UInt64 }
    // Up to version 3 the image was one level deeper.
    struct OldVersion: Decodable { var image: VersionOnly }
    let found: UInt64
    if let version = try? decodedJSON(VersionOnly.self, main, "a version") {
      found = version.version
    } else {
      found = try decodedJSON(OldVersion.self, main, "a checkpoint in JSON").image.version
    }
    if found != UInt64(CheckpointImage.currentVersion) {
      throw .version(found: found, supported: UInt64(CheckpointImage.currentVersion))
    }
    image = try decodedJSON(CheckpointImage.self, main, "a checkpoint in JSON")
    image.capabilities = try decodedJSON(
      [CapabilityImage].self, note(CoreNotes.capabilityType, "a note with capabilities"), "capabilities in JSON")
    bodies = try decodedJSON([Body].self, note(CoreNotes.pageType, "a note with pages"), "pages in JSON")
    segments = try decodedJSON(
      [Segment].self, note(CoreNotes.segmentType, "a note with checksums"), "checksums in JSON")
    if bodies.count != image.dataspaces.count {
      throw .note(expected: "pages of \(image.dataspaces.count) dataspaces", found: "pages of \(bodies.count)")
    }
    for index in bodies.indices where bodies[index].isDescribed { image.dataspaces[index].pages = bodies[index].pages }
    if let fact = image.inconsistency { throw .inconsistent(fact) }
    let objects = try note(CoreNotes.objectType, "a note with kernel objects")
    let messages = try note(CoreNotes.messageType, "a note with messages")
    if try !objects.elementsEqual(encodedJSON(image.kernelObjects)) {
      throw .note(expected: "the kernel objects that follow from the image", found: "others")
    }
    if try !messages.elementsEqual(encodedJSON(image.messagesInFlight)) {
      throw .note(expected: "the messages that follow from the image", found: "others")
    }
  }
}

func encodedJSON(_ value: some Encodable, indented: Bool = false) throws(ELFError) -> [UInt8] {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  if indented { encoder.outputFormatting.insert(.prettyPrinted) }
  do {
    return [UInt8](try encoder.encode(value))
  } catch {
    throw .note(expected: "a checkpoint that can be written as JSON", found: "\(error)")
  }
}

func decodedJSON<Value: Decodable>(
  _ type: Value.Type, _ json: some Collection<UInt8>, _ expected: String
) throws(ELFError) -> Value {
  do {
    return try JSONDecoder().decode(type, from: Data(json))
  } catch {
    throw .note(expected: expected, found: "\(error)")
  }
}
