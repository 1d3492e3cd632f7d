import Glibc

extension ELFError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let path, let step, let errorNumber):
      "\(path): cannot \(step.rawValue): \(String(cString: strerror(errorNumber)))"
    case .notARegularFile(let path):
      "\(path): not a regular file"
    case .tooLarge(let what, let size, let limit):
      "\(what): \(size) is more than the limit of \(limit)"
    case .truncated(let what, let needed, let available):
      "\(what) is cut off: needs \(needed) bytes, the file has \(available)"
    case .notELF(let found):
      "not an ELF file: expected it to start with 7f 45 4c 46, found \(Self.hexadecimal(found))"
    case .header(let field, let expected, let found):
      "ELF header, \(field): expected \(expected), found \(found)"
    case .segment(let index, let expected, let found):
      "program header \(index): expected \(expected), found \(found)"
    case .symbolTable(let expected, let found):
      "symbol table: expected \(expected), found \(found)"
    case .notACheckpoint:
      "a core file, but not a checkpoint: it has no STASIS note"
    case .digest(let stored, let computed):
      "the file was changed or damaged: its digest says \(Self.hexadecimal(stored)), its bytes give "
        + Self.hexadecimal(computed)
    case .damaged(let what, let stored, let computed):
      "the file was changed or damaged in \(what): its checksum says \(Self.hexadecimal(stored)), its bytes give "
        + Self.hexadecimal(computed)
    case .identity(let stored, let computed):
      "the file was changed: headers and notes have the digest \(computed), it was sealed with \(stored)"
    case .missingParent(let name, let generation, let reason):
      "its parent `\(name)` (generation \(generation)) is missing: \(reason)"
    case .version(let found, let supported):
      "checkpoint format version \(found) is unknown; this program reads version \(supported)"
    case .note(let expected, let found):
      "STASIS note: expected \(expected), found \(found)"
    case .inconsistent(let fact):
      "the checkpoint contradicts itself: \(fact)"
    case .libelfRefused(let step, let message):
      "libelf refused to \(step): \(message)"
    }
  }

  static func hexadecimal(_ value: some BinaryInteger) -> String { "0x" + String(value, radix: 16) }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    if bytes.isEmpty { return "nothing" }
    return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
  }
}
