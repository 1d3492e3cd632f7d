import CLibelf
import CheckpointRestore
import Determinism

/// A core file before it is written: headers and notes, then pieces of memory that are only pointed at.
///
/// Each dataspace stands once in the file, on pages of its own; one that is attached twice has two program headers that
/// point at the same bytes, one that is attached nowhere has none and is found through the note.
struct CoreLayout {
  private(set) var head: [UInt8] = []
  private(set) var tail: [UInt8] = []
  let notes: ImageNotes
  let stored: [StoredPages]
  private let image: CheckpointImage
  private let window: KernelWindow
  private let digestStart: UInt64

  /// What the parent of a next image is named by.
  let identity: String
  let fileBytes: UInt64

  init(_ image: CheckpointImage, machineFlags: UInt32, limits: ELFLimits) throws(ELFError) {
    if let fact = image.inconsistency { throw .inconsistent(fact) }
    if let parent = image.parent, parent.digest.utf8.count != 64 {
      throw .inconsistent("its parent `\(parent.name)` has not been written")
    }
    let memory = image.dataspaces.reduce(UInt64(0)) { $0 + UInt64($1.contents.count) }
    if memory > limits.coreMemoryBytes {
      throw .tooLarge(what: "memory of all dataspaces", size: memory, limit: limits.coreMemoryBytes)
    }
    self.image = image
    stored = image.dataspaces.map { StoredPages($0) }
    window = KernelWindow(image)
    let placements = try image.placements(stored, limit: limits.coreSegments)
    let headerCount = placements.count + window.segments.count + 2
    let notesStart = headerBytes + UInt64(headerCount) * programHeaderBytes
    let planned = try Self.plan(image, stored, window, notesStart: notesStart)
    notes = planned.notes
    let bodiesEnd = notes.segments.last.map { $0.offset + $0.size } ?? notesStart
    digestStart = max(bodiesEnd, notesStart + UInt64(planned.bytes.count)).roundedUp(to: 8)
    fileBytes = digestStart + CoreDigest.noteBytes
    // A reader with the same limits must be able to read what was written.
    if fileBytes > limits.fileBytes { throw .tooLarge(what: "core file", size: fileBytes, limit: limits.fileBytes) }
    let (bodies, segments, end) = (notes.bodies, notes.segments, digestStart)
    let windows = window.segments
    var bytes = try elfBytes { (elf) throws(ELFError) in
      try startFile(elf, type: ET_CORE, machineFlags: machineFlags, segmentCount: headerCount)
      try setProgramHeader(elf, 0, Self.noteHeader(offset: notesStart, size: UInt64(planned.bytes.count)))
      for (index, placement) in placements.enumerated() {
        let body = bodies[placement.dataspaceIndex].offset
        try setProgramHeader(elf, index + 1, Self.loadHeader(placement, body: body))
      }
      for (index, one) in windows.enumerated() {
        let header = Self.windowHeader(one, offset: segments[index].offset)
        try setProgramHeader(elf, placements.count + 1 + index, header)
      }
      try setProgramHeader(elf, headerCount - 1, Self.noteHeader(offset: end, size: CoreDigest.noteBytes))
    }
    precondition(UInt64(bytes.count) == notesStart, "libelf wrote more than the headers of a core file")
    bytes += planned.bytes
    head = bytes
    identity = SHA256.hexadecimal(head)
    tail = CoreDigest.note(fileBytes: fileBytes, identity: identity)
    sealTail()
  }

  /// The checksum of the file follows from those of its parts: the memory is read once for it, not twice.
  private mutating func sealTail() {
    var sum = checksum(head, count: head.count)
    var position = UInt64(head.count)
    for segment in notes.segments {
      sum = zeroExtended(sum, by: segment.offset - position)
      sum = combined(sum, segment.crc32, size: segment.size)
      position = segment.offset + segment.size
    }
    sum = zeroExtended(sum, by: digestStart - position)
    sum = combined(sum, checksum(tail, count: tail.count), size: UInt64(tail.count))
    tail.append(littleEndian: sum)
  }

  /// Hands out the whole file, piece by piece.
  func write(_ sink: (UnsafeRawBufferPointer) throws(ELFError) -> Void) throws(ELFError) {
    var position: UInt64 = 0
    func send(_ bytes: [UInt8], _ range: Range<Int>? = nil) throws(ELFError) {
      let range = range ?? 0..<bytes.count
      if range.isEmpty { return }
      position += UInt64(range.count)
      try withBuffer(bytes) { (all) throws(ELFError) in try sink(UnsafeRawBufferPointer(rebasing: all[range])) }
    }
    func pad(to offset: UInt64) throws(ELFError) {
      try send([UInt8](repeating: 0, count: Int(offset - position)))
    }
    try send(head)
    for (index, one) in window.segments.enumerated() {
      try pad(to: notes.segments[index].offset)
      try send(one.bytes)
    }
    for (index, body) in notes.bodies.enumerated() where !stored[index].runs.isEmpty {
      try pad(to: body.offset)
      let contents = image.dataspaces[index].contents
      for run in stored[index].runs {
        let end = position + UInt64(run.count) * pageBytes
        let first = min(Int(run.lowerBound * pageBytes), contents.count)
        try send(contents, first..<min(Int(run.upperBound * pageBytes), contents.count))
        try pad(to: end)
      }
    }
    try pad(to: digestStart)
    try send(tail)
  }

  // MARK: Notes and where things are

  /// The notes say where the bodies are, and their own length decides where these can begin. Offsets are therefore
  /// counted from the first page behind notes whose numbers are as long as they may become.
  private static func plan(
    _ image: CheckpointImage, _ stored: [StoredPages], _ window: KernelWindow, notesStart: UInt64
  ) throws(ELFError) -> (notes: ImageNotes, bytes: [UInt8]) {
    let standard = standardNotes(image)
    let sums = zip(image.dataspaces, stored).map { bodyChecksum($0, $1) }
    var start: UInt64 = 0
    while true {
      var next = start
      var segments: [ImageNotes.Segment] = []
      func place(_ what: String, _ size: UInt64, _ sum: UInt32) -> UInt64 {
        let offset = next
        segments.append(ImageNotes.Segment(what: what, offset: offset, size: size, crc32: sum))
        next = (next + size).roundedUp(to: pageBytes)
        return offset
      }
      for one in window.segments {
        _ = place(one.name, UInt64(one.bytes.count), checksum(one.bytes, count: one.bytes.count))
      }
      let bodies = image.dataspaces.indices.map { index in
        let dataspace = image.dataspaces[index]
        let size = stored[index].bytes
        return ImageNotes.Body(
          offset: size == 0 ? 0 : place("dataspace \(index)", size, sums[index]),
          length: UInt64(dataspace.contents.count), pages: dataspace.pageRuns, isDescribed: !dataspace.pages.isEmpty)
      }
      var notes = ImageNotes(image, bodies: bodies)
      notes.segments = segments
      var all = standard
      for (type, json) in try notes.descriptions() { CoreNotes.append(CoreNotes.vendor, type, json, to: &all) }
      let needed = (notesStart + UInt64(all.count)).roundedUp(to: pageBytes)
      // Larger offsets can only make the notes longer, so this ends after a step or two.
      if needed <= start { return (notes, all) }
      start = needed
    }
  }

  private static func standardNotes(_ image: CheckpointImage) -> [UInt8] {
    var notes: [UInt8] = []
    for (index, thread) in image.threads.enumerated() {
      CoreNotes.append("CORE", UInt32(NT_PRSTATUS), CoreNotes.status(of: thread, number: index + 1), to: &notes)
    }
    let process = CoreNotes.process(program: image.programName, component: image.componentName)
    CoreNotes.append("CORE", UInt32(NT_PRPSINFO), process, to: &notes)
    return notes
  }

  private static func bodyChecksum(_ dataspace: DataspaceImage, _ stored: StoredPages) -> UInt32 {
    var sum: UInt32 = 0
    for run in stored.runs {
      let first = min(Int(run.lowerBound * pageBytes), dataspace.contents.count)
      let last = min(Int(run.upperBound * pageBytes), dataspace.contents.count)
      sum = checksum(dataspace.contents, first..<last, continuing: sum)
      sum = zeroExtended(sum, by: UInt64(run.count) * pageBytes - UInt64(last - first))
    }
    return sum
  }
}
