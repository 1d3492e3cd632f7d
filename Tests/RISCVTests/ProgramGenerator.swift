import Determinism
import RISCV

/// Random programs over all of RV64IMAC that end: for comparison with another implementation.
///
/// Layout: code at `base`; a window of three pages that sp and s0 point into, so that all offsets stay inside and many
/// accesses cross a page; the registers are saved in front of the window's end. x3 counts loops; sp, gp and s0 are
/// never a destination.
struct ProgramGenerator {
  static let base: UInt64 = 0x10000
  static let window: UInt64 = 0x40000
  static let windowBytes = 3 * 4096
  static let memoryPages = 0x43

  private var random: SeededGenerator
  private var code = Assembler(base: base)
  private let reserved: [Register] = [.sp, .gp, .s0]

  /// The window's initial contents.
  static func windowContents(seed: UInt64) -> [UInt8] {
    var random = SeededGenerator(seed: seed).split(name: "window")
    let special: [UInt64] = [0, 1, 2, .max, 1 << 63, (1 << 63) - 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff_8000_0000]
    var bytes: [UInt8] = []
    for _ in 0..<(windowBytes / 8) {
      let word = random.next(below: 3) == 0 ? special[random.next(below: special.count)] : random.next()
      for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * shift))) }
    }
    return bytes
  }

  static func program(seed: UInt64, instructions: Int) -> [UInt8] {
    var generator = ProgramGenerator(random: SeededGenerator(seed: seed).split(name: "code"))
    return generator.generate(instructions)
  }

  private init(random: SeededGenerator) { self.random = random }

  private mutating func generate(_ instructions: Int) -> [UInt8] {
    code.li(.sp, Int64(Self.window) + 4096)
    code.li(.s0, Int64(Self.window) + 8192)
    code.li(.gp, 0)
    for register in Register.allCases where isFree(register) {
      code.ld(register, Int64(register.number) * 8, .sp)
    }
    let end = code.bytes.count + instructions * 4
    while code.bytes.count < end {
      if random.next(below: 40) == 0 { loop() } else { unit() }
    }
    finish()
    guard let program = try? code.assemble() else { preconditionFailure("a generated program assembles") }
    return program.bytes
  }

  /// Saves all registers in the window, writes the window to standard output and exits with 0, as Linux wants it.
  private mutating func finish() {
    for register in Register.allCases { code.sd(register, 1024 + Int64(register.number) * 8, .s0) }
    code.li(.a7, 64)
    code.li(.a0, 1)
    code.li(.a1, Int64(Self.window))
    code.li(.a2, Int64(Self.windowBytes))
    code.ecall()
    code.li(.a7, 93)
    code.li(.a0, 0)
    code.ecall()
  }

  private func isFree(_ register: Register) -> Bool { register != .zero && !reserved.contains(register) }

  private mutating func anyRegister() -> Register { Register(field: UInt32(random.next(below: 32))) }

  private mutating func destination() -> Register {
    while true {
      let register = anyRegister()
      if !reserved.contains(register) { return register }
    }
  }

  private mutating func pick<Element>(_ elements: [Element]) -> Element { elements[random.next(below: elements.count)] }

  private mutating func immediate() -> Int64 {
    random.next(below: 4) == 0 ? pick([0, 1, -1, 255, 2047, -2048]) : Int64(random.next(below: 4096)) - 2048
  }

  private mutating func unit() {
    switch random.next(below: 14) {
    case 0, 1: code.emit(pick(RegisterOperation.allCases), destination(), anyRegister(), anyRegister())
    case 2: code.emit(pick(ImmediateOperation.allCases), destination(), anyRegister(), immediate())
    case 3:
      let shift = pick(ShiftOperation.allCases)
      code.emit(shift, destination(), anyRegister(), Int64(random.next(below: Int(shift.largestAmount) + 1)))
    case 4: upper()
    case 5: code.emit(pick(LoadOperation.allCases), destination(), immediate(), pick([.sp, .s0]))
    case 6: code.emit(pick(StoreOperation.allCases), anyRegister(), immediate(), pick([.sp, .s0]))
    case 7: atomic()
    case 8: branch()
    case 9: jump()
    case 10: code.instruction(pick([0x0ff0_000f, 0x0000_100f, 0x0100_000f, 0x0000_0013]))
    case 11: code.li(destination(), Int64(bitPattern: random.next() >> UInt64(random.next(below: 64))))
    default: compressed()
    }
  }

  private mutating func upper() {
    let value = Int64(random.next(below: 0x10_0000))
    if random.next(below: 2) == 0 { code.lui(destination(), value) } else { code.auipc(destination(), value) }
  }

  private mutating func atomic() {
    let operation = pick(AtomicOperation.allCases)
    let width = pick(AtomicWidth.allCases)
    let size: Int64 = width == .word ? 4 : 8
    let offset = (immediate() / size) * size
    code.addi(.t0, pick([.sp, .s0]), offset)
    if operation == .sc && random.next(below: 3) != 0 {
      code.emit(.lr, width, .t1, .zero, .t0, pick(AtomicOrdering.allCases))
      code.emit(.sc, width, destination(), anyRegister(), .t0, pick(AtomicOrdering.allCases))
    } else if operation == .lr {
      // A reservation that nothing uses must not survive in one implementation only: end it.
      code.emit(.lr, width, destination(), .zero, .t0)
      code.addi(.t0, pick([.sp, .s0]), offset)
      code.emit(.sc, width, destination(), anyRegister(), .t0)
    } else {
      code.emit(operation, width, destination(), anyRegister(), .t0, pick(AtomicOrdering.allCases))
    }
  }

  /// A branch over up to three instructions, taken or not.
  private mutating func branch() {
    let label = "skip\(code.bytes.count)"
    code.emit(pick(BranchOperation.allCases), anyRegister(), anyRegister(), label)
    for _ in 0..<random.next(below: 4) { simple() }
    code.label(label)
  }

  private mutating func simple() {
    if random.next(below: 2) == 0 {
      code.emit(pick(RegisterOperation.allCases), destination(), anyRegister(), anyRegister())
    } else {
      compressed()
    }
  }

  private mutating func jump() {
    let label = "over\(code.bytes.count)"
    switch random.next(below: 4) {
    case 0: code.jal(destination(), label)
    case 1:
      code.la(.t2, label, plus: 64)
      code.jalr(destination(), -64, .t2)
    case 2:
      code.la(.t2, label)
      code.half(random.next(below: 2) == 0 ? 0x9382 : 0x8382)  // c.jalr t2, c.jr t2
    default: shortJump()
    }
    simple()
    code.label(label)
  }

  /// `c.j`, `c.beqz` or `c.bnez` over one 4-byte instruction.
  private mutating func shortJump() {
    let source = UInt16(random.next(below: 8)) << 7
    code.half(pick([0xa019, 0xc199 & 0xfc7f | source, 0xe199 & 0xfc7f | source]))
    code.emit(pick(RegisterOperation.allCases), destination(), anyRegister(), anyRegister())
  }

  /// Any 16-bit instruction that leaves the reserved registers and the flow of control alone.
  private mutating func compressed() {
    while true {
      let half = UInt16(truncatingIfNeeded: random.next())
      if half & 3 == 3 || half == 0 { continue }
      let text = Disassembler.text(for: UInt32(half), at: 0).text
      if half & 0xef83 == 0x6101 && half & 0x107c != 0 { return moveStackAndBack(half) }
      guard isHarmless(text) else { continue }
      return code.half(half)
    }
  }

  private func isHarmless(_ text: String) -> Bool {
    let parts = text.split(whereSeparator: { " ,()".contains($0) }).map(String.init)
    guard let mnemonic = parts.first, parts.count > 1 else { return text == "nop" }
    // Floating point has programs of its own: `FloatProgram`.
    if mnemonic.hasPrefix(".") || mnemonic.first == "f" || mnemonic.first == "j" || mnemonic.first == "b" {
      return false
    }
    let bases = ["sp", "s0"]
    if StoreOperation(rawValue: mnemonic) != nil { return bases.contains(parts[3]) }
    if LoadOperation(rawValue: mnemonic) != nil && !bases.contains(parts[3]) { return false }
    return !reserved.contains { $0.name == parts[1] }
  }

  /// `c.addi16sp` with a value and with its negation; the value whose negation does not fit is left out.
  private mutating func moveStackAndBack(_ half: UInt16) {
    let amount = Disassembler.text(for: UInt32(half), at: 0).text.split(separator: ",").last.flatMap { Int64($0) } ?? 0
    if amount == -512 { return }
    code.half(half)
    code.addi(.sp, .sp, -amount)
  }

  /// A loop of three to seven rounds.
  private mutating func loop() {
    let label = "loop\(code.bytes.count)"
    code.li(.gp, Int64(3 + random.next(below: 5)))
    code.label(label)
    for _ in 0..<(1 + random.next(below: 6)) { unit() }
    code.addi(.gp, .gp, -1)
    code.bnez(.gp, label)
  }
}
