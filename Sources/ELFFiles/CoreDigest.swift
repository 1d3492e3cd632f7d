import Determinism

/// The last note of a core file: its length, its identity and, as its very last bytes, a checksum of everything before.
///
/// So there is no byte of the file, padding included, that can change unnoticed. The identity is the SHA-256 of headers
/// and notes, which hold a checksum of every segment and the identity of the parent; an image names its parent by it.
enum CoreDigest {
  /// Length (8 bytes), identity (32), zero (4), checksum (4).
  private static let descriptionBytes = 48
  /// Three words of header, the vendor's name padded to 8, the description.
  static let noteBytes: UInt64 = 12 + 8 + 48

  /// The note without its last four bytes, the checksum.
  static func note(fileBytes: UInt64, identity: String) -> [UInt8] {
    var description: [UInt8] = []
    description.append(littleEndian: fileBytes)
    description += bytes(hexadecimal: identity)
    description.pad(upTo: UInt64(descriptionBytes))
    var note: [UInt8] = []
    CoreNotes.append(CoreNotes.vendor, CoreNotes.digestType, description, to: &note)
    return Array(note.dropLast(4))
  }

  /// Writes the checksum of the bytes as they are now.
  static func seal(_ bytes: inout [UInt8]) {
    let covered = bytes.count - 4
    bytes.replace(at: covered, littleEndian: checksum(bytes, count: covered))
  }

  /// Length first, because it explains a cut-off file best; then the checksum. Returns the identity.
  static func check(_ bytes: [UInt8], description: ArraySlice<UInt8>) throws(ELFError) -> String {
    let description = Array(description)
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
    return hexadecimal(description[8..<40])
  }

  static func checkIdentity(_ identity: String, head: [UInt8]) throws(ELFError) {
    let computed = SHA256.hexadecimal(head)
    if computed != identity { throw .identity(stored: identity, computed: computed) }
  }

  /// Of a file of which only the end was read; nil if it does not end like a core file of ours.
  static func identity(inTail bytes: [UInt8]) -> String? {
    guard bytes.count == Int(noteBytes), let note = CoreNotes.vendorNotes(in: bytes[...]).first,
      note.type == CoreNotes.digestType, note.description.count == descriptionBytes
    else { return nil }
    return hexadecimal(note.description.dropFirst(8).prefix(32))
  }

  private static func hexadecimal(_ bytes: some Collection<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private static func bytes(hexadecimal text: String) -> [UInt8] {
    let digits = text.utf8.map { UInt8($0 < 0x3a ? $0 - 0x30 : $0 - 0x61 + 10) }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}
