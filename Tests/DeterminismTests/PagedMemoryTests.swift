import Testing

@testable import Determinism

/// A memory beside the plain array it must be equal to.
private struct Pair: ~Copyable {
  static var frames: Int { 1100 }  // three chunks, the last one not full
  var memory: PagedMemory
  var model: [Int: [UInt8]]

  init() {
    memory = PagedMemory(frames: Self.frames)
    model = [:]
  }

  init(memory: consuming PagedMemory, model: [Int: [UInt8]]) {
    self.memory = memory
    self.model = model
  }

  mutating func fork() -> Pair { Pair(memory: memory.fork(), model: model) }

  mutating func step(_ random: inout SeededGenerator) {
    // Few frames, so that forks meet on the same pages; spread over all chunks.
    let frame = random.next(below: 12) * 99
    switch random.next(below: 10) {
    case 0:
      memory.zero(frame: frame)
      if model[frame] != nil { model[frame] = Self.zeros }
    case 1:
      let source = random.next(below: 12) * 99
      memory.copyFrame(from: source, to: frame)
      if let bytes = model[source] {
        model[frame] = bytes
      } else if model[frame] != nil {
        model[frame] = Self.zeros
      }
    case 2:
      if memory.decoration(frame) == nil {
        memory.setDecoration(frame, 16).storeBytes(of: UInt64(frame), as: UInt64.self)
      }
    case 3:
      memory.dropDecoration(frame)
    default:
      let (offset, value) = (random.next(below: 4089), random.next())
      memory.store(value, frame: frame, offset: offset)
      #expect(memory.decoration(frame) == nil)
      var bytes = model[frame] ?? Self.zeros
      for byte in 0..<8 { bytes[offset + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte)) }
      model[frame] = bytes
    }
  }

  func checkContents() {
    for frame in stride(from: 0, to: Self.frames, by: 99) {
      #expect(memory.isTouched(frame) == (model[frame] != nil))
      let bytes = UnsafeRawBufferPointer(start: memory.readable(frame), count: 4096)
      #expect([UInt8](bytes) == model[frame] ?? Self.zeros)
      if let mark = memory.decoration(frame), memory.isTouched(frame) {
        #expect(mark.load(as: UInt64.self) < Self.frames)
      }
    }
    #expect(memory.touchedFrames == model.count)
  }

  var digest: UInt64 {
    var digest = StateDigest()
    memory.digest(into: &digest)
    return digest.value
  }

  /// The digest of a memory without history that has these contents.
  var digestOfModel: UInt64 {
    var fresh = PagedMemory(frames: Self.frames)
    for (frame, bytes) in model {
      let target = fresh.writable(frame)
      bytes.withUnsafeBytes { target.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(target), byteCount: 4096) }
    }
    var digest = StateDigest()
    fresh.digest(into: &digest)
    return digest.value
  }

  static let zeros = [UInt8](repeating: 0, count: 4096)
}

@Suite struct PagedMemoryTests {
  @Test func `a fresh memory reads zero and is untouched everywhere`() {
    let memory = PagedMemory(frames: 700)
    for frame in [0, 1, 511, 512, 699] {
      #expect(memory.isTouched(frame) == false)
      #expect(memory.load(frame: frame, offset: 4088, as: UInt64.self) == 0)
    }
    #expect(memory.touchedFrames == 0)
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `trees of forks behave as plain arrays whatever is dropped first`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var boxes = [Box(Pair())]
    for round in 0..<400 {
      let chosen = random.next(below: boxes.count)
      switch random.next(below: 12) {
      case 0 where boxes.count < 9: boxes.append(Box(boxes[chosen].pair.fork()))
      case 1 where boxes.count > 1: boxes.remove(at: chosen)
      default: boxes[chosen].pair.step(&random)
      }
      if round % 60 == 0 {
        for box in boxes {
          box.pair.checkContents()
          #expect(box.pair.digest == box.pair.digestOfModel)
        }
      }
    }
    while boxes.count > 1 { boxes.remove(at: random.next(below: boxes.count)) }
    boxes[0].pair.checkContents()
    #expect(boxes[0].pair.digest == boxes[0].pair.digestOfModel)
    let last = boxes[0].pair.memory.census
    #expect(last.members == 1)
    #expect(last.epochs == 1)
    // The pages touched, at most three chunks, the directory: nothing else survives the forks.
    #expect(last.buffers <= boxes[0].pair.model.count + 4)
    #expect(last.buffers > boxes[0].pair.model.count)
    #expect(last.decorations <= 13)
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func `whatever one side of a fork does leaves the digest of the other`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var parent = Pair()
    for _ in 0..<40 { parent.step(&random) }
    let before = parent.digest
    var child = parent.fork()
    #expect(child.digest == before)
    for _ in 0..<40 { child.step(&random) }
    #expect(parent.digest == before)
    let childDigest = child.digest
    for _ in 0..<40 { parent.step(&random) }
    #expect(child.digest == childDigest)
    child.checkContents()
    parent.checkContents()
  }

  @Test func `a fork that is run and dropped costs the survivor no copy`() {
    var memory = PagedMemory(frames: 64)
    for frame in 0..<64 { memory.store(UInt64(frame), frame: frame, offset: 0) }
    let before = memory.census
    for round in 0..<100 {
      var child = memory.fork()
      child.store(1 as UInt64, frame: round % 64, offset: 8)
      _ = consume child
      let page = memory.readable(round % 64)
      memory.store(UInt64(round), frame: round % 64, offset: 16)
      #expect(memory.readable(round % 64) == page)
      #expect(memory.census == before)
    }
  }

  @Test func `a child that outlives its parent needs no copies any more`() {
    var parent = PagedMemory(frames: 8)
    parent.store(7 as UInt64, frame: 3, offset: 0)
    var child = parent.fork()
    _ = consume parent
    let page = child.readable(3)
    child.store(8 as UInt64, frame: 3, offset: 8)
    #expect(child.readable(3) == page)
    #expect(child.load(frame: 3, offset: 0, as: UInt64.self) == 7)
  }

  @Test func `a moving window of snapshots keeps a bounded number of buffers`() {
    var memory = PagedMemory(frames: 16)
    var window: [Box] = []
    var most = 0
    for round in 0..<400 {
      for frame in 0..<16 { memory.store(UInt64(round), frame: frame, offset: 0) }
      window.append(Box(Pair(memory: memory.fork(), model: [:])))
      if window.count > 4 { window.removeFirst() }
      most = max(most, memory.census.buffers)
      #expect(memory.census.epochs <= 2 * window.count + 1)
    }
    // Six generations of 16 pages, a chunk and a directory each.
    #expect(most <= 6 * 18)
  }

  @Test func `the generation moves when a handed out pointer goes stale and at no other time`() {
    var memory = PagedMemory(frames: 8)
    let start = memory.generation
    _ = memory.readable(1)
    #expect(memory.generation == start)
    memory.store(1 as UInt8, frame: 1, offset: 0)
    let written = memory.generation
    #expect(written != start)
    memory.store(2 as UInt8, frame: 1, offset: 1)
    #expect(memory.generation == written)
    let child = memory.fork()
    #expect(memory.generation != written)
    #expect(child.generation != written)
    #expect(child.generation != memory.generation)
    let decorated = memory.generation
    _ = memory.setDecoration(1, 8)
    #expect(memory.generation == decorated)
    memory.store(3 as UInt8, frame: 1, offset: 0)
    #expect(memory.generation != decorated)
  }

  @Test func `a decoration goes with the first write and stays with the fork that did not write`() {
    var memory = PagedMemory(frames: 4)
    memory.store(1 as UInt8, frame: 2, offset: 0)
    memory.setDecoration(2, 8).storeBytes(of: 77, as: UInt64.self)
    var child = memory.fork()
    #expect(child.decoration(2) == memory.decoration(2))
    child.store(2 as UInt8, frame: 2, offset: 0)
    #expect(child.decoration(2) == nil)
    #expect(memory.decoration(2)?.load(as: UInt64.self) == 77)
    memory.dropDecoration(2)
    #expect(memory.decoration(2) != nil)
    _ = consume child
    _ = memory.writable(2)
    #expect(memory.decoration(2) == nil)
    #expect(memory.census.decorations == 0)
  }

  @Test func `a decoration on an untouched frame leaves it untouched`() {
    var memory = PagedMemory(frames: 4)
    _ = memory.setDecoration(0, 8)
    #expect(memory.decoration(3) != nil)
    #expect(memory.isTouched(0) == false)
    memory.store(1 as UInt8, frame: 0, offset: 0)
    #expect(memory.decoration(0) == nil)
    #expect(memory.decoration(3) != nil)
  }

  @Test func `a digest does not remember what was written after it`() {
    var memory = PagedMemory(frames: 600)
    memory.store(1 as UInt64, frame: 599, offset: 0)
    var seen: [UInt64] = []
    for value in 2...9 as ClosedRange<UInt64> {
      // The fork makes the page shared, so its digest is remembered; dropping the fork makes it writable again.
      let other = memory.fork()
      var digest = StateDigest()
      memory.digest(into: &digest)
      seen.append(digest.value)
      _ = consume other
      memory.store(value, frame: 599, offset: 0)
    }
    #expect(seen.count == 8)
    for index in seen.indices { #expect(!seen[..<index].contains(seen[index])) }
  }

  @Test func `a memory of more than one gibibyte forks too`() {
    var memory = PagedMemory(frames: 600_000)
    memory.store(5 as UInt32, frame: 599_999, offset: 4092)
    var child = memory.fork()
    child.store(6 as UInt32, frame: 599_999, offset: 4092)
    #expect(memory.load(frame: 599_999, offset: 4092, as: UInt32.self) == 5)
    #expect(child.load(frame: 599_999, offset: 4092, as: UInt32.self) == 6)
  }
}

/// Lets an array hold memories.
private final class Box {
  var pair: Pair
  init(_ pair: consuming Pair) { self.pair = pair }
}
