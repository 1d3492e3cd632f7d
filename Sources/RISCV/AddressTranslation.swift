/// The interpreter's view of a `TranslationCache`: the fast comparison and the long ways around it.
struct AddressTranslation {
  typealias Layout = TranslationCache.Layout
  let storage: UnsafeMutablePointer<UInt64>

  @inline(__always) private func entry(_ set: Int, _ address: UInt64) -> UnsafeRawPointer {
    UnsafeRawPointer(storage + set) + Int(truncatingIfNeeded: address >> 8 & 0x3f0)
  }

  /// Whether the page of `address` is cached for this kind of access and the address is a multiple of `size`.
  @inline(__always) func hits(_ set: Int, _ address: UInt64, size: UInt64) -> Bool {
    _fastPath(address & (~4095 | (size &- 1)) == entry(set, address).load(as: UInt64.self))
  }

  /// Where `address` stands in the host, if it hits.
  @inline(__always) func host(_ set: Int, _ address: UInt64) -> UnsafeMutableRawPointer {
    let host = address &+ entry(set, address).load(fromByteOffset: 8, as: UInt64.self)
    return UnsafeMutableRawPointer(bitPattern: UInt(host)).unsafelyUnwrapped
  }

  /// Where any `address` stands in the host, also in a page whose stores take the long way; nil is a miss.
  func hostInPage(_ set: Int, _ address: UInt64) -> UnsafeMutableRawPointer? {
    let tag = entry(set, address).load(as: UInt64.self)
    guard tag & ~Layout.decoratedTag == address & ~4095 else { return nil }
    return host(set, address)
  }

  /// The decoded instructions of the page of `pc`; nil if the page is not cached for execution.
  @inline(__always) func decodedPage(_ pc: UInt64) -> DecodedPage? {
    let entry = entry(Layout.executeSet, pc)
    guard _fastPath(pc & ~4095 == entry.load(as: UInt64.self)) else { return nil }
    let base = UInt(entry.load(fromByteOffset: 8, as: UInt64.self))
    return DecodedPage(at: UnsafeMutableRawPointer(bitPattern: base).unsafelyUnwrapped)
  }

  /// The host's bytes of the page of `pc`, which is cached for execution.
  func code(_ pc: UInt64) -> UnsafeRawPointer {
    let host = storage[Layout.executeHosts + Layout.slot(pc >> 12) / 2]
    return UnsafeRawPointer(bitPattern: UInt(host)).unsafelyUnwrapped
  }

  /// To be called before `bytes` bytes at `address`, all in one page that is cached for stores, change: forgets the
  /// decoded instructions they belong to. Returns whether there were any.
  func dropInstructions(_ address: UInt64, bytes: UInt64) -> Bool {
    let slot = Layout.slot(address >> 12)
    guard storage[Layout.writeSet + slot] & Layout.decoratedTag != 0 else { return false }
    let base = UInt(storage[Layout.writeRecords + slot / 2])
    guard let decoration = UnsafeMutableRawPointer(bitPattern: base) else { return false }
    let start = Int(address & 4095)
    let page = UnsafeRawPointer(host(Layout.writeSet, address)) - start
    return DecodedPage(at: decoration).dropInstructions(in: start..<(start + Int(bytes)), host: page)
  }

  enum Loaded {
    case value(UInt64)
    case miss(UInt64)
  }

  /// A load the fast way could not do: misaligned, across pages, or a miss.
  func load(_ address: UInt64, size: UInt64) -> Loaded {
    guard let first = hostInPage(Layout.readSet, address) else { return .miss(address) }
    let inFirst = min(size, 4096 &- address & 4095)
    var value: UInt64 = 0
    for index in 0..<inFirst { value |= UInt64(first.load(fromByteOffset: Int(index), as: UInt8.self)) << (index * 8) }
    if inFirst == size { return .value(value) }
    guard let second = hostInPage(Layout.readSet, address &+ inFirst) else { return .miss(address &+ inFirst) }
    for index in inFirst..<size {
      value |= UInt64(second.load(fromByteOffset: Int(index &- inFirst), as: UInt8.self)) << (index * 8)
    }
    return .value(value)
  }

  /// A store the fast way could not do: misaligned, across pages, beside decoded instructions, or a miss. All or
  /// nothing.
  func store(_ address: UInt64, size: UInt64, _ value: UInt64) -> SlowOutcome {
    guard let first = hostInPage(Layout.writeSet, address) else { return .miss(address: address, access: .write) }
    let inFirst = min(size, 4096 &- address & 4095)
    var rewrote = false
    if inFirst < size {
      let next = address &+ inFirst
      guard let second = hostInPage(Layout.writeSet, next) else { return .miss(address: next, access: .write) }
      rewrote = dropInstructions(next, bytes: size &- inFirst)
      for index in inFirst..<size {
        second.storeBytes(
          of: UInt8(truncatingIfNeeded: value >> (index * 8)), toByteOffset: Int(index &- inFirst), as: UInt8.self)
      }
    }
    rewrote = dropInstructions(address, bytes: inFirst) || rewrote
    for index in 0..<inFirst {
      first.storeBytes(of: UInt8(truncatingIfNeeded: value >> (index * 8)), toByteOffset: Int(index), as: UInt8.self)
    }
    return rewrote ? .rewrote : .done
  }
}

/// What an instruction that takes the long way comes to.
enum SlowOutcome {
  case done
  /// Done, and decoded instructions were forgotten: the position among them is void.
  case rewrote
  /// Not done: the stay ends at it.
  case stopped(ExitReason)

  static func miss(address: UInt64, access: MemoryAccess) -> SlowOutcome {
    .stopped(.translationMiss(address: address, access: access))
  }

  static func misaligned(address: UInt64, access: MemoryAccess) -> SlowOutcome {
    .stopped(.misaligned(address: address, access: access))
  }
}
