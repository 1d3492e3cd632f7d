/// The parts of an ELF64 header that a loader needs, read out of memory word by word.
struct ELFImage: Hashable, Sendable {
  struct Segment: Hashable, BitwiseCopyable, Sendable {
    var isWritable: Bool
    var isExecutable: Bool
    var offset: UInt64
    var address: UInt64
    var fileSize: UInt64
    var memorySize: UInt64

    /// Distance of the segment's start from its page boundary, the same in file and memory.
    var lead: UInt64 { address & (ComponentLayout.pageSize - 1) }
    var pages: UInt64 { (lead + memorySize).roundedUpToPage }
  }

  static let headerWords = 8
  static let programHeaderWords = 7
  static let maxSegments = 16

  var entry: UInt64
  var programHeaderOffset: UInt64
  var programHeaderCount: Int

  /// Nil unless the words begin an ELF64 executable with a plausible program header table.
  init?(header: [UInt64]) {
    guard header.count >= Self.headerWords, header[0] & 0xffff_ffff == 0x464c_457f, header[0] >> 32 & 0xff == 2
    else { return nil }
    let size = header[6] >> 48 & 0xffff
    let count = header[7] & 0xffff
    guard size == UInt64(8 * Self.programHeaderWords), count > 0, count <= UInt64(Self.maxSegments) else { return nil }
    entry = header[3]
    programHeaderOffset = header[4]
    guard programHeaderOffset & 7 == 0 else { return nil }
    programHeaderCount = Int(count)
  }

  /// The loadable segments; nil if one cannot be attached page by page.
  static func segments(_ table: [UInt64], fileSize: UInt64) -> [Segment]? {
    var result: [Segment] = []
    for start in stride(from: 0, to: table.count - programHeaderWords + 1, by: programHeaderWords) {
      guard table[start] & 0xffff_ffff == 1, table[start + 5] > 0 else { continue }
      let flags = table[start] >> 32
      let segment = Segment(
        isWritable: flags & 2 != 0, isExecutable: flags & 1 != 0, offset: table[start + 1], address: table[start + 2],
        fileSize: table[start + 4], memorySize: table[start + 5])
      let sameLead = segment.offset & (ComponentLayout.pageSize - 1) == segment.lead
      guard segment.offset <= fileSize, segment.fileSize <= fileSize - segment.offset,
        segment.memorySize < 1 << 32, segment.fileSize <= segment.memorySize, segment.isWritable || sameLead
      else { return nil }
      result.append(segment)
    }
    return result
  }
}
