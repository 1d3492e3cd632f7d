/// The parts of an ELF64 header that a loader needs, read out of memory word by word.
public struct ELFImage: Hashable, Sendable {
  public struct Segment: Hashable, BitwiseCopyable, Sendable {
    public var isWritable: Bool
    public var isExecutable: Bool
    public var offset: UInt64
    public var address: UInt64
    public var fileSize: UInt64
    public var memorySize: UInt64

    /// Distance of the segment's start from its page boundary, the same in file and memory.
    public var lead: UInt64 { address & (ComponentLayout.pageSize - 1) }
    /// Bytes of whole pages.
    public var pages: UInt64 { (lead + memorySize).roundedUpToPage }
  }

  public static let headerWords = 8
  static let programHeaderWords = 7
  static let maxSegments: UInt64 = 16

  public var entry: UInt64
  public var tableOffset: UInt64
  /// Length of the program header table.
  public var tableWords: Int

  /// Nil unless the words begin an ELF64 executable with a plausible program header table inside the file.
  public init?(header: [UInt64], fileSize: UInt64) {
    guard header.count >= Self.headerWords, header[0] & 0xffff_ffff == 0x464c_457f, header[0] >> 32 & 0xff == 2
    else { return nil }
    let count = header[7] & 0xffff
    guard header[6] >> 48 & 0xffff == UInt64(8 * Self.programHeaderWords), count > 0, count <= Self.maxSegments,
      header[4] & 7 == 0, header[4] <= fileSize, fileSize - header[4] >= count * UInt64(8 * Self.programHeaderWords)
    else { return nil }
    entry = header[3]
    tableOffset = header[4]
    tableWords = Int(count) * Self.programHeaderWords
  }

  /// The loadable segments; nil if one cannot be attached page by page.
  public static func segments(_ table: [UInt64], fileSize: UInt64) -> [Segment]? {
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
