/// The decoded instructions of one frame, kept beside it: a pure function of the frame's bytes.
///
/// Records stand in the order of execution, so the next instruction's record is always the next one. Entering the page
/// at an instruction decodes everything that can be reached from it within the page. Once written, a record stays as it
/// is until a store hits one of the instructions: then the whole page starts anew.
struct DecodedPage {
  /// Two bytes for each halfword: 1 + the index of the record of the instruction that starts there, 0 if none.
  let starts: UnsafeMutablePointer<UInt16>
  let records: UnsafeMutablePointer<DecodedInstruction>
  /// For each record, where its instruction stands, in halfwords from the start of the page.
  let offsets: UnsafeMutablePointer<UInt16>
  private let count: UnsafeMutablePointer<Int>

  static let halfwords = 2048
  /// Every halfword may start an instruction, and each of these may need a record that leads on.
  static let capacity = 2 * halfwords
  private static let startsAt = 64
  static let recordsAt = startsAt + halfwords * 2
  private static let offsetsAt = recordsAt + capacity * 8
  static let bytes = offsetsAt + capacity * 2

  /// Zero-filled memory is an empty page.
  @inline(__always) init(at base: UnsafeMutableRawPointer) {
    count = base.assumingMemoryBound(to: Int.self)
    starts = (base + Self.startsAt).assumingMemoryBound(to: UInt16.self)
    records = (base + Self.recordsAt).assumingMemoryBound(to: DecodedInstruction.self)
    offsets = (base + Self.offsetsAt).assumingMemoryBound(to: UInt16.self)
  }

  /// Forgets all instructions. Records and offsets stay readable until the next `decode`, for who is just executing one.
  private func reset() {
    count.pointee = 0
    starts.update(repeating: 0, count: Self.halfwords)
  }

  /// Forgets all if one of the bytes `range` of the page at `host` belongs to a decoded instruction. To be called before
  /// they change. Returns whether it did.
  func dropInstructions(in range: Range<Int>, host: UnsafeRawPointer) -> Bool {
    let first = range.lowerBound / 2
    var hit = (first...(range.upperBound - 1) / 2).contains { starts[$0] != 0 }
    if first > 0 && starts[first - 1] != 0 {
      hit = hit || host.load(fromByteOffset: (first - 1) * 2, as: UInt16.self) & 3 == 3
    }
    if hit { reset() }
    return hit
  }

  /// Decodes what is reachable from the instruction at `halfword` of the page at `host`.
  func decode(from halfword: Int, host: UnsafeRawPointer) {
    var pending = [halfword]
    var jumps: [Int] = []
    while let start = pending.popLast() {
      if starts[start] == 0 { decodeRun(start, host, &pending, &jumps) }
    }
    for index in jumps {
      let target = Int(starts[Int(records[index].immediate)]) - 1
      records[index].immediate = Int32(target - index - 1)
    }
  }

  /// Decodes from `start` to the first instruction that never continues behind itself, or that is decoded already.
  private func decodeRun(_ start: Int, _ host: UnsafeRawPointer, _ pending: inout [Int], _ jumps: inout [Int]) {
    var halfword = start
    while halfword < Self.halfwords {
      if starts[halfword] != 0 {
        let distance = Int(starts[halfword]) - 1 - (count.pointee + 1)
        append(DecodedInstruction(operation: .join, immediate: Int32(distance)), halfword)
        return
      }
      let (decoded, length) = decodeOne(halfword, host)
      starts[halfword] = UInt16(count.pointee + 1)
      if decoded.operation.isNear {
        jumps.append(count.pointee)
        pending.append(Int(decoded.immediate))
      }
      append(decoded, halfword)
      if decoded.operation.endsRun { return }
      halfword += length
    }
    append(DecodedInstruction(operation: .pageEnd, immediate: 4096), halfword)
  }

  private func append(_ record: DecodedInstruction, _ halfword: Int) {
    records[count.pointee] = record
    offsets[count.pointee] = UInt16(halfword)
    count.pointee += 1
  }

  /// The instruction at `halfword`, and its length in halfwords.
  private func decodeOne(_ halfword: Int, _ host: UnsafeRawPointer) -> (DecodedInstruction, Int) {
    let first = UInt32(host.load(fromByteOffset: halfword * 2, as: UInt16.self))
    if first & 3 != 3 { return (Decoder.decode(compressed: first, offset: Int32(halfword * 2)), 1) }
    if halfword == Self.halfwords - 1 { return (DecodedInstruction(operation: .straddling), 2) }
    let second = UInt32(host.load(fromByteOffset: halfword * 2 + 2, as: UInt16.self))
    return (Decoder.decode(full: first | second << 16, offset: Int32(halfword * 2)), 2)
  }
}
