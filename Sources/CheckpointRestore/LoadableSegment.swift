import Genode

/// A loadable segment of an ELF64 file, and where it goes.
struct LoadableSegment: Hashable, BitwiseCopyable, Sendable {
  var isWritable: Bool
  var isExecutable: Bool
  var offset: UInt64
  var address: UInt64
  var fileSize: UInt64
  var memorySize: UInt64

  private static let pageMask = ComponentLayout.pageSize - 1
  /// Distance of the segment's start from its page boundary, the same in file and memory.
  var lead: UInt64 { address & Self.pageMask }
  /// Bytes of whole pages.
  var pages: UInt64 { (lead + memorySize + Self.pageMask) & ~Self.pageMask }
}

/// The parts of an ELF header that a parent needs which loads the program itself, in order to know what it loaded.
struct ProgramHeader: Hashable, Sendable {
  static let words = 8
  static let entryWords = 7
  private static let maxSegments: UInt64 = 16

  var entry: UInt64
  var tableOffset: UInt64
  var count: Int

  /// Nil unless the words begin an ELF64 executable with a plausible program header table.
  init?(_ header: [UInt64], fileSize: UInt64) {
    guard header.count >= Self.words, header[0] & 0xffff_ffff == 0x464c_457f, header[0] >> 32 & 0xff == 2 else {
      return nil
    }
    let entries = header[7] & 0xffff
    guard header[6] >> 48 & 0xffff == UInt64(8 * Self.entryWords), entries > 0, entries <= Self.maxSegments,
      header[4] & 7 == 0, header[4] <= fileSize, fileSize - header[4] >= entries * UInt64(8 * Self.entryWords)
    else { return nil }
    entry = header[3]
    tableOffset = header[4]
    count = Int(entries)
  }

  /// The loadable segments; nil if one cannot be attached page by page.
  static func segments(_ table: [UInt64], fileSize: UInt64) -> [LoadableSegment]? {
    var result: [LoadableSegment] = []
    for start in stride(from: 0, to: table.count - entryWords + 1, by: entryWords) {
      guard table[start] & 0xffff_ffff == 1, table[start + 5] > 0 else { continue }
      let flags = table[start] >> 32
      let segment = LoadableSegment(
        isWritable: flags & 2 != 0, isExecutable: flags & 1 != 0, offset: table[start + 1], address: table[start + 2],
        fileSize: table[start + 4], memorySize: table[start + 5])
      let sameLead = segment.offset & (ComponentLayout.pageSize - 1) == segment.lead
      guard segment.offset <= fileSize, segment.fileSize <= fileSize - segment.offset, segment.memorySize < 1 << 32,
        segment.fileSize <= segment.memorySize, segment.isWritable || sameLead
      else { return nil }
      result.append(segment)
    }
    return result
  }
}
