import CLibelf
import CheckpointRestore

/// Writes a checkpoint as a core file that debuggers open; the file appears under its name complete or not at all.
///
/// - Parameter executable: the component's program, for the machine flags; debuggers want them equal.
public func writeCore(
  _ image: CheckpointImage, executable: ExecutableImage?, to path: String, limits: ELFLimits = .standard
) throws(ELFError) {
  try replaceFile(path, with: coreBytes(image, executable: executable, limits: limits))
}

/// The bytes of the core file: headers, notes, each dataspace once on pages of its own, and the digest as the
/// last bytes of all.
///
/// A dataspace that is attached twice has two program headers that point at the same bytes; one that is attached
/// nowhere has none and is found through the note.
public func coreBytes(
  _ image: CheckpointImage, executable: ExecutableImage?, limits: ELFLimits = .standard
) throws(ELFError) -> [UInt8] {
  if let fact = image.inconsistency { throw .inconsistent(fact) }
  let placements = try image.placements(limit: limits.coreSegments)
  let programHeadersEnd = headerBytes + UInt64(placements.count + 2) * programHeaderBytes
  let (notes, bodies) = try notesAndBodies(image, notesStart: programHeadersEnd)
  let bodiesEnd = bodies.map { $0.offset + $0.size }.max() ?? programHeadersEnd + UInt64(notes.count)
  let digestStart = bodiesEnd.roundedUp(to: 8)
  let size = digestStart + CoreDigest.noteBytes
  // A reader with the same limits must be able to read what was written.
  if size > limits.fileBytes { throw .tooLarge(what: "core file", size: size, limit: limits.fileBytes) }

  var bytes = try elfBytes { (elf) throws(ELFError) in
    try startFile(
      elf, type: ET_CORE, machineFlags: executable?.machineFlags ?? 1, segmentCount: placements.count + 2)
    try setProgramHeader(elf, 0, noteHeader(offset: programHeadersEnd, size: UInt64(notes.count)))
    for (index, placement) in placements.enumerated() {
      let contents = UInt64(image.dataspaces[placement.dataspaceIndex].contents.count)
      let header = loadHeader(placement, bodyOffset: bodies[placement.dataspaceIndex].offset, contents: contents)
      try setProgramHeader(elf, index + 1, header)
    }
    try setProgramHeader(elf, placements.count + 1, noteHeader(offset: digestStart, size: CoreDigest.noteBytes))
  }
  precondition(UInt64(bytes.count) == programHeadersEnd, "libelf wrote more than the headers of a core file")
  bytes.reserveCapacity(Int(size))
  bytes += notes
  for (dataspace, body) in zip(image.dataspaces, bodies) where body.size > 0 {
    bytes.pad(upTo: body.offset)
    bytes += dataspace.contents
  }
  bytes.pad(upTo: digestStart)
  CoreDigest.append(to: &bytes)
  return bytes
}

/// The note with the image says where the bodies are, and its own length decides where they can begin. Offsets
/// are therefore counted from the first page behind a note whose numbers are as long as they may become.
private func notesAndBodies(
  _ image: CheckpointImage, notesStart: UInt64
) throws(ELFError) -> (notes: [UInt8], bodies: [ImageNote.Body]) {
  var notes: [UInt8] = []
  for (index, thread) in image.threads.enumerated() {
    CoreNotes.append("CORE", UInt32(NT_PRSTATUS), CoreNotes.status(of: thread, number: index + 1), to: &notes)
  }
  let program = image.romName.isEmpty ? image.componentName : image.romName
  let process = CoreNotes.process(program: program, component: image.componentName)
  CoreNotes.append("CORE", UInt32(NT_PRPSINFO), process, to: &notes)
  var start: UInt64 = 0
  while true {
    let bodies = bodies(of: image, from: start)
    var all = notes
    CoreNotes.append(CoreNotes.vendor, CoreNotes.imageType, try ImageNote(image, bodies: bodies).json(), to: &all)
    let needed = (notesStart + UInt64(all.count)).roundedUp(to: pageBytes)
    // Larger offsets can only make the note longer, so this ends after a step or two.
    if needed <= start { return (all, bodies) }
    start = needed
  }
}

private func bodies(of image: CheckpointImage, from start: UInt64) -> [ImageNote.Body] {
  var next = start
  return image.dataspaces.map { dataspace in
    let body = ImageNote.Body(offset: next, size: UInt64(dataspace.contents.count))
    next = (next + body.size).roundedUp(to: pageBytes)
    return body
  }
}

private func noteHeader(offset: UInt64, size: UInt64) -> GElf_Phdr {
  var header = GElf_Phdr()
  header.p_type = UInt32(PT_NOTE)
  header.p_flags = UInt32(PF_R)
  header.p_offset = offset
  header.p_filesz = size
  header.p_align = 4
  return header
}

private func loadHeader(_ placement: CorePlacement, bodyOffset: UInt64, contents: UInt64) -> GElf_Phdr {
  var header = GElf_Phdr()
  header.p_type = UInt32(PT_LOAD)
  header.p_flags =
    UInt32(PF_R) | (placement.writable ? UInt32(PF_W) : 0) | (placement.executable ? UInt32(PF_X) : 0)
  let present = contents > placement.offset ? min(contents - placement.offset, placement.size) : 0
  header.p_offset = present > 0 ? bodyOffset + placement.offset : bodyOffset
  header.p_vaddr = placement.address
  header.p_filesz = present
  header.p_memsz = placement.size
  header.p_align = header.p_offset % pageBytes == placement.address % pageBytes ? pageBytes : 1
  return header
}
