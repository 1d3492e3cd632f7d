import CLibelf
import CheckpointRestore

/// Reads a checkpoint from a core file; refuses one that was cut off, changed, or written by another version.
public func readCore(_ path: String, limits: ELFLimits = .standard) throws(ELFError) -> CheckpointImage {
  try readCore(bytes: readFile(path, limit: limits.fileBytes), limits: limits)
}

/// Lengths are checked first, because they explain a cut-off file best; then the digest over all bytes; only
/// then is anything inside believed.
public func readCore(bytes: [UInt8], limits: ELFLimits = .standard) throws(ELFError) -> CheckpointImage {
  try checkIdentification(bytes)
  let notes = try vendorNotes(bytes, limits)
  guard let digest = notes.last(where: { $0.type == CoreNotes.digestType }),
    let note = notes.first(where: { $0.type == CoreNotes.imageType })
  else { throw .notACheckpoint }
  try CoreDigest.check(bytes, description: digest.description)
  let content = try ImageNote(json: note.description)
  return try filled(content, bytes)
}

/// Puts the bytes of the dataspaces back into the image.
private func filled(_ note: ImageNote, _ bytes: [UInt8]) throws(ELFError) -> CheckpointImage {
  var image = note.image
  if note.bodies.count != image.dataspaces.count {
    throw .note(
      expected: "contents of \(image.dataspaces.count) dataspaces", found: "contents of \(note.bodies.count)")
  }
  for (index, body) in note.bodies.enumerated() where body.size > 0 {
    let (end, overflow) = body.offset.addingReportingOverflow(body.size)
    if overflow || end > UInt64(bytes.count) {
      throw .truncated(
        what: "contents of dataspace \(index)", needed: overflow ? .max : end, available: UInt64(bytes.count))
    }
    image.dataspaces[index].contents = Array(bytes[Int(body.offset)..<Int(end)])
  }
  if let fact = image.inconsistency { throw .inconsistent(fact) }
  return image
}

private struct VendorNote {
  var type: UInt32
  var description: [UInt8]
}

private func vendorNotes(_ bytes: [UInt8], _ limits: ELFLimits) throws(ELFError) -> [VendorNote] {
  try withELF(reading: bytes) { (elf) throws(ELFError) in
    let header = try checkedHeader(elf, type: ET_CORE)
    // Room for the two note segments beside the mapped pieces.
    let headers = try programHeaders(
      elf, header, fileBytes: UInt64(bytes.count), limit: limits.coreSegments + 2)
    var notes: [VendorNote] = []
    for (index, segment) in headers.enumerated() where segment.p_filesz > 0 {
      let (end, overflow) = segment.p_offset.addingReportingOverflow(segment.p_filesz)
      if overflow || end > UInt64(bytes.count) {
        throw .truncated(
          what: "core file (program header \(index))", needed: overflow ? .max : end, available: UInt64(bytes.count))
      }
      if segment.p_type == UInt32(PT_NOTE) { notes += try vendorNotes(elf, segment) }
    }
    return notes
  }
}

private func vendorNotes(_ elf: OpaquePointer, _ segment: GElf_Phdr) throws(ELFError) -> [VendorNote] {
  guard let data = elf_getdata_rawchunk(elf, Int64(segment.p_offset), Int(segment.p_filesz), ELF_T_NHDR),
    let base = data.pointee.d_buf
  else { throw .libelf("read the notes") }
  let all = UnsafeRawBufferPointer(start: base, count: data.pointee.d_size)
  var notes: [VendorNote] = []
  var position = 0
  while position < all.count {
    var header = GElf_Nhdr()
    var name = 0
    var description = 0
    let next = gelf_getnote(data, position, &header, &name, &description)
    if next <= position { break }
    position = next
    let vendor = Array(CoreNotes.vendor.utf8) + [0]
    if !all[name..<name + Int(header.n_namesz)].elementsEqual(vendor) { continue }
    notes.append(
      VendorNote(
        type: header.n_type, description: Array(all[description..<description + Int(header.n_descsz)])))
  }
  return notes
}
