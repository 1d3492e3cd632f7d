/// The last note of a core file: its length and, as its very last bytes, a checksum of everything before.
///
/// So there is no byte of the file, padding included, that can change unnoticed.
enum CoreDigest {
  /// Length (8 bytes), zero (4), checksum (4).
  private static let descriptionBytes = 16
  /// Three words of header, the vendor's name padded to 8, the description.
  static let noteBytes: UInt64 = 12 + 8 + 16

  static func append(to bytes: inout [UInt8]) {
    let fileBytes = UInt64(bytes.count) + noteBytes
    var description: [UInt8] = []
    description.append(littleEndian: fileBytes)
    description.pad(upTo: UInt64(descriptionBytes))
    CoreNotes.append(CoreNotes.vendor, CoreNotes.digestType, description, to: &bytes)
    seal(&bytes)
  }

  /// Writes the checksum of the bytes as they are now.
  static func seal(_ bytes: inout [UInt8]) {
    let covered = bytes.count - 4
    bytes.replace(at: covered, littleEndian: checksum(bytes, count: covered))
  }

  static func check(_ bytes: [UInt8], description: [UInt8]) throws(ELFError) {
    if description.count != descriptionBytes {
      throw .note(expected: "a digest of \(descriptionBytes) bytes", found: "\(description.count) bytes")
    }
    let fileBytes: UInt64 = description.littleEndian(at: 0)
    if fileBytes != UInt64(bytes.count) {
      throw .truncated(what: "core file", needed: fileBytes, available: UInt64(bytes.count))
    }
    let stored: UInt32 = bytes.littleEndian(at: bytes.count - 4)
    let computed = checksum(bytes, count: bytes.count - 4)
    if stored != computed { throw .digest(stored: stored, computed: computed) }
  }
}
