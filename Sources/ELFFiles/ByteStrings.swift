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
func checksum(_ bytes: [UInt8], count: Int) -> UInt32 { checksum(bytes, 0..<count, continuing: 0) }

func checksum(_ bytes: [UInt8], _ range: Range<Int>, continuing start: UInt32) -> UInt32 {
  var sum = UInt(start)
  bytes.withUnsafeBytes { buffer in
    var rest = UnsafeRawBufferPointer(rebasing: buffer[range])
    while let start = rest.baseAddress, !rest.isEmpty {
      let piece = min(rest.count, 1 << 30)
      sum = crc32(sum, start.assumingMemoryBound(to: UInt8.self), UInt32(piece))
      rest = UnsafeRawBufferPointer(rebasing: rest[piece...])
    }
  }
  return UInt32(truncatingIfNeeded: sum)
}

/// The checksum of two stretches from those of each.
func combined(_ first: UInt32, _ second: UInt32, size: UInt64) -> UInt32 {
  UInt32(truncatingIfNeeded: crc32_combine(UInt(first), UInt(second), Int(size)))
}

/// The checksum of what `sum` is of and that many zeros.
func zeroExtended(_ sum: UInt32, by count: UInt64) -> UInt32 {
  let zeros = [UInt8](repeating: 0, count: Int(min(count, pageBytes)))
  var sum = sum
  var rest = count
  while rest > 0 {
    let piece = min(rest, pageBytes)
    sum = checksum(zeros, 0..<Int(piece), continuing: sum)
    rest -= piece
  }
  return sum
}

/// `withUnsafeBytes` with a typed error.
func withBuffer<Result>(
  _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(ELFError) -> Result
) throws(ELFError) -> Result {
  let result = bytes.withUnsafeBytes { buffer -> Swift.Result<Result, ELFError> in
    do throws(ELFError) { return .success(try body(buffer)) } catch { return .failure(error) }
  }
  return try result.get()
}
