import FiascoABI
import Genode

// Loading a program as `Child::Process` does, with every step written down. Writes children, jobs.

extension Checkpointer {
  mutating func readProgram(of child: Int, _ script: inout Script) throws(Suspension) {
    guard let program = children[child].program, let file = try attachHere(program, &script) else {
      return fail(child, "program cannot be attached")
    }
    let size = children[child].dataspaces.first { $0.kind == .program }?.size ?? 0
    guard let image = ELFImage(header: try script.read(file, count: ELFImage.headerWords), fileSize: size),
      let segments = ELFImage.segments(
        try script.read(file + image.tableOffset, count: image.tableWords), fileSize: size)
    else { return fail(child, "no executable") }
    var next: [CheckpointerJob] = segments.map { .loadSegment(child: child, $0, file: file) }
    next += [.closeProgram(child: child, file: file), .startMain(child: child, entry: image.entry)]
    jobs.pushFront(next)
  }

  mutating func load(
    _ segment: ELFImage.Segment, of child: Int, file: UInt64, _ script: inout Script
  ) throws(Suspension) {
    try script.compute(picoseconds: configuration.genodeCosts.picoseconds(.loadSegment))
    let place = segment.address - segment.lead
    if !segment.isWritable {
      guard let program = children[child].program,
        try attach(
          program, toMap: 0, of: child, at: place, size: segment.pages, offset: segment.offset - segment.lead,
          executable: segment.isExecutable, &script)
      else { return fail(child, "read-only segment") }
      return
    }
    let row = children[child].dataspaces.count
    let granularity = isManaged(child) ? UInt64(configuration.granularity) * ComponentLayout.pageSize : segment.pages
    let pieces = Int((segment.pages + granularity - 1) / granularity)
    jobs.pushFront(
      (0..<pieces).map { .loadPiece(child: child, segment, file: file, dataspace: row, piece: $0) }
        + [.attachSegment(child: child, segment, dataspace: row)])
    // If it is a managed one, the job that makes its parts comes before these.
    if try allocate(segment.pages, for: child, &script) == nil { fail(child, "writable segment") }
  }

  /// The bytes of the file that fall into one piece; the first one also gets the badge of the parent capability.
  mutating func loadPiece(
    _ number: Int, of row: Int, _ segment: ELFImage.Segment, of child: Int, file: UInt64, _ script: inout Script
  ) throws(Suspension) {
    let piece = children[child].dataspaces[row].piece(number)
    guard let local = try attachHere(piece.dataspace, &script) else { return fail(child, "writable segment") }
    let begin = max(piece.offset, segment.lead)
    let end = min(piece.offset + piece.size, segment.lead + segment.fileSize)
    if begin < end {
      let source = file + segment.offset + (begin - segment.lead)
      try script.copy(to: local + begin - piece.offset, from: source, bytes: end - begin)
    }
    let badge = segment.lead + ComponentLayout.parentBadgeOffset
    if badge >= piece.offset, badge < piece.offset + piece.size {
      try script.write(local + badge - piece.offset, [children[child].parent?.badge ?? 0])
    }
    try detachHere(local, &script)
  }

  mutating func attachSegment(
    _ segment: ELFImage.Segment, _ row: Int, of child: Int, _ script: inout Script
  ) throws(Suspension) {
    let place = segment.address - segment.lead
    let dataspace = children[child].dataspaces[row].real
    guard try attach(dataspace, toMap: 0, of: child, at: place, size: 0, offset: 0, executable: false, &script) else {
      return fail(child, "writable segment")
    }
  }

  /// RAM from the child's own account, written down like its own allocations. New RAM is zero.
  mutating func allocate(
    _ bytes: UInt64, for child: Int, _ script: inout Script
  ) throws(Suspension) -> RPCCapability? {
    if isManaged(child) {
      return try makeManaged(bytes, for: child, asked: .own, &script).map { children[child].dataspaces[$0].real }
    }
    let slot = slots.take()
    let ram = children[child].ram
    let reply = try callExpanding(ram, RAMOpcode.alloc, [bytes], receiveInto: [slot], payer: ram, &script)
    guard let dataspace = reply.capability else { return nil }
    children[child].dataspaces.append(OnlineDataspace(real: dataspace, size: bytes, kind: .ram))
    return dataspace
  }

  /// Attaches to a map of the child and writes it down.
  mutating func attach(
    _ dataspace: RPCCapability, toMap map: Int, of child: Int, at address: UInt64, size: UInt64, offset: UInt64,
    executable: Bool, _ script: inout Script
  ) throws(Suspension) -> Bool {
    let place = try attach(
      dataspace, to: children[child].maps[map].real, at: address, size: size, offset: offset, executable: executable,
      payer: children[child].pd, &script)
    guard let place else { return false }
    let whole = children[child].dataspace(badge: dataspace.badge).map { children[child].dataspaces[$0].size } ?? size
    children[child].maps[map].regions.append(
      OnlineRegion(
        address: place, size: size == 0 ? whole - offset : size, offset: offset, dataspace: dataspace.badge,
        executable: executable))
    return true
  }

  mutating func startMain(of child: Int, entry: UInt64, _ script: inout Script) throws(Suspension) {
    _ = try script.call(children[child].threads[0].real, CPUThreadOpcode.start, [entry, 0])
    children[child].threads[0].isStarted = true
    children[child].condition = .running
    outbox.append(.childStarted(child: children[child].name))
  }
}
