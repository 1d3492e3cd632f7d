import CLibelf

/// A static RISC-V program as the simulated machine loads it.
///
/// Only what can be loaded without surprises is accepted: 64 bit, little endian, position-dependent, without an
/// interpreter, segments that share no page. Everything else is refused with a reason.
public struct ExecutableImage: Hashable, Sendable {
  /// A part of the program to be mapped with one set of rights.
  public struct Segment: Hashable, Sendable {
    public var address: UInt64
    public var fileBytes: [UInt8]
    /// At least as many bytes as `fileBytes` has; the rest is zero.
    public var memorySize: UInt64
    public var fileOffset: UInt64
    public var readable: Bool
    public var writable: Bool
    public var executable: Bool

    public var end: UInt64 { address + memorySize }
  }

  public struct Symbol: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable { case function, object, other }

    public var name: String
    public var address: UInt64
    /// In bytes; 0 for labels.
    public var size: UInt64
    public var kind: Kind

    public init(name: String, address: UInt64, size: UInt64, kind: Kind) {
      self.name = name
      self.address = address
      self.size = size
      self.kind = kind
    }
  }

  public let entry: UInt64
  /// `e_flags`: bit 0 says that there are compressed instructions, bits 1-2 the floating-point ABI.
  public let machineFlags: UInt32
  /// By address.
  public let segments: [Segment]
  /// By address, at equal addresses in the order of the file. Empty if the program was stripped.
  public let symbols: [Symbol]

  public init(bytes: [UInt8], limits: ELFLimits = .standard) throws(ELFError) {
    if UInt64(bytes.count) > limits.fileBytes {
      throw .tooLarge(what: "executable", size: UInt64(bytes.count), limit: limits.fileBytes)
    }
    try checkIdentification(bytes)
    self = try withELF(reading: bytes) { (elf) throws(ELFError) in
      let header = try checkedHeader(elf, type: ET_EXEC)
      let headers = try programHeaders(elf, header, fileBytes: UInt64(bytes.count), limit: limits.segments)
      let segments = try loadableSegments(headers, bytes, limits)
      try checkEntry(header.e_entry, segments)
      return ExecutableImage(
        entry: header.e_entry, machineFlags: header.e_flags, segments: segments,
        symbols: try symbolTable(elf, limits))
    }
  }

  private init(entry: UInt64, machineFlags: UInt32, segments: [Segment], symbols: [Symbol]) {
    self.entry = entry
    self.machineFlags = machineFlags
    self.segments = segments
    self.symbols = symbols
  }

  /// The first symbol of that name.
  public func symbol(named name: String) -> Symbol? { symbols.first { $0.name == name } }

  /// The last function that begins at or before `address` and has not ended there.
  public func function(at address: UInt64) -> Symbol? {
    symbols.last { $0.kind == .function && $0.address <= address && address - $0.address < max($0.size, 1) }
  }
}

/// A program starts at an instruction that is in the file, not in zeros and not in data.
private func checkEntry(_ entry: UInt64, _ segments: [ExecutableImage.Segment]) throws(ELFError) {
  let found = ELFError.hexadecimal(entry)
  if entry % 2 != 0 { throw .header(field: "entry", expected: "an even address", found: found) }
  let isCode = segments.contains {
    $0.executable && $0.address <= entry && entry - $0.address < UInt64($0.fileBytes.count)
  }
  if !isCode { throw .header(field: "entry", expected: "an address in an executable segment", found: found) }
}
