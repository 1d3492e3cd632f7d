extension PagedMemory {
  /// Feeds the contents. Equal contents give equal digests, however often the memory was forked and whether a zero
  /// frame was touched or not.
  ///
  /// The digest of a page or chunk shared with a fork is remembered in it, so after a fork only what was written since
  /// is read again.
  public func digest(into digest: inout StateDigest) {
    digest.combine(frameCount)
    digest.combine(sum(of: directory, count: chunkCount, untouched: family.pointee.emptyChunk) { chunkDigest($0) })
  }

  /// 0 for a chunk of zero pages.
  private func chunkDigest(_ chunk: Buffer) -> UInt64 {
    remembered(chunk) { chunk in
      sum(of: chunk.pages, count: 512, untouched: family.pointee.zeroPage) { pageDigest($0) }
    }
  }

  /// A sum of mixed (place, value) pairs, because the terms of a sum do not wait for each other; a chain of 512 steps
  /// takes ten times as long. Parts with value 0 do not count, nor do those known to be untouched.
  @inline(__always)
  private func sum(
    of parts: UnsafeMutablePointer<Buffer>, count: Int, untouched: Buffer, _ digest: (Buffer) -> UInt64
  ) -> UInt64 {
    var sum: UInt64 = 0
    for index in 0..<count where parts[index] != untouched {
      let value = digest(parts[index])
      if value == 0 { continue }
      var mixed = (value ^ UInt64(index) &* 0x9e37_79b9_7f4a_7c15) &* 0xbf58_476d_1ce4_e5b9
      mixed = (mixed ^ mixed &>> 31) &* 0x94d0_49bb_1331_11eb
      sum &+= mixed ^ mixed &>> 29
    }
    return sum
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
    if buffer.header.pointee.marks & BufferHeader.digestMark != 0 { return buffer.header.pointee.digest }
    let value = compute(buffer)
    if buffer.header.pointee.owner < epoch.pointee.low {
      buffer.header.pointee.digest = value
      buffer.header.pointee.marks |= BufferHeader.digestMark
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
