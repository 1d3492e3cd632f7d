extension PagedMemory {
  /// Feeds the contents. Equal contents give equal digests, however often the memory was forked and whether a zero
  /// frame was touched or not.
  ///
  /// The digest of a page or chunk shared with a fork is remembered in it, so after a fork only what was written since
  /// is read again.
  public func digest(into digest: inout StateDigest) {
    digest.combine(frameCount)
    for index in 0..<chunkCount {
      let value = chunkDigest(directory[index])
      if value == 0 { continue }
      digest.combine(index)
      digest.combine(value)
    }
  }

  /// 0 for a chunk of zero pages.
  private func chunkDigest(_ chunk: Buffer) -> UInt64 {
    remembered(chunk) { chunk in
      var digest = StateDigest()
      var isZero = true
      for index in 0..<512 {
        let value = pageDigest(chunk.pages[index])
        if value == 0 { continue }
        isZero = false
        digest.combine(index)
        digest.combine(value)
      }
      return isZero ? 0 : digest.value
    }
  }

  /// 0 for a page of zeros.
  private func pageDigest(_ page: Buffer) -> UInt64 {
    remembered(page) { page in
      let words = page.assumingMemoryBound(to: UInt64.self)
      var index = 0
      while index < 512 && words[index] == 0 { index += 1 }
      if index == 512 { return 0 }
      var digest = StateDigest()
      digest.combine(bytes: UnsafeRawBufferPointer(start: page, count: Self.frameBytes))
      return digest.value
    }
  }

  @inline(__always)
  private func remembered(_ buffer: Buffer, _ compute: (Buffer) -> UInt64) -> UInt64 {
    if buffer.header.pointee.digestKnown { return buffer.header.pointee.digest }
    let value = compute(buffer)
    if buffer.header.pointee.owner < epoch.pointee.low {
      buffer.header.pointee.digest = value
      buffer.header.pointee.digestKnown = true
    }
    return value
  }
}

// MARK: What it costs the host

extension PagedMemory {
  /// Host bytes held by this memory and all its forks together; freed buffers stay in it for the next use.
  public var familyBytes: Int { family.pointee.slabBytes }

  /// What a family has alive, for the tests that look for leaks.
  struct Census: Equatable {
    var members: Int
    var epochs: Int
    /// Pages, chunks, and directories of at most 512 chunks.
    var buffers: Int
    var decorations: Int
  }

  var census: Census {
    let family = family.pointee
    return Census(
      members: family.members, epochs: family.liveEpochs, buffers: family.liveBuffers,
      decorations: family.decorationCount)
  }
}
