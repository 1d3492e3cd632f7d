import Determinism
import FiascoABI
import FiascoKernel
import FiascoMachine
import Genode

// Memory accesses of native programs go through the page tables of their task like everybody else's: page by page,
// with a page fault where nothing is mapped, and with the platform's cost per byte.
extension System {
  mutating func copy(_ native: inout NativeThread, _ t: ThreadID, _ to: UInt64, _ from: UInt64, _ bytes: UInt64) {
    guard native.progress < bytes else { return native.script.complete(.done) }
    let source = from + native.progress
    let target = to + native.progress
    guard let input = place(t, source, .load), let output = place(t, target, .store) else { return }
    let chunk = min(bytes - native.progress, 4096 - source % 4096, 4096 - target % 4096)
    if chunk == 4096 {
      node.kernel.memory.copyFrame(from: input, to: output)
    } else {
      let destination = node.kernel.memory.writable(output) + Int(target % 4096)
      destination.copyMemory(from: node.kernel.memory.readable(input) + Int(source % 4096), byteCount: Int(chunk))
    }
    charge(chunk, node.platform.memory.copy)
    advance(&native, by: chunk, of: bytes)
  }

  mutating func fill(_ native: inout NativeThread, _ t: ThreadID, _ address: UInt64, _ bytes: UInt64, _ value: UInt8) {
    guard native.progress < bytes else { return native.script.complete(.done) }
    let target = address + native.progress
    guard let frame = place(t, target, .store) else { return }
    let chunk = min(bytes - native.progress, 4096 - target % 4096)
    if chunk == 4096, value == 0 {
      node.kernel.memory.zero(frame: frame)
    } else {
      let destination = node.kernel.memory.writable(frame) + Int(target % 4096)
      destination.initializeMemory(as: UInt8.self, repeating: value, count: Int(chunk))
    }
    charge(chunk, node.platform.memory.fill)
    advance(&native, by: chunk, of: bytes)
  }

  mutating func read(_ native: inout NativeThread, _ t: ThreadID, _ address: UInt64, _ count: Int) {
    while native.words.count < count {
      let at = address + UInt64(native.words.count) * 8
      guard at % 8 == 0, let frame = place(t, at, .load) else { return }
      let words = min(count - native.words.count, Int(4096 - at % 4096) / 8)
      let bytes = UnsafeRawBufferPointer(
        start: node.kernel.memory.readable(frame) + Int(at % 4096), count: 8 * words)
      native.words.append(contentsOf: bytes.assumingMemoryBound(to: UInt64.self))
    }
    charge(UInt64(count) * 8, node.platform.memory.touch)
    native.script.complete(.words(native.words))
  }

  mutating func write(_ native: inout NativeThread, _ t: ThreadID, _ address: UInt64, _ words: [UInt64]) {
    while native.progress < UInt64(words.count) {
      let at = address + native.progress * 8
      guard at % 8 == 0, let frame = place(t, at, .store) else { return }
      node.kernel.memory.store(words[Int(native.progress)], frame: frame, offset: Int(at % 4096))
      native.progress += 1
    }
    charge(UInt64(words.count) * 8, node.platform.memory.touch)
    native.script.complete(.done)
  }

  /// The frame behind an address of the thread's task; without one the thread takes a page fault.
  private mutating func place(_ t: ThreadID, _ address: UInt64, _ access: FaultAccess) -> Int? {
    let task = node.kernel.threads[t.slot].task
    if let entry = node.kernel.translate(task, address), entry.allows(access == .store ? .write : .read) {
      return entry.frame
    }
    node.enterKernel { $0.pageFault(address: address, access: access) }
    return nil
  }

  private mutating func advance(_ native: inout NativeThread, by chunk: UInt64, of bytes: UInt64) {
    native.progress += chunk
    if native.progress >= bytes { native.script.complete(.done) }
  }

  private mutating func charge(_ bytes: UInt64, _ rate: MemoryCosts.Entry) {
    _ = node.spend(.picoseconds(Int64(bytes * rate.picosecondsPerByte)), until: .never)
  }
}
