/// A name for an address.
public struct Symbol: Hashable, Sendable {
  public var name: String
  public var address: UInt64

  public init(name: String, address: UInt64) {
    self.name = name
    self.address = address
  }
}

/// Machine code and data at a fixed address.
public struct AssembledProgram: Hashable, Sendable {
  public var base: UInt64
  public var bytes: [UInt8]
  /// In the order of definition.
  public var symbols: [Symbol]

  public init(base: UInt64, bytes: [UInt8], symbols: [Symbol]) {
    self.base = base
    self.bytes = bytes
    self.symbols = symbols
  }

  public func address(of name: String) -> UInt64? { symbols.first { $0.name == name }?.address }
}

/// What cannot be assembled. `address` is where the instruction or word stands.
public enum AssemblyError: Error, Hashable, Sendable {
  case duplicateLabel(name: String, address: UInt64)
  case undefinedLabel(name: String, address: UInt64)
  /// An immediate, a shift amount or a distance that the instruction cannot hold.
  case outOfRange(mnemonic: String, value: Int64, lowest: Int64, highest: Int64, address: UInt64)
  /// A distance that is odd, or an instruction at an odd address.
  case misaligned(mnemonic: String, value: Int64, address: UInt64)
  /// `work` and the bulk instructions demand certain registers to differ: see `CustomInstruction`.
  case invalidRegisters(mnemonic: String, address: UInt64)
}
