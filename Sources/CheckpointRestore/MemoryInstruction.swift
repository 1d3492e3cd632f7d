/// An instruction of RV64IMAC, or a bulk instruction of the simulated machine, that accesses memory: what is needed to
/// carry it out for a thread whose registers are known.
///
/// Floating-point accesses are not among them: nobody outside the kernel can read or write those registers.
struct MemoryInstruction: Hashable, BitwiseCopyable, Sendable {
  enum Kind: Hashable, BitwiseCopyable, Sendable {
    case load(isSigned: Bool)
    case store
    case loadReserved
    case storeConditional
    case atomic(AtomicOperation)
    /// Address in `destination`, length in `base`; both advance with the work.
    case bulkStore, bulkLoad
  }
  enum AtomicOperation: UInt32, Hashable, Sendable {
    case add = 0
    case swap = 1
    case xor = 4
    case or = 8
    case and = 12
    case minimum = 16
    case maximum = 20
    case minimumUnsigned = 24
    case maximumUnsigned = 28
  }

  var kind: Kind
  /// x-registers: address, value to be stored, result.
  var base: Int
  var source = 0
  var destination = 0
  var offset: Int64 = 0
  /// Bytes accessed.
  var bytes = 8
  /// Bytes of the instruction.
  var length: UInt64 = 4

  /// Nil for everything that is not a load or a store of x-registers.
  init?(_ bits: UInt32) {
    if bits & 3 != 3 {
      self.init(compressed: bits & 0xffff)
    } else {
      self.init(full: bits)
    }
  }

  private init?(full bits: UInt32) {
    let (rd, rs1, rs2) = (Int(bits >> 7 & 31), Int(bits >> 15 & 31), Int(bits >> 20 & 31))
    let width = bits >> 12 & 7
    switch bits & 0x7f {
    case 0x03 where width != 7:
      self.init(.load(isSigned: width < 4), base: rs1, destination: rd, bytes: 1 << Int(width & 3))
      offset = Int64(Int32(bitPattern: bits) >> 20)
    case 0x23 where width < 4:
      self.init(.store, base: rs1, source: rs2, bytes: 1 << Int(width))
      offset = Int64(Int32(bitPattern: bits) >> 25) << 5 | Int64(rd)
    case 0x2f where width == 2 || width == 3:
      self.init(.store, base: rs1, source: rs2, destination: rd, bytes: 1 << Int(width))
      switch bits >> 27 {
      case 2 where rs2 == 0: kind = .loadReserved
      case 3: kind = .storeConditional
      case let code:
        guard let operation = AtomicOperation(rawValue: code) else { return nil }
        kind = .atomic(operation)
      }
    case 0x0b where bits >> 25 == 0 && (width == 1 || width == 2) && rd != 0 && rs1 != 0 && rd != rs1:
      self.init(width == 1 ? .bulkStore : .bulkLoad, base: rs1, source: rs2, destination: rd)
    default: return nil
    }
  }

  private init?(compressed bits: UInt32) {
    /// Bits from `low` on, moved to `place`.
    func field(_ low: UInt32, _ count: UInt32, to place: UInt32) -> Int64 {
      let mask: UInt32 = 1 << count - 1
      return Int64((bits >> low & mask) << place)
    }
    let near = Int(field(2, 3, to: 0)) + 8
    let nearBase = Int(field(7, 3, to: 0)) + 8
    let stackPointer = 2
    let group = bits >> 13
    let bytes = group & 1 == 0 ? 4 : 8
    let offset: Int64
    switch (bits & 3, group) {
    case (0, 2), (0, 3):
      self.init(.load(isSigned: true), base: nearBase, destination: near, bytes: bytes)
      offset = field(10, 3, to: 3) + (bytes == 4 ? field(6, 1, to: 2) + field(5, 1, to: 6) : field(5, 2, to: 6))
    case (0, 6), (0, 7):
      self.init(.store, base: nearBase, source: near, bytes: bytes)
      offset = field(10, 3, to: 3) + (bytes == 4 ? field(6, 1, to: 2) + field(5, 1, to: 6) : field(5, 2, to: 6))
    case (2, 2), (2, 3):
      let register = Int(field(7, 5, to: 0))
      guard register != 0 else { return nil }
      self.init(.load(isSigned: true), base: stackPointer, destination: register, bytes: bytes)
      let low = bytes == 4 ? field(4, 3, to: 2) + field(2, 2, to: 6) : field(5, 2, to: 3) + field(2, 3, to: 6)
      offset = field(12, 1, to: 5) + low
    case (2, 6), (2, 7):
      self.init(.store, base: stackPointer, source: Int(field(2, 5, to: 0)), bytes: bytes)
      offset = bytes == 4 ? field(9, 4, to: 2) + field(7, 2, to: 6) : field(10, 3, to: 3) + field(7, 3, to: 6)
    default: return nil
    }
    self.offset = offset
    length = 2
  }

  private init(_ kind: Kind, base: Int, source: Int = 0, destination: Int = 0, bytes: Int = 8) {
    self.kind = kind
    self.base = base
    self.source = source
    self.destination = destination
    self.bytes = bytes
  }

  var isBulk: Bool { kind == .bulkStore || kind == .bulkLoad }

  func address(_ registers: [UInt64]) -> UInt64 {
    isBulk ? registers[destination] : registers[base] &+ UInt64(bitPattern: offset)
  }

  /// A value of the access's width as the register gets it.
  func extended(_ value: UInt64) -> UInt64 {
    let shift = UInt64(64 - 8 * bytes)
    if case .load(isSigned: false) = kind { return (value << shift) >> shift }
    return UInt64(bitPattern: Int64(bitPattern: value << shift) >> Int64(shift))
  }
}

extension MemoryInstruction.AtomicOperation {
  /// Both operands extended with their sign.
  func callAsFunction(_ old: UInt64, _ operand: UInt64) -> UInt64 {
    let (a, b) = (Int64(bitPattern: old), Int64(bitPattern: operand))
    return switch self {
    case .add: old &+ operand
    case .swap: operand
    case .xor: old ^ operand
    case .or: old | operand
    case .and: old & operand
    case .minimum: UInt64(bitPattern: min(a, b))
    case .maximum: UInt64(bitPattern: max(a, b))
    case .minimumUnsigned: min(old, operand)
    case .maximumUnsigned: max(old, operand)
    }
  }
}
