extension JSONReader {
  /// Recognises files that are no JSON at all by their first bytes.
  static func problemOfStart(_ bytes: [UInt8]) -> Problem? {
    guard bytes.contains(where: { !isSpace($0) }) else { return .emptyFile }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return .byteOrderMark }
    let first = Array(bytes.prefix(4))
    if let kind = kinds.first(where: { bytes.starts(with: $0.magic) })?.kind {
      return .binaryFile(start: first, kind: kind)
    }
    let control = bytes[0] == 0x7F || (bytes[0] < 0x20 && !isSpace(bytes[0]))
    let noText =
      control || bytes.prefix(64).contains(0) || JSONReader(bytes, depthLimit: 1).lengthOfCharacterHere() == nil
    return noText ? .binaryFile(start: first, kind: nil) : nil
  }

  private static let kinds: [(magic: [UInt8], kind: String)] = [
    ([0x7F, 0x45, 0x4C, 0x46], "an ELF file"),
    ([0x1F, 0x8B], "a gzip archive"),
    ([0x50, 0x4B, 0x03, 0x04], "a zip archive"),
    ([0x28, 0xB5, 0x2F, 0xFD], "a zstd archive"),
    ([0x89, 0x50, 0x4E, 0x47], "a PNG image"),
    ([0xFF, 0xFE], "UTF-16 text"),
    ([0xFE, 0xFF], "UTF-16 text"),
  ]

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }
}
