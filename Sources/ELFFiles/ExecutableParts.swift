/// A program to be written as an executable: code, constants, variables and their names.
public struct ExecutableParts: Hashable, Sendable {
  /// Bytes at a page-aligned address.
  public struct Block: Hashable, Sendable {
    public var address: UInt64
    public var bytes: [UInt8]

    public init(address: UInt64, bytes: [UInt8]) {
      self.address = address
      self.bytes = bytes
    }

    public var end: UInt64 { address + UInt64(bytes.count) }
  }

  public var entry: UInt64
  /// Mapped R-X; must not be empty.
  public var text: Block
  /// Mapped R--; nil for none.
  public var readOnlyData: Block?
  /// Mapped RW-; nil for none. May have no bytes if there are only zeroed variables.
  public var data: Block?
  /// Size of the zeroed variables behind `data`.
  public var zeroedBytes: UInt64
  /// Functions and objects become global names, others local labels; each must lie in one of the blocks.
  public var symbols: [ExecutableImage.Symbol]
  /// Bit 0: the text contains compressed instructions.
  public var machineFlags: UInt32

  public init(
    entry: UInt64, text: Block, readOnlyData: Block? = nil, data: Block? = nil, zeroedBytes: UInt64 = 0,
    symbols: [ExecutableImage.Symbol] = [], machineFlags: UInt32 = 1
  ) {
    self.entry = entry
    self.text = text
    self.readOnlyData = readOnlyData
    self.data = data
    self.zeroedBytes = zeroedBytes
    self.symbols = symbols
    self.machineFlags = machineFlags
  }

  /// Where the zeroed variables begin: behind the last byte of `data`, at the next 16-byte boundary.
  public var zeroedAddress: UInt64 { (data?.end ?? 0).roundedUp(to: 16) }
}
