/// Builds machine code and data by one call for each instruction.
///
/// Labels may be used before they are defined; distances are checked in `assemble()`. A mistake does not stop the
/// building: the first one is kept and thrown at the end, so that callers need no `try` for each instruction.
public struct Assembler: Sendable {
  public let base: UInt64
  public private(set) var bytes: [UInt8] = []
  public private(set) var symbols: [Symbol] = []
  private var references: [Reference] = []
  private var firstError: AssemblyError?

  public init(base: UInt64) { self.base = base }

  /// Where the next instruction or datum goes.
  public var address: UInt64 { base &+ UInt64(bytes.count) }

  /// Gives the present address a name.
  public mutating func label(_ name: String) { symbols.append(Symbol(name: name, address: address)) }

  /// Resolves all references.
  public func assemble() throws(AssemblyError) -> AssembledProgram {
    if let firstError { throw firstError }
    var program = AssembledProgram(base: base, bytes: bytes, symbols: symbols)
    // Programs of scenarios have thousands of references: look names up in a sorted table.
    let sorted = symbols.sorted { ($0.name, $0.address) < ($1.name, $1.address) }
    for (symbol, next) in zip(sorted, sorted.dropFirst()) where symbol.name == next.name {
      throw .duplicateLabel(name: next.name, address: next.address)
    }
    for reference in references {
      let place = base &+ UInt64(reference.offset)
      guard let target = Self.find(reference.label, in: sorted) else {
        throw .undefinedLabel(name: reference.label, address: place)
      }
      try reference.patch(&program.bytes, place: place, target: target &+ UInt64(bitPattern: reference.addend))
    }
    return program
  }

  private static func find(_ name: String, in sorted: [Symbol]) -> UInt64? {
    var range = 0..<sorted.count
    while !range.isEmpty {
      let middle = (range.lowerBound + range.upperBound) / 2
      if sorted[middle].name == name { return sorted[middle].address }
      range = sorted[middle].name < name ? (middle + 1)..<range.upperBound : range.lowerBound..<middle
    }
    return nil
  }

  mutating func fail(_ error: AssemblyError) {
    if firstError == nil { firstError = error }
  }

  mutating func refer(_ kind: Reference.Kind, _ label: String, addend: Int64 = 0) {
    references.append(Reference(kind: kind, offset: bytes.count, label: label, addend: addend))
  }

  mutating func check(_ value: Int64, _ lowest: Int64, _ highest: Int64, _ mnemonic: String) {
    if value >= lowest && value <= highest { return }
    fail(.outOfRange(mnemonic: mnemonic, value: value, lowest: lowest, highest: highest, address: address))
  }
}

// MARK: Data

extension Assembler {
  /// A 32-bit instruction by its bits.
  public mutating func instruction(_ bits: UInt32) {
    if address & 1 != 0 {
      fail(.misaligned(mnemonic: "instruction", value: Int64(bitPattern: address), address: address))
    }
    word(bits)
  }

  public mutating func byte(_ value: UInt8) { bytes.append(value) }
  public mutating func half(_ value: UInt16) { append(UInt64(value), bytes: 2) }
  public mutating func word(_ value: UInt32) { append(UInt64(value), bytes: 4) }
  public mutating func double(_ value: UInt64) { append(value, bytes: 8) }
  public mutating func data(_ values: [UInt8]) { bytes += values }
  public mutating func space(_ count: Int) { bytes += [UInt8](repeating: 0, count: count) }

  /// UTF-8 with a zero behind it.
  public mutating func string(_ text: String) { bytes += Array(text.utf8) + [0] }

  /// The 64-bit address of a label.
  public mutating func double(addressOf label: String, plus addend: Int64 = 0) {
    refer(.double, label, addend: addend)
    double(0)
  }

  /// Zero bytes up to the next multiple of `alignment`, a power of two.
  public mutating func align(_ alignment: Int) {
    precondition(alignment > 0 && alignment & (alignment - 1) == 0, "an alignment is a power of two")
    space(Int((0 &- address) & UInt64(alignment - 1)))
  }

  private mutating func append(_ value: UInt64, bytes count: Int) {
    for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
  }
}

/// A place that waits for the address of a label.
struct Reference: Sendable {
  enum Kind: Sendable {
    case branch, jump
    /// An `auipc` and the instruction behind it, which takes the low 12 bits as I-type immediate.
    case relativePair
    /// A `lui` and the instruction behind it.
    case absolutePair
    case double
  }

  var kind: Kind
  var offset: Int
  var label: String
  var addend: Int64

  func patch(_ bytes: inout [UInt8], place: UInt64, target: UInt64) throws(AssemblyError) {
    let distance = Int64(bitPattern: target &- place)
    switch kind {
    case .branch:
      try check(distance, -4096, 4094, 2, "branch", place)
      or(&bytes, offset, Encoding.b(0, 0, rs1: 0, rs2: 0, UInt32(truncatingIfNeeded: distance)))
    case .jump:
      try check(distance, -0x10_0000, 0xf_fffe, 2, "jal", place)
      or(&bytes, offset, Encoding.j(0, rd: 0, UInt32(truncatingIfNeeded: distance)))
    case .relativePair:
      // The low half is signed, so the reach is shifted by half of 4096.
      try check(distance, -0x8000_0800, 0x7fff_f7ff, 1, "auipc", place)
      patchPair(&bytes, UInt32(truncatingIfNeeded: distance))
    case .absolutePair:
      try check(Int64(bitPattern: target), -0x8000_0800, 0x7fff_f7ff, 1, "lui", place)
      patchPair(&bytes, UInt32(truncatingIfNeeded: target))
    case .double:
      for index in 0..<8 { bytes[offset + index] = UInt8(truncatingIfNeeded: target >> UInt64(8 * index)) }
    }
  }

  private func check(
    _ value: Int64, _ lowest: Int64, _ highest: Int64, _ unit: Int64, _ mnemonic: String, _ place: UInt64
  ) throws(AssemblyError) {
    if value < lowest || value > highest {
      throw .outOfRange(mnemonic: mnemonic, value: value, lowest: lowest, highest: highest, address: place)
    }
    if value % unit != 0 { throw .misaligned(mnemonic: mnemonic, value: value, address: place) }
  }

  private func patchPair(_ bytes: inout [UInt8], _ value: UInt32) {
    or(&bytes, offset, (value &+ 0x800) & 0xffff_f000)
    or(&bytes, offset + 4, value << 20)
  }

  private func or(_ bytes: inout [UInt8], _ offset: Int, _ bits: UInt32) {
    for index in 0..<4 { bytes[offset + index] |= UInt8(truncatingIfNeeded: bits >> UInt32(8 * index)) }
  }
}
