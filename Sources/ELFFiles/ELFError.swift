/// Why a file was refused or could not be written: facts only, the sentences are in `ELFError+Description.swift`.
public enum ELFError: Error, Hashable, Sendable {
  public enum FileStep: String, Hashable, Sendable { case open, inspect, read, write, synchronize, rename, remove }

  /// The operating system said no; `errorNumber` is its errno.
  case file(path: String, step: FileStep, errorNumber: Int32)
  case notARegularFile(path: String)
  case tooLarge(what: String, size: UInt64, limit: UInt64)
  case truncated(what: String, needed: UInt64, available: UInt64)
  /// Does not start with the four magic bytes.
  case notELF(found: [UInt8])
  /// A field of the ELF header.
  case header(field: String, expected: String, found: String)
  /// `index` counts all program headers of the file.
  case segment(index: Int, expected: String, found: String)
  case symbolTable(expected: String, found: String)
  /// A core file of somebody else: the vendor note is missing.
  case notACheckpoint
  case digest(stored: UInt32, computed: UInt32)
  /// A stretch of the file whose checksum does not fit, found because that of the file does not.
  case damaged(what: String, stored: UInt32, computed: UInt32)
  /// Headers and notes are not those the file was sealed with.
  case identity(stored: String, computed: String)
  /// The image goes on from one that is not there.
  case missingParent(name: String, generation: UInt64, reason: String)
  case version(found: UInt64, supported: UInt64)
  case note(expected: String, found: String)
  /// The checkpoint contradicts itself, although every byte is as it was written.
  case inconsistent(String)
  case libelfRefused(step: String, message: String)
}

/// What a file may ask of the reader; each limit is refused by name.
public struct ELFLimits: Hashable, Sendable {
  public var fileBytes: UInt64 = 256 << 20
  public var segments: UInt64 = 64
  /// Sum of the sizes in memory of all segments, bytes.
  public var memoryBytes: UInt64 = 256 << 20
  /// First address that is not a user address: the lower half of Sv39.
  public var addressEnd: UInt64 = 1 << 38
  public var symbols: UInt64 = 200_000
  public var symbolNameBytes: UInt64 = 1024
  /// Mapped pieces of a core file; one less than the ELF header can count without a section table.
  public var coreSegments: UInt64 = 60_000
  /// Bytes of all dataspaces of a checkpoint, holes included.
  public var coreMemoryBytes: UInt64 = 2 << 30
  /// Images from the newest to the one without a parent.
  public var coreChain = 4_096

  public init() {}
  public static var standard: ELFLimits { ELFLimits() }
}
