import Glibc

/// Simulated RAM as a value: frames of 4 KiB, zero at the start, forked in less than a microsecond.
///
/// A directory points to chunks, a chunk to 512 pages. A fork copies the directory only; afterwards the first write on
/// either side copies one chunk and one page (`MemoryEpoch` says who may write what). Untouched frames share one zero
/// page and cost nothing.
///
/// All memory-unsafe code of the simulator's RAM is behind this type. Host pointers it hands out are valid until
/// `generation` changes; a cache of them compares that one number.
public struct PagedMemory: ~Copyable {
  public static var frameBytes: Int { 4096 }

  public let frameCount: Int
  /// Frames written since the start, whatever was written.
  public private(set) var touchedFrames: Int
  /// Changes whenever a pointer handed out earlier may be stale or no longer writable. Never equal for two different
  /// memories of one family, so a cache that was copied with a machine notices the fork. It depends on the history of
  /// all forks: not part of any digest.
  public private(set) var generation: UInt64

  @usableFromInline let directory: UnsafeMutablePointer<Buffer>
  @usableFromInline let chunkCount: Int
  @usableFromInline var epoch: MemoryEpoch.Reference
  @usableFromInline let family: UnsafeMutablePointer<MemoryFamily>

  public init(frames: Int) {
    precondition(frames >= 0, "a memory has no negative size")
    family = MemoryFamily.make()
    epoch = MemoryEpoch.makeRoot()
    family.pointee.liveEpochs = 1
    frameCount = frames
    touchedFrames = 0
    generation = 1
    chunkCount = (frames + 511) / 512
    directory = Self.makeDirectory(chunkCount, family)
    directory.initialize(repeating: family.pointee.emptyChunk, count: chunkCount)
  }

  private init(forkOf parent: borrowing PagedMemory, epoch: MemoryEpoch.Reference) {
    family = parent.family
    self.epoch = epoch
    frameCount = parent.frameCount
    touchedFrames = parent.touchedFrames
    family.pointee.generation += 1
    generation = family.pointee.generation
    chunkCount = parent.chunkCount
    directory = Self.makeDirectory(chunkCount, family)
    directory.initialize(from: parent.directory, count: chunkCount)
    family.pointee.members += 1
  }

  deinit {
    if chunkCount <= 512 {
      family.pointee.give(back: UnsafeMutableRawPointer(directory))
    } else {
      directory.deallocate()
    }
    family.pointee.liveEpochs -= MemoryEpoch.end(epoch, family: family)
    family.pointee.members -= 1
    if family.pointee.members == 0 { MemoryFamily.destroy(family) }
  }

  /// Up to 1 GiB the directory fits into one buffer of the family's own supply.
  private static func makeDirectory(
    _ chunks: Int, _ family: UnsafeMutablePointer<MemoryFamily>
  ) -> UnsafeMutablePointer<Buffer> {
    chunks <= 512 ? family.pointee.take(owner: 0).pages : .allocate(capacity: chunks)
  }

  /// A second memory with equal contents. Both go on independently and may be dropped in any order.
  public mutating func fork() -> PagedMemory {
    let branches = MemoryEpoch.split(epoch)
    family.pointee.liveEpochs += 2
    epoch = branches.parent
    invalidatePointers()
    return PagedMemory(forkOf: self, epoch: branches.child)
  }

  @inline(__always)
  mutating func invalidatePointers() {
    family.pointee.generation += 1
    generation = family.pointee.generation
  }
}

// MARK: Access

extension PagedMemory {
  @inlinable @inline(__always)
  func page(_ frame: Int) -> Buffer {
    precondition(UInt(bitPattern: frame) < UInt(bitPattern: frameCount), "frame outside the memory")
    return directory[frame &>> 9].pages[frame & 511]
  }

  /// The 4096 bytes of a frame. Valid until `generation` changes.
  @inlinable @inline(__always)
  public func readable(_ frame: Int) -> UnsafeRawPointer { UnsafeRawPointer(page(frame)) }

  /// The 4096 bytes of a frame, for writing. Valid until `generation` changes. Drops the page's decoration: what is
  /// written may be code.
  @inlinable @inline(__always)
  public mutating func writable(_ frame: Int) -> UnsafeMutableRawPointer {
    let page = page(frame)
    if page.header.pointee.owner >= epoch.pointee.low && page.header.pointee.marks == 0 { return page }
    return makeWritable(frame, keepContents: true)
  }

  /// Reads a value anywhere within a frame, aligned or not.
  @inlinable @inline(__always)
  public func load<T: BitwiseCopyable>(frame: Int, offset: Int, as type: T.Type) -> T {
    precondition(offset >= 0 && offset <= 4096 - MemoryLayout<T>.size, "access across the end of a frame")
    return page(frame).loadUnaligned(fromByteOffset: offset, as: type)
  }

  /// Writes a value anywhere within a frame, aligned or not.
  @inlinable @inline(__always)
  public mutating func store<T: BitwiseCopyable>(_ value: T, frame: Int, offset: Int) {
    precondition(offset >= 0 && offset <= 4096 - MemoryLayout<T>.size, "access across the end of a frame")
    writable(frame).storeBytes(of: value, toByteOffset: offset, as: T.self)
  }

  /// Whether the frame was ever written, even with zeros.
  @inlinable public func isTouched(_ frame: Int) -> Bool { page(frame) != family.pointee.zeroPage }

  /// Fills a frame with zeros. An untouched frame stays untouched, a touched one stays touched: whether a page is
  /// shared with a fork at this moment must not show.
  public mutating func zero(frame: Int) {
    if !isTouched(frame) { return }
    memset(makeWritable(frame, keepContents: false), 0, Self.frameBytes)
  }

  /// Makes frame `target` equal to frame `source`.
  public mutating func copyFrame(from source: Int, to target: Int) {
    if source == target { return }
    if !isTouched(source) { return zero(frame: target) }
    // The pointer is taken before: making the target writable never moves or frees the source.
    let bytes = readable(source)
    memcpy(makeWritable(target, keepContents: false), bytes, Self.frameBytes)
  }

  /// The slow path of a write: makes chunk and page this memory's own, and the page free of decoration and digest.
  @inline(never) @usableFromInline
  mutating func makeWritable(_ frame: Int, keepContents: Bool) -> UnsafeMutableRawPointer {
    let low = epoch.pointee.low
    var page = page(frame)
    if page.header.pointee.owner < low {
      let chunk = ownChunk(frame >> 9)
      let old = page
      page = family.pointee.take(owner: epoch.pointee.id)
      if keepContents { memcpy(page, old, Self.frameBytes) }
      if old == family.pointee.zeroPage { touchedFrames += 1 } else { page.header.pointee.replaces = old }
      epoch.pointee.add(page)
      chunk.pages[frame & 511] = page
      invalidatePointers()
    } else {
      if page.header.pointee.decoration != nil {
        family.pointee.removeDecoration(of: page)
        invalidatePointers()
      }
      page.header.pointee.marks = 0
    }
    directory[frame >> 9].header.pointee.marks = 0
    return page
  }

  private mutating func ownChunk(_ index: Int) -> Buffer {
    let old = directory[index]
    if old.header.pointee.owner >= epoch.pointee.low { return old }
    let chunk = family.pointee.take(owner: epoch.pointee.id)
    memcpy(chunk, old, Self.frameBytes)
    if old != family.pointee.emptyChunk { chunk.header.pointee.replaces = old }
    epoch.pointee.add(chunk)
    directory[index] = chunk
    return chunk
  }
}
