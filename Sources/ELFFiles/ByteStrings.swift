import CLibelf

/// The page size of the simulated machine and of everything in a core file.
let pageBytes: UInt64 = 4096

extension UInt64 {
  func roundedUp(to alignment: UInt64) -> UInt64 { (self + alignment - 1) / alignment * alignment }
}

extension Array where Element == UInt8 {
  mutating func append(littleEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  mutating func pad(to alignment: UInt64) {
    pad(upTo: UInt64(count).roundedUp(to: alignment))
  }

  mutating func pad(upTo size: UInt64) {
    append(contentsOf: repeatElement(0, count: Swift.max(0, Int(size) - count)))
  }

  mutating func replace<Value: FixedWidthInteger>(at offset: Int, littleEndian value: Value) {
    Swift.withUnsafeBytes(of: value.littleEndian) { source in
      for (index, byte) in source.enumerated() { self[offset + index] = byte }
    }
  }

  /// The integer at `offset`; the caller has checked that it lies inside.
  func littleEndian<Value: FixedWidthInteger>(at offset: Int, as type: Value.Type = Value.self) -> Value {
    withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Value.self)) }
  }
}

/// CRC-32 of the first `count` bytes: finds every damage of up to 32 neighbouring bits, and every single flip.
func checksum(_ bytes: [UInt8], count: Int) -> UInt32 {
  var sum = crc32(0, nil, 0)
  bytes.withUnsafeBytes { buffer in
    var rest = UnsafeRawBufferPointer(rebasing: buffer[..<count])
    while let start = rest.baseAddress, !rest.isEmpty {
      let piece = min(rest.count, 1 << 30)
      sum = crc32(sum, start.assumingMemoryBound(to: UInt8.self), UInt32(piece))
      rest = UnsafeRawBufferPointer(rebasing: rest[piece...])
    }
  }
  return UInt32(truncatingIfNeeded: sum)
}
