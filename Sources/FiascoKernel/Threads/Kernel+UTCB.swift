// Writes: memory (UTCB pages).
import FiascoABI

extension Kernel {
  @inline(__always)
  func utcbWord(_ t: ThreadID, _ index: Int) -> UInt64 {
    let utcb = threads[t.slot].utcb
    guard utcb.frame >= 0 else { return 0 }
    if _slowPath(utcb.offset + index * 8 >= Int(pageBytes)) { return farLoad(t, index) }
    return memory.load(frame: utcb.frame, offset: utcb.offset + index * 8, as: UInt64.self)
  }

  @inline(__always)
  mutating func setUTCBWord(_ t: ThreadID, _ index: Int, _ value: UInt64) {
    let utcb = threads[t.slot].utcb
    guard utcb.frame >= 0 else { return }
    if _slowPath(utcb.offset + index * 8 >= Int(pageBytes)) { return farStore(t, index, value) }
    memory.store(value, frame: utcb.frame, offset: utcb.offset + index * 8)
  }

  /// A UTCB may lie across two pages of its area, which need not be two neighbouring frames.
  private func farWord(_ t: ThreadID, _ index: Int) -> (frame: Int, offset: Int) {
    let address = threads[t.slot].utcbAddress + UInt64(index) * 8
    return (pageEntry(threads[t.slot].task, address).frame, Int(address & (pageBytes - 1)))
  }

  @inline(never)
  private func farLoad(_ t: ThreadID, _ index: Int) -> UInt64 {
    let place = farWord(t, index)
    return memory.load(frame: place.frame, offset: place.offset, as: UInt64.self)
  }

  @inline(never)
  private mutating func farStore(_ t: ThreadID, _ index: Int, _ value: UInt64) {
    let place = farWord(t, index)
    memory.store(value, frame: place.frame, offset: place.offset)
  }

  /// Message registers 0 ..< words from one thread to another; further ones stay as they are at the receiver.
  ///
  /// Models `copy_utcb_to_utcb`.
  mutating func copyMessageRegisters(from: ThreadID, to: ThreadID, words: Int) {
    let count = min(words, UTCB.messageRegisterCount)
    let (source, target) = (threads[from.slot].utcb, threads[to.slot].utcb)
    guard count > 0, source.frame >= 0, target.frame >= 0 else { return }
    if _slowPath(max(source.offset, target.offset) + count * 8 > Int(pageBytes)) {
      for index in 0..<count { setUTCBWord(to, index, utcbWord(from, index)) }
      return
    }
    // The target's page first: making it writable may move it, and both may be the same page.
    let destination = memory.writable(target.frame) + target.offset
    destination.copyMemory(from: memory.readable(source.frame) + source.offset, byteCount: count * 8)
  }

  mutating func setError(_ t: ThreadID, _ error: IPCError) { setUTCBWord(t, UTCB.error, error.rawValue) }
}

// What the host of native programs needs: it writes and reads the UTCB as machine code would.
extension Kernel {
  public func messageWord(_ t: ThreadID, _ index: Int) -> UInt64 { utcbWord(t, index) }

  public mutating func setMessageWord(_ t: ThreadID, _ index: Int, _ value: UInt64) {
    guard index < UTCB.messageRegisterCount else { return }
    setUTCBWord(t, index, value)
  }

  /// Message registers from 0 on; what does not fit is dropped.
  public mutating func setMessageWords(_ t: ThreadID, _ words: [UInt64]) {
    let utcb = threads[t.slot].utcb
    let count = min(words.count, UTCB.messageRegisterCount)
    guard count > 0, utcb.frame >= 0 else { return }
    if _slowPath(utcb.offset + count * 8 > Int(pageBytes)) {
      for index in 0..<count { farStore(t, index, words[index]) }
      return
    }
    let destination = memory.writable(utcb.frame) + utcb.offset
    words.withUnsafeBytes {
      destination.copyMemory(from: $0.baseAddress.unsafelyUnwrapped, byteCount: count * 8)
    }
  }

  /// Message registers 0 ..< count.
  public func messageWords(_ t: ThreadID, _ count: Int) -> [UInt64] {
    let utcb = threads[t.slot].utcb
    guard utcb.frame >= 0, utcb.offset + count * 8 <= Int(pageBytes) else {
      return (0..<count).map { utcbWord(t, $0) }
    }
    let words = UnsafeRawBufferPointer(start: memory.readable(utcb.frame) + utcb.offset, count: count * 8)
    return Array(words.assumingMemoryBound(to: UInt64.self))
  }

  /// Announces object buffers from buffer register 0 on, closed by a void one.
  public mutating func setReceiveBuffers(_ t: ThreadID, _ buffers: [ReceiveBuffer]) {
    setUTCBWord(t, UTCB.bufferDescriptor, 0)
    for (index, buffer) in buffers.enumerated() { setUTCBWord(t, UTCB.bufferRegisters + index, buffer.raw) }
    setUTCBWord(t, UTCB.bufferRegisters + buffers.count, 0)
  }
}
