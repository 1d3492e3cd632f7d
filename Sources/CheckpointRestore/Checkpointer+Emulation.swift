import FiascoABI
import Genode

// Accesses to mirrored memory, carried out for the thread that faulted. Writes mirrors, jobs, outbox,
// children[].dataspaces. Models `Fault_handler` of the branch red_mem, without its patched core.

extension Checkpointer {
  /// After the faults that an attach resolves: whose thread is left in a fault?
  ///
  /// The map is no help. Nobody ever attaches anything in it, so its queue of faulters only grows stale; but core's
  /// record of a thread tells that it waits in a fault.
  mutating func startMirrorSearch() {
    jobs.pushFront(.endMirrorSearch)
    for child in children.indices.reversed() where mirrors.contains(where: { $0.child == child }) {
      let threads = children[child].threads
      jobs.pushFront(
        threads.indices.filter { threads[$0].isLive && threads[$0].isStarted }.map {
          .searchMirror(child: child, thread: $0)
        })
    }
  }

  /// A thread in a fault is thrown out of it. What it stands at, and with which registers, is known then.
  mutating func searchMirror(_ thread: Int, of child: Int, _ script: inout Script) throws(Suspension) {
    let online = children[child].threads[thread]
    guard online.isLive, !online.isPaused else { return }
    let state = try script.call(online.real, CPUThreadOpcode.state).words
    guard state.count == ThreadStateWords.count,
      ThreadStateFlags(rawValue: state[ThreadStateWords.flags]).contains(.unresolvedPageFault)
    else { return }
    _ = try script.call(online.real, CPUThreadOpcode.pauseCancelling)
    jobs.pushFront(.emulate(child: child, thread: thread))
  }

  mutating func emulate(_ thread: Int, of child: Int, _ script: inout Script) throws(Suspension) {
    let real = children[child].threads[thread].real
    let state = try script.call(real, CPUThreadOpcode.state).words
    guard state.count == ThreadStateWords.count,
      ThreadStateFlags(rawValue: state[ThreadStateWords.flags]).contains(.inException)
    else {
      _ = try script.call(real, CPUThreadOpcode.resume)
      return
    }
    var words = Array(state[ThreadStateWords.registers...])
    var given: [MirroredPlace] = []
    if let bits = try instruction(at: words[ExceptionMessage.instructionPointer], of: child, &script) {
      try script.compute(picoseconds: configuration.costs.picosecondsPerEmulatedAccess)
      if let instruction = MemoryInstruction(bits) {
        try access(instruction, &words, &given, thread, of: child, &script)
      } else {
        given = suspects(words, of: child)
      }
    }
    try setState(of: real, .inException, state[ThreadStateWords.exceptions], words, &script)
    _ = try script.call(real, CPUThreadOpcode.resume)
    // Not before: core would wake the thread out of its exception, with an empty answer.
    for place in given { try surrender(place, child, &script) }
  }

  private func instruction(
    at address: UInt64, of child: Int, _ script: inout Script
  ) throws(Suspension) -> UInt32? {
    guard let place = children[child].place(of: address) else { return nil }
    let whole = children[child].dataspaces[place.dataspace]
    let piece = whole.piece(whole.pieceIndex(at: place.offset))
    let page = (place.offset - piece.offset) & ~(ComponentLayout.pageSize - 1)
    let size = min(2 * ComponentLayout.pageSize, piece.size - page)
    guard
      let here = try attach(
        piece.dataspace, to: environment.addressSpace, size: size, offset: page, payer: environment.pd, &script)
    else { return nil }
    let offset = place.offset - piece.offset - page
    let shift = offset % 8
    let words = try script.read(here + offset - shift, count: shift > 4 && offset - shift + 16 <= size ? 2 : 1)
    try detachHere(here, &script)
    let high = words.count > 1 ? words[1] << (64 - 8 * shift) : 0
    return UInt32(truncatingIfNeeded: words[0] >> (8 * shift) | high)
  }

  // MARK: The access

  /// A place in mirrored memory that nobody but the checkpointer may access.
  private struct MirroredPlace {
    var mirror: Int
    /// In the dataspace.
    var offset: UInt64
    /// Where the checkpointer sees memory and snapshot, from this place on.
    var memory: UInt64
    var snapshot: UInt64
    /// Bytes to the end of the part.
    var room: UInt64
  }

  private func mirrored(_ address: UInt64, of child: Int) -> MirroredPlace? {
    guard let place = children[child].place(of: address), let index = mirror(of: place.dataspace, child),
      let managed = children[child].dataspaces[place.dataspace].managed, let part = managed.part(at: place.offset),
      !managed.parts[part].isAttached
    else { return nil }
    let piece = children[child].dataspaces[place.dataspace].piece(part)
    let inside = place.offset - piece.offset
    let mirror = mirrors[index]
    return MirroredPlace(
      mirror: index, offset: place.offset, memory: mirror.parts[part] + inside,
      snapshot: mirror.snapshots[mirror.active].address + place.offset, room: piece.size - inside)
  }

  /// The instruction pointer advances if the instruction is over; a thread that faulted elsewhere is left as it is.
  private mutating func access(
    _ instruction: MemoryInstruction, _ words: inout [UInt64], _ given: inout [MirroredPlace], _ thread: Int,
    of child: Int, _ script: inout Script
  ) throws(Suspension) {
    var registers = ThreadImage.registers(exceptionWords: words)
    let address = instruction.address(registers)
    guard let place = mirrored(address, of: child) else { return }
    var isOver = true
    let isWrite: Bool
    if instruction.isBulk {
      isWrite = instruction.kind == .bulkStore
      let bytes = min(registers[instruction.base], place.room)
      if isWrite {
        let value = UInt8(truncatingIfNeeded: registers[instruction.source])
        try script.fill(place.memory, bytes: bytes, value: value)
        try script.fill(place.snapshot, bytes: bytes, value: value)
        try complete(bytes, at: place, &script)
      }
      registers[instruction.destination] &+= bytes
      registers[instruction.base] -= bytes
      isOver = registers[instruction.base] == 0
    } else {
      guard UInt64(instruction.bytes) <= place.room else { return given.append(place) }
      isWrite = try single(instruction, &registers, place, thread, of: child, &script)
    }
    for register in 1..<32 { words[register] = registers[register] }
    if isOver { words[ExceptionMessage.instructionPointer] += instruction.length }
    outbox.append(.accessEmulated(child: children[child].name, address: address, isWrite: isWrite))
  }

  /// A store to memory is one to the snapshot, too; whole words, so that a snapshot needs one bit for each.
  private mutating func single(
    _ instruction: MemoryInstruction, _ registers: inout [UInt64], _ place: MirroredPlace, _ thread: Int,
    of child: Int, _ script: inout Script
  ) throws(Suspension) -> Bool {
    let shift = place.memory % 8
    let isSplit = shift + UInt64(instruction.bytes) > 8
    var memory = try script.read(place.memory - shift, count: isSplit ? 2 : 1)
    let low = memory[0] >> (8 * shift)
    let old = instruction.extended(isSplit ? low | memory[1] << (64 - 8 * shift) : low)
    let reservation = Reservation(child: child, thread: thread, mirror: place.mirror, word: place.offset / 8)
    var new: UInt64?
    var result: UInt64?
    switch instruction.kind {
    case .load: result = old
    case .store: new = registers[instruction.source]
    case .loadReserved: (result, self.reservation) = (old, reservation)
    case .storeConditional where self.reservation == reservation:
      (new, result, self.reservation) = (registers[instruction.source], 0, nil)
    case .storeConditional: result = 1
    case .atomic(let operation):
      (new, result) = (operation(old, instruction.extended(registers[instruction.source])), old)
    case .bulkStore, .bulkLoad: preconditionFailure("a bulk access is no single one")
    }
    if let result, instruction.destination != 0 { registers[instruction.destination] = result }
    guard let new else { return false }
    if self.reservation?.mirror == place.mirror, self.reservation?.word == place.offset / 8 { self.reservation = nil }
    let mask = UInt64.max >> UInt64(64 - 8 * instruction.bytes)
    memory[0] = memory[0] & ~(mask << (8 * shift)) | (new & mask) << (8 * shift)
    if isSplit {
      let moved = 64 - 8 * shift
      memory[1] = memory[1] & ~(mask >> moved) | (new & mask) >> moved
    }
    try script.write(place.memory - shift, memory)
    try script.write(place.snapshot - shift, memory)
    mirrors[place.mirror].note(place.offset..<place.offset + UInt64(instruction.bytes))
    return true
  }

  /// The words at both ends of a bulk access belong to the snapshot as a whole.
  private mutating func complete(
    _ bytes: UInt64, at place: MirroredPlace, _ script: inout Script
  ) throws(Suspension) {
    guard bytes > 0 else { return }
    for end in [place.offset, place.offset + bytes - 1] {
      let back = place.offset &- (end & ~7)
      let word = try script.read(place.memory &- back, count: 1)
      try script.write(place.snapshot &- back, word)
    }
    mirrors[place.mirror].note(place.offset..<place.offset + bytes)
  }

  // MARK: What cannot be carried out

  /// Floating-point accesses and fetches of instructions: the part is given to the target as it is, and copied at the
  /// next checkpoint.
  private func suspects(_ words: [UInt64], of child: Int) -> [MirroredPlace] {
    let registers = ThreadImage.registers(exceptionWords: words).dropFirst()
    return ([words[ExceptionMessage.instructionPointer]] + registers).compactMap { mirrored($0, of: child) }
  }

  private mutating func surrender(
    _ place: MirroredPlace, _ child: Int, _ script: inout Script
  ) throws(Suspension) {
    let row = mirrors[place.mirror].row
    let dataspace = children[child].dataspaces[row]
    for offset in [place.offset, place.offset + 7] where offset < dataspace.size {
      let part = dataspace.pieceIndex(at: offset)
      let piece = dataspace.piece(part)
      let pages =
        Int(
          piece.offset / ComponentLayout.pageSize)..<Int(
          (piece.offset + piece.size) / ComponentLayout.pageSize)
      clearMirror(of: row, child, pages: pages)
      try touch(part, of: row, of: child, &script)
      outbox.append(.partSurrendered(child: children[child].name, badge: dataspace.real.badge, address: offset))
    }
  }
}

/// A load-reserved that nobody's store has broken yet.
struct Reservation: Hashable, BitwiseCopyable, Sendable {
  var child: Int
  var thread: Int
  var mirror: Int
  var word: UInt64
}
