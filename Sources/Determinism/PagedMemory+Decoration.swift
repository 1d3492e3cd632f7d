import Glibc

// A decoration is an opaque block attached to a page buffer: the interpreter keeps decoded instructions in it. It must
// be a function of the 4096 bytes alone, because the page may stand for several frames and several forks.

extension PagedMemory {
  /// The block attached to the frame's page. Valid until `generation` changes.
  @inlinable @inline(__always)
  public func decoration(_ frame: Int) -> UnsafeMutableRawPointer? { page(frame).header.pointee.decoration }

  /// Attaches a block of `bytes` zero bytes and returns it. Later forks share it; a write to the frame drops it.
  ///
  /// Ends the validity of writable pointers to the page, so that the next write is noticed. A page that is shared
  /// with a fork must not have a decoration yet: the fork may hold a pointer to it.
  public mutating func setDecoration(_ frame: Int, _ bytes: Int) -> UnsafeMutableRawPointer {
    let page = page(frame)
    dropDecoration(frame)
    precondition(page.header.pointee.decoration == nil, "a page shared with a fork keeps its decoration")
    guard let block = calloc(1, max(bytes, 1)) else { preconditionFailure("the host has no memory left") }
    page.header.pointee.decoration = block
    page.header.pointee.marks |= BufferHeader.decorationMark
    family.pointee.decorationCount += 1
    if page.header.pointee.owner >= epoch.pointee.low { invalidatePointers() }
    return block
  }

  /// Frees the block of the frame's page, if there is one. A page shared with a fork keeps it: its bytes cannot have
  /// changed, and the fork may be using it.
  public mutating func dropDecoration(_ frame: Int) {
    let page = page(frame)
    if page.header.pointee.decoration == nil || page.header.pointee.owner < epoch.pointee.low { return }
    family.pointee.removeDecoration(of: page)
    invalidatePointers()
  }
}
