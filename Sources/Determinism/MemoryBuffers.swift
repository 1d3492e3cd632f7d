import Glibc

/// Where a page or a chunk of page pointers keeps its bookkeeping: 64 bytes in front of its 4096 bytes, so that data
/// stay aligned to cache lines and one pointer is enough to reach both.
@frozen @usableFromInline struct BufferHeader {
  /// Id of the epoch in which the buffer was made; 0 for the shared zero page and the shared empty chunk.
  @usableFromInline var owner: UInt64
  /// What the next write must undo: bit 0: `digest` is known, bit 1: there is a decoration. A page without marks is in
  /// a chunk without marks, so a write looks at the page only.
  @usableFromInline var marks: UInt64
  /// Digest of the contents if the mark says so; set only while nobody may write.
  @usableFromInline var digest: UInt64
  /// Opaque block attached to a page; owned by the buffer.
  @usableFromInline var decoration: UnsafeMutableRawPointer?
  /// The epoch's list of buffers; `next` also links free buffers.
  @usableFromInline var next: Buffer?
  @usableFromInline var previous: Buffer?
  /// The buffer of an earlier epoch this one was copied from: when nobody else sees that epoch any more, it is waste.
  @usableFromInline var replaces: Buffer?
}

extension BufferHeader {
  @inlinable static var digestMark: UInt64 { 1 }
  @inlinable static var decorationMark: UInt64 { 2 }
}

/// Address of the 4096 bytes of a page or chunk.
@usableFromInline typealias Buffer = UnsafeMutableRawPointer

extension UnsafeMutableRawPointer {
  @usableFromInline static var headerBytes: Int { 64 }
  @usableFromInline static var dataBytes: Int { 4096 }

  @inlinable @inline(__always)
  var header: UnsafeMutablePointer<BufferHeader> {
    (self - 64).assumingMemoryBound(to: BufferHeader.self)
  }

  /// The contents as a chunk: 512 addresses of pages.
  @inlinable @inline(__always)
  var pages: UnsafeMutablePointer<Buffer> { assumingMemoryBound(to: Buffer.self) }
}

/// Everything a family of forks shares: the supply of buffers, the zero page, the counters.
///
/// A family is one memory and all its forks. It stays within one thread, which the compiler enforces: `PagedMemory`
/// is not `Sendable`, and a fork is in the region of its parent.
@usableFromInline struct MemoryFamily {
  /// Memories alive.
  var members = 1
  /// Buffers in use, without the two shared ones.
  var liveBuffers = 0
  var liveEpochs = 0
  var decorationCount = 0
  /// Source of `PagedMemory.generation`: no two states of host pointers in a family share a number.
  @usableFromInline var generation: UInt64 = 1
  /// Contents of every untouched frame.
  @usableFromInline var zeroPage: Buffer
  /// 512 times the zero page.
  var emptyChunk: Buffer
  private var spare: Buffer?
  private var slabs: UnsafeMutableRawPointer?
  private var nextSlabBuffers = 16
  private(set) var slabBytes = 0

  /// Makes a family with its two shared buffers.
  static func make() -> UnsafeMutablePointer<MemoryFamily> {
    let family = UnsafeMutablePointer<MemoryFamily>.allocate(capacity: 1)
    let placeholder = UnsafeMutableRawPointer(family)
    family.initialize(to: MemoryFamily(zeroPage: placeholder, emptyChunk: placeholder))
    let zeroPage = family.pointee.take(owner: 0)
    memset(zeroPage, 0, Buffer.dataBytes)
    let emptyChunk = family.pointee.take(owner: 0)
    emptyChunk.pages.initialize(repeating: zeroPage, count: 512)
    family.pointee.zeroPage = zeroPage
    family.pointee.emptyChunk = emptyChunk
    family.pointee.liveBuffers = 0
    return family
  }

  private init(zeroPage: Buffer, emptyChunk: Buffer) {
    self.zeroPage = zeroPage
    self.emptyChunk = emptyChunk
  }

  /// Ends the family once its last memory is gone.
  static func destroy(_ family: UnsafeMutablePointer<MemoryFamily>) {
    Glibc.free(family.pointee.zeroPage.header.pointee.decoration)
    var slab = family.pointee.slabs
    while let current = slab {
      slab = current.load(as: UnsafeMutableRawPointer?.self)
      Glibc.free(current)
    }
    family.deallocate()
  }

  /// A buffer with arbitrary contents and a fresh header.
  @inline(__always)
  mutating func take(owner: UInt64) -> Buffer {
    if spare == nil { addSlab() }
    guard let buffer = spare else { preconditionFailure("a new slab has free buffers") }
    spare = buffer.header.pointee.next
    buffer.header.initialize(to: BufferHeader(owner: owner, marks: 0, digest: 0))
    liveBuffers += 1
    return buffer
  }

  /// Takes a buffer back, with its decoration. The most recently freed is handed out first: it is still in the cache.
  @inline(__always)
  mutating func give(back buffer: Buffer) {
    if buffer.header.pointee.decoration != nil { removeDecoration(of: buffer) }
    buffer.header.pointee.next = spare
    spare = buffer
    liveBuffers -= 1
  }

  mutating func removeDecoration(of page: Buffer) {
    Glibc.free(page.header.pointee.decoration)
    page.header.pointee.decoration = nil
    page.header.pointee.marks &= ~BufferHeader.decorationMark
    decorationCount -= 1
  }

  /// Slabs grow with the family, from 64 KiB to 2 MiB: small machines stay small, large ones call the allocator rarely.
  @inline(never)
  private mutating func addSlab() {
    let stride = Buffer.headerBytes + Buffer.dataBytes
    let bytes = 64 + nextSlabBuffers * stride
    guard let slab = aligned_alloc(64, bytes) else { preconditionFailure("the host has no memory left") }
    slab.storeBytes(of: slabs, as: UnsafeMutableRawPointer?.self)
    slabs = slab
    slabBytes += bytes
    for index in (0..<nextSlabBuffers).reversed() {
      let buffer = slab + 64 + index * stride + Buffer.headerBytes
      buffer.header.initialize(to: BufferHeader(owner: 0, marks: 0, digest: 0, next: spare))
      spare = buffer
    }
    nextSlabBuffers = min(nextSlabBuffers * 2, 512)
  }
}
