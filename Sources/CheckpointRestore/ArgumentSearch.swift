import FiascoABI
import Genode

/// Where a program took an argument of a system call from, as the instructions before the `ecall` tell.
///
/// Two things are found so. A cancel in the send phase destroys the register with the tag; but the registers and the
/// memory it was loaded from are still what they were, because the thread has executed nothing since. And a thread that
/// was stopped without cancel shows only instruction and stack pointer; what is on its stack tells which operation it is
/// blocked in. Only straight-line code is believed, in which nothing that counts is changed afterwards.
enum ArgumentSource: Hashable, Sendable {
  case value(UInt64)
  /// Register plus a number.
  case register(Int, plus: UInt64)
  /// A doubleword at register plus a number.
  case memory(Int, plus: UInt64)

  /// How many instructions before the system call are looked at.
  static let reach = 16

  /// - Parameter instructions: those before the `ecall`, the last one last.
  init?(of argument: Int, instructions: [UInt32]) {
    var changed: [Int] = []
    var plus: UInt64 = 0
    for word in instructions.reversed() {
      let code = Instruction(word: word)
      guard code.isPlain else { return nil }
      guard code.destination == argument else {
        if let register = code.destination { changed.append(register) }
        continue
      }
      if code.source != argument || code.kind == .loadUpper {
        if code.kind != .loadUpper, changed.contains(code.source) { return nil }
        self.init(code, plus: plus)
        return
      }
      // The argument plus a number: what was added is known, what it was added to comes earlier.
      guard code.kind == .addImmediate else { return nil }
      plus &+= code.immediate
    }
    return nil
  }

  /// How many instructions before the system call its function is believed to begin.
  static let functionReach = 500

  /// What the frame pointer of the function is above the stack pointer, as its first instructions set it.
  static func frameOffset(in instructions: [UInt32]) -> UInt64? {
    let setting = instructions.last {
      let code = Instruction(word: $0)
      return code.kind == .addImmediate && code.destination == RegisterIndex.framePointer
        && code.source == RegisterIndex.sp
    }
    return setting.map { Instruction(word: $0).immediate }
  }

  private init?(_ code: Instruction, plus: UInt64) {
    switch code.kind {
    case .loadUpper: self = .value(code.upperImmediate &+ plus)
    case .addImmediate where code.source == 0: self = .value(code.immediate &+ plus)
    // The kernel's answer is in a3.
    case .addImmediate where code.source != RegisterIndex.a3:
      self = .register(code.source, plus: code.immediate &+ plus)
    case .loadDouble where plus == 0 && code.source != RegisterIndex.a3:
      self = .memory(code.source, plus: code.immediate)
    default: return nil
    }
  }

  /// The little that has to be known of an instruction.
  private struct Instruction {
    enum Kind { case addImmediate, loadDouble, loadUpper, other }
    var word: UInt32

    private var opcode: UInt32 { word & 0x7f }
    private var function: UInt32 { word >> 12 & 7 }
    /// Four bytes long, and neither a jump, a branch nor a system instruction.
    var isPlain: Bool { word & 3 == 3 && ![0x63, 0x67, 0x6f, 0x73].contains(opcode) }
    /// Nil for stores and fences.
    var destination: Int? { [0x23, 0x27, 0x0f].contains(opcode) ? nil : Int(word >> 7 & 31) }
    var source: Int { Int(word >> 15 & 31) }
    var immediate: UInt64 { UInt64(bitPattern: Int64(Int32(bitPattern: word) >> 20)) }
    var upperImmediate: UInt64 { UInt64(bitPattern: Int64(Int32(bitPattern: word & 0xffff_f000))) }
    var kind: Kind {
      switch (opcode, function) {
      case (0x13, 0), (0x1b, 0): .addImmediate
      case (0x03, 3): .loadDouble
      case (0x37, _): .loadUpper
      default: .other
      }
    }
  }
}

// Reading code and memory of a stopped child. Writes taking.
extension Checkpointer {
  /// `inspectCode` has just attached the dataspace with the thread's code.
  mutating func searchTag(of index: Int, _ script: inout Script) throws(Suspension) {
    let capture = run.threads[index]
    guard capture.followsSystemCall == true, let code = run.code,
      let source = ArgumentSource(
        of: RegisterIndex.a0,
        instructions: try instructions(before: capture, in: run.child, ArgumentSource.reach, code, &script))
    else { return }
    run.threads[index].sendTag = try value(of: source, capture.registers, in: run.child, &script)
  }

  /// What a thread that was stopped without cancel is blocked in; nothing if its code does not tell.
  mutating func findOperation(of index: Int, _ script: inout Script) throws(Suspension) {
    run.threads[index].operation = []
    run.threads[index].called = nil
    guard isOurs(index), !run.threads[index].isStopped else { return }
    guard let target = try target(of: run.threads[index], in: run.child, &script) else { return }
    run.threads[index].operation = target.operation
    let servers = runs.map(\.child)
    run.threads[index].called = try servant(
      behind: target, of: run.child, map: run.capabilityMapAddress, among: servers, &script)
  }

  /// The object and operation of the system call a thread stands behind, as its code and its stack tell.
  func target(
    of capture: ThreadCapture, in child: Int, _ script: inout Script
  ) throws(Suspension) -> ObjectReference? {
    guard capture.pc >= 4, let place = children[child].place(of: capture.pc - 4) else { return nil }
    let dataspace = children[child].dataspaces[place.dataspace].real
    guard let address = try attachHere(dataspace, &script) else { return nil }
    let code = AttachedHere(badge: dataspace.badge, address: address)
    let before = try instructions(before: capture, in: child, ArgumentSource.functionReach, code, &script)
    var target: UInt64?
    if let source = ArgumentSource(of: RegisterIndex.a1, instructions: Array(before.suffix(ArgumentSource.reach))) {
      var known = [UInt64?](repeating: nil, count: ThreadImage.registerCount)
      let sp = capture.registers[RegisterIndex.sp]
      known[RegisterIndex.sp] = sp
      known[RegisterIndex.framePointer] = ArgumentSource.frameOffset(in: before).map { sp &+ $0 }
      target = try value(of: source, known, in: child, &script)
    }
    try detachHere(address, &script)
    return target.map { ObjectReference(raw: $0) }
  }

  /// The thread of one of these children that serves what a slot of a child leads to.
  func servant(
    behind target: ObjectReference, of child: Int, map: UInt64, among servers: [Int], _ script: inout Script
  ) throws(Suspension) -> CalledThread? {
    guard target.operation == .call, !target.namesNoSlot, target.index < UInt64(CapMapLayout.entries) else {
      return nil
    }
    guard let word = try word(at: map + target.index * CapMapLayout.entrySize, of: child, &script) else { return nil }
    let badge = CapMapLayout.badge(inWord: word)
    for server in servers {
      if let object = children[server].rpcObjects.first(where: { $0.isLive && $0.real.badge == badge }) {
        return CalledThread(child: server, thread: object.thread)
      }
    }
    return nil
  }

  /// Up to `count` instructions before the system call a thread stands behind, the last one last.
  private func instructions(
    before capture: ThreadCapture, in child: Int, _ count: Int, _ code: AttachedHere, _ script: inout Script
  ) throws(Suspension) -> [UInt32] {
    guard capture.pc >= 4, let place = children[child].place(of: capture.pc - 4), place.offset % 4 == 0,
      children[child].dataspaces[place.dataspace].real.badge == code.badge
    else { return [] }
    // Whole doublewords from as far back as the dataspace goes.
    let end = place.offset & ~7
    let start = end - min(end, 4 * UInt64(count) & ~7)
    guard place.offset > start else { return [] }
    let words = try script.read(code.address + start, count: Int((place.offset - start + 7) / 8))
    let halves = words.flatMap { [UInt32(truncatingIfNeeded: $0), UInt32(truncatingIfNeeded: $0 >> 32)] }
    return Array(halves.prefix(Int((place.offset - start) / 4)))
  }

  /// - Parameter registers: nil for those that are not known.
  private func value(
    of source: ArgumentSource, _ registers: [UInt64?], in child: Int, _ script: inout Script
  ) throws(Suspension) -> UInt64? {
    switch source {
    case .value(let value): return value
    case .register(let register, let plus): return registers[register].map { $0 &+ plus }
    case .memory(let register, let plus):
      guard let base = registers[register], (base &+ plus) % 8 == 0 else { return nil }
      return try word(at: base &+ plus, of: child, &script)
    }
  }

  /// A doubleword of the child's memory; nil if nothing is attached there.
  private func word(at address: UInt64, of child: Int, _ script: inout Script) throws(Suspension) -> UInt64? {
    guard let place = children[child].place(of: address) else { return nil }
    let dataspace = children[child].dataspaces[place.dataspace]
    let piece = dataspace.piece(dataspace.pieceIndex(at: place.offset))
    guard let local = try attachHere(piece.dataspace, &script) else { return nil }
    let value = try script.read(local + place.offset - piece.offset, count: 1)[0]
    try detachHere(local, &script)
    return value
  }
}
