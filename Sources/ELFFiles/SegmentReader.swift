import CLibelf

/// Turns the program headers of an executable into segments, by address; refuses what cannot be mapped page by
/// page with one set of rights each.
func loadableSegments(
  _ headers: [GElf_Phdr], _ bytes: [UInt8], _ limits: ELFLimits
) throws(ELFError) -> [ExecutableImage.Segment] {
  var segments: [(index: Int, segment: ExecutableImage.Segment)] = []
  var memory: UInt64 = 0
  for (index, header) in headers.enumerated() {
    switch Int32(bitPattern: header.p_type) {
    case PT_INTERP, PT_DYNAMIC:
      throw .segment(index: index, expected: "a static executable", found: "a dynamically linked one")
    case PT_LOAD where header.p_memsz > 0 || header.p_filesz > 0:
      let segment = try loadableSegment(index, header, bytes, limits)
      // Each term is below addressEnd and their number is limited, so the sum cannot wrap.
      memory += segment.memorySize
      if memory > limits.memoryBytes {
        throw .tooLarge(what: "memory of all segments", size: memory, limit: limits.memoryBytes)
      }
      segments.append((index, segment))
    default:
      continue
    }
  }
  segments.sort { ($0.segment.address, $0.index) < ($1.segment.address, $1.index) }
  for (lower, upper) in zip(segments, segments.dropFirst()) {
    if upper.segment.address / pageBytes * pageBytes < lower.segment.end.roundedUp(to: pageBytes) {
      throw .segment(
        index: upper.index, expected: "no page shared with program header \(lower.index)",
        found: "address \(ELFError.hexadecimal(upper.segment.address))")
    }
  }
  return segments.map(\.segment)
}

private func loadableSegment(
  _ index: Int, _ header: GElf_Phdr, _ bytes: [UInt8], _ limits: ELFLimits
) throws(ELFError) -> ExecutableImage.Segment {
  let fileBytes = UInt64(bytes.count)
  if header.p_memsz < header.p_filesz {
    throw .segment(
      index: index, expected: "at least \(header.p_filesz) bytes of memory, as many as in the file",
      found: "\(header.p_memsz)")
  }
  let (fileEnd, fileOverflow) = header.p_offset.addingReportingOverflow(header.p_filesz)
  if header.p_filesz > 0 && (fileOverflow || fileEnd > fileBytes) {
    throw .truncated(what: "segment \(index)", needed: fileOverflow ? .max : fileEnd, available: fileBytes)
  }
  let (end, overflow) = header.p_vaddr.addingReportingOverflow(header.p_memsz)
  if overflow || end > limits.addressEnd {
    throw .segment(
      index: index, expected: "addresses below \(ELFError.hexadecimal(limits.addressEnd))",
      found: "\(ELFError.hexadecimal(header.p_memsz)) bytes at \(ELFError.hexadecimal(header.p_vaddr))")
  }
  if header.p_filesz > 0 && header.p_vaddr % pageBytes != header.p_offset % pageBytes {
    throw .segment(
      index: index, expected: "address and file offset at the same place in a page",
      found: "\(ELFError.hexadecimal(header.p_vaddr)) and \(ELFError.hexadecimal(header.p_offset))")
  }
  return ExecutableImage.Segment(
    address: header.p_vaddr,
    fileBytes: header.p_filesz == 0 ? [] : Array(bytes[Int(header.p_offset)..<Int(fileEnd)]),
    memorySize: header.p_memsz, fileOffset: header.p_offset,
    readable: header.p_flags & UInt32(PF_R) != 0, writable: header.p_flags & UInt32(PF_W) != 0,
    executable: header.p_flags & UInt32(PF_X) != 0)
}
