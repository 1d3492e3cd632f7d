import FiascoABI
import Genode

/// Where a program took the tag of a system call from, as the instructions before the `ecall` tell.
///
/// A cancel in the send phase destroys the register with the tag. But the registers and the memory it was loaded from
/// are still what they were: the thread has executed nothing since. Only straight-line code is believed, in which
/// nothing that counts is changed afterwards.
enum SendTagSource: Hashable, Sendable {
  case value(UInt64)
  /// Register plus a number.
  case register(Int, plus: UInt64)
  /// A doubleword at register plus a number.
  case memory(Int, plus: UInt64)

  /// How many instructions before the system call are looked at.
  static let reach = 16

  /// - Parameter instructions: those before the `ecall`, the last one last.
  init?(instructions: [UInt32]) {
    var changed: [Int] = []
    var plus: UInt64 = 0
    for word in instructions.reversed() {
      let code = Instruction(word: word)
      guard code.isPlain else { return nil }
      guard code.destination == RegisterIndex.a0 else {
        if let register = code.destination { changed.append(register) }
        continue
      }
      if code.source != RegisterIndex.a0 || code.kind == .loadUpper {
        if code.kind != .loadUpper, changed.contains(code.source) { return nil }
        self.init(code, plus: plus)
        return
      }
      // a0 plus a number: what was added is known, what it was added to comes earlier.
      guard code.kind == .addImmediate else { return nil }
      plus &+= code.immediate
    }
    return nil
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
    guard capture.followsSystemCall == true, capture.pc >= 4, let code = run.code,
      let place = children[run.child].place(of: capture.pc - 4),
      children[run.child].dataspaces[place.dataspace].real.badge == code.badge
    else { return }
    // Whole doublewords from as far back as the dataspace goes.
    let length = min(place.offset, 4 * UInt64(SendTagSource.reach)) & ~7
    let start = (place.offset & ~7) - length
    guard place.offset > start else { return }
    let words = try script.read(code.address + start, count: Int((place.offset - start + 7) / 8))
    let halves = words.flatMap { [UInt32(truncatingIfNeeded: $0), UInt32(truncatingIfNeeded: $0 >> 32)] }
    let count = Int((place.offset - start) / 4)
    guard place.offset % 4 == 0, let source = SendTagSource(instructions: Array(halves.prefix(count))) else { return }
    run.threads[index].sendTag = try tag(from: source, capture, &script)
  }

  private func tag(
    from source: SendTagSource, _ capture: ThreadCapture, _ script: inout Script
  ) throws(Suspension) -> UInt64? {
    switch source {
    case .value(let value): return value
    case .register(let register, let plus): return capture.registers[register] &+ plus
    case .memory(let register, let plus):
      let address = capture.registers[register] &+ plus
      guard address % 8 == 0, let place = children[run.child].place(of: address) else { return nil }
      let dataspace = children[run.child].dataspaces[place.dataspace]
      let piece = dataspace.piece(dataspace.pieceIndex(at: place.offset))
      guard let local = try attachHere(piece.dataspace, &script) else { return nil }
      let value = try script.read(local + place.offset - piece.offset, count: 1)[0]
      try detachHere(local, &script)
      return value
    }
  }
}
