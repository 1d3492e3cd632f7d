import CLibelf
import CheckpointRestore

/// Reads a checkpoint from a core file, and its parents from the same folder; refuses one that was cut off, changed, or
/// written by another version, and one whose parents are not all there.
public func readCore(_ path: String, limits: ELFLimits = .standard) throws(ELFError) -> CheckpointImage {
  try readCore(readCoreFile(path, limits: limits), at: path, limits: limits)
}

/// Of a file that stands alone.
public func readCore(bytes: [UInt8], limits: ELFLimits = .standard) throws(ELFError) -> CheckpointImage {
  let core = try readCoreFile(bytes: bytes, limits: limits)
  if let parent = core.image.parent {
    throw .missingParent(name: parent.name, generation: parent.generation, reason: "there is no folder to look in")
  }
  return core.image
}

/// One file by itself, whether its parents are there or not.
public func readCoreFile(_ path: String, limits: ELFLimits = .standard) throws(ELFError) -> CoreFile {
  try readCoreFile(bytes: readFile(path, limit: limits.fileBytes), limits: limits)
}

/// Lengths are checked first, because they explain a cut-off file best; then the checksum of all bytes; only then is
/// anything inside believed.
public func readCoreFile(bytes: [UInt8], limits: ELFLimits = .standard) throws(ELFError) -> CoreFile {
  try checkIdentification(bytes)
  let (header, segments) = try coreHeaders(bytes, limits)
  var notes: [(type: UInt32, description: ArraySlice<UInt8>)] = []
  var headEnd = 0
  for (index, segment) in segments.enumerated() where segment.p_filesz > 0 {
    let (end, overflow) = segment.p_offset.addingReportingOverflow(segment.p_filesz)
    if overflow || end > UInt64(bytes.count) {
      throw .truncated(
        what: "core file (program header \(index))", needed: overflow ? .max : end, available: UInt64(bytes.count))
    }
    guard segment.p_type == UInt32(PT_NOTE) else { continue }
    notes += CoreNotes.vendorNotes(in: bytes[Int(segment.p_offset)..<Int(end)])
    if headEnd == 0 { headEnd = Int(end) }
  }
  guard let digest = notes.last(where: { $0.type == CoreNotes.digestType }),
    notes.contains(where: { $0.type == CoreNotes.imageType })
  else { throw .notACheckpoint }
  let identity: String
  do throws(ELFError) {
    identity = try CoreDigest.check(bytes, description: digest.description)
  } catch {
    throw located(error, notes, bytes)
  }
  let content = try ImageNotes(reading: notes)
  try CoreDigest.checkIdentity(identity, head: Array(bytes[..<headEnd]))
  var core = CoreFile(image: try filled(content, bytes, limits), machineFlags: header.e_flags)
  core.digest = identity
  return core
}

/// libelf sees headers only: it wants a copy of its own, and memory may be large.
private func coreHeaders(
  _ bytes: [UInt8], _ limits: ELFLimits
) throws(ELFError) -> (header: GElf_Ehdr, segments: [GElf_Phdr]) {
  let most = headerBytes + 0x10000 * programHeaderBytes
  return try withELF(reading: Array(bytes.prefix(Int(most)))) { (elf) throws(ELFError) in
    let header = try checkedHeader(elf, type: ET_CORE)
    // Room for two segments of notes and two about the kernel beside the mapped pieces.
    let headers = try programHeaders(elf, header, fileBytes: UInt64(bytes.count), limit: limits.coreSegments + 4)
    return (header, headers)
  }
}

/// Where a file was damaged, if its list of checksums can still be read.
private func located(
  _ error: ELFError, _ notes: [(type: UInt32, description: ArraySlice<UInt8>)], _ bytes: [UInt8]
) -> ELFError {
  guard case .digest = error, let note = notes.first(where: { $0.type == CoreNotes.segmentType }),
    let segments = try? decodedJSON([ImageNotes.Segment].self, note.description, "checksums in JSON")
  else { return error }
  for segment in segments {
    let (end, overflow) = segment.offset.addingReportingOverflow(segment.size)
    if overflow || end > UInt64(bytes.count) { return error }
    let computed = checksum(bytes, Int(segment.offset)..<Int(end), continuing: 0)
    if computed != segment.crc32 {
      return .damaged(what: segment.what, stored: segment.crc32, computed: computed)
    }
  }
  return error
}

/// Puts the bytes of the dataspaces back into the image.
private func filled(_ notes: ImageNotes, _ bytes: [UInt8], _ limits: ELFLimits) throws(ELFError) -> CheckpointImage {
  var image = notes.image
  var memory: UInt64 = 0
  for (index, body) in notes.bodies.enumerated() {
    let dataspace = image.dataspaces[index]
    if body.length > dataspace.size {
      throw .inconsistent("dataspace \(index) holds \(body.length) bytes, its size is \(dataspace.size)")
    }
    memory = memory.addingReportingOverflow(body.length).partialValue
    if memory > limits.coreMemoryBytes || body.length > limits.coreMemoryBytes {
      throw .tooLarge(what: "memory of all dataspaces", size: memory, limit: limits.coreMemoryBytes)
    }
    let stored = StoredPages(
      dataspace, body.isDescribed ? body.pages : dataspace.derivedRuns(body.length), length: body.length)
    let (end, overflow) = body.offset.addingReportingOverflow(stored.bytes)
    if overflow || end > UInt64(bytes.count) {
      throw .truncated(
        what: "contents of dataspace \(index)", needed: overflow ? .max : end, available: UInt64(bytes.count))
    }
    image.dataspaces[index].contents = contents(body, stored, bytes[Int(body.offset)..<Int(end)])
    if image.dataspaces[index].pageRuns != body.pages {
      throw .note(expected: "the pages of dataspace \(index)", found: "others")
    }
  }
  if let fact = image.inconsistency { throw .inconsistent(fact) }
  return image
}

/// Pages that are not in the body are zero.
func contents(_ body: ImageNotes.Body, _ stored: StoredPages, _ packed: ArraySlice<UInt8>) -> [UInt8] {
  let length = Int(body.length)
  if stored.runs.count == 1, let run = stored.runs.first, run.lowerBound == 0, packed.count >= length {
    return Array(packed.prefix(length))
  }
  var contents = [UInt8](repeating: 0, count: length)
  var position = packed.startIndex
  for run in stored.runs {
    let size = Int(UInt64(run.count) * pageBytes)
    let first = min(Int(run.lowerBound * pageBytes), length)
    let last = min(first + size, length)
    contents.replaceSubrange(first..<last, with: packed[position..<position + (last - first)])
    position += size
  }
  return contents
}
