import RISCV

/// The text of a program while it grows: instructions, labels, symbols, and places to patch when all addresses are known.
///
/// Every instruction takes four bytes, so an address never moves after it has been handed out.
struct InstructionStream {
  struct Label: Hashable { fileprivate var index: Int }

  /// A name in the text. Functions have a size, marks have none: debuggers prefer the former.
  struct Symbol: Hashable {
    var name: String
    var address: UInt64
    var size: UInt64
    var isFunction: Bool
  }

  private enum Fixup {
    case branch(Label)
    case jump(Label)
    /// `jal` to a function.
    case call(String)
    /// `auipc` and `addi` with the address of a symbol.
    case address(String)
  }

  let base: UInt64
  private(set) var words: [UInt32] = []
  private(set) var symbols: [Symbol] = []
  private var labels: [Int] = []
  private var fixups: [(word: Int, kind: Fixup)] = []
  private var functionStart = 0

  init(base: UInt64) { self.base = base }

  var address: UInt64 { base + 4 * UInt64(words.count) }
  mutating func emit(_ word: UInt32) { words.append(word) }

  // MARK: Labels and symbols

  mutating func label() -> Label {
    labels.append(-1)
    return Label(index: labels.count - 1)
  }

  mutating func place(_ label: Label) { labels[label.index] = words.count }

  mutating func symbol(_ name: String) {
    symbols.append(Symbol(name: name, address: address, size: 0, isFunction: false))
  }

  mutating func beginFunction(_ name: String) {
    functionStart = symbols.count
    symbols.append(Symbol(name: name, address: address, size: 0, isFunction: true))
  }

  mutating func endFunction() { symbols[functionStart].size = address - symbols[functionStart].address }

  // MARK: Instructions that need an address

  mutating func branch(_ funct3: UInt32, _ a: Register, _ b: Register, _ label: Label) {
    fixups.append((words.count, .branch(label)))
    emit(0x63 | funct3 << 12 | a.field << 15 | b.field << 20)
  }

  mutating func j(_ label: Label) {
    fixups.append((words.count, .jump(label)))
    emit(0x6f)
  }

  mutating func call(_ function: String) {
    fixups.append((words.count, .call(function)))
    emit(0x6f | Register.ra.field << 7)
  }

  /// Jumps to a function without a way back.
  mutating func tail(_ function: String) {
    fixups.append((words.count, .call(function)))
    emit(0x6f)
  }

  mutating func la(_ register: Register, _ symbol: String) {
    fixups.append((words.count, .address(symbol)))
    emit(0x17 | register.field << 7)
    addi(register, register, 0)
  }

  /// The finished text. `data` gives the addresses of symbols that are not functions.
  func linked(data: [String: UInt64]) -> [UInt32] {
    var addresses = data
    for symbol in symbols where symbol.isFunction { addresses[symbol.name] = symbol.address }
    var result = words
    for (word, kind) in fixups {
      let here = base + 4 * UInt64(word)
      func offset(_ name: String) -> Int {
        guard let target = addresses[name] else { preconditionFailure("the program has no symbol \(name)") }
        return Int(Int64(bitPattern: target &- here))
      }
      switch kind {
      case .branch(let label): result[word] |= Self.branchBits((labels[label.index] - word) * 4)
      case .jump(let label): result[word] |= Self.jumpBits((labels[label.index] - word) * 4)
      case .call(let name): result[word] |= Self.jumpBits(offset(name))
      case .address(let name):
        let (high, low) = Self.split(offset(name))
        result[word] |= high
        result[word + 1] |= low << 20
      }
    }
    return result
  }

  private static func branchBits(_ offset: Int) -> UInt32 {
    precondition(offset >= -4096 && offset < 4096, "a conditional branch must reach its label")
    let bits = UInt32(truncatingIfNeeded: offset)
    return (bits >> 12) << 31 | (bits >> 5 & 0x3f) << 25 | (bits >> 1 & 0xf) << 8 | (bits >> 11 & 1) << 7
  }

  private static func jumpBits(_ offset: Int) -> UInt32 {
    precondition(offset >= -(1 << 20) && offset < 1 << 20, "a jump must reach its label")
    let bits = UInt32(truncatingIfNeeded: offset)
    return (bits >> 20) << 31 | (bits >> 1 & 0x3ff) << 21 | (bits >> 11 & 1) << 20 | (bits >> 12 & 0xff) << 12
  }

  /// Upper 20 bits in place and lower 12 bits, the latter signed.
  private static func split(_ offset: Int) -> (high: UInt32, low: UInt32) {
    let bits = UInt32(truncatingIfNeeded: offset)
    return ((bits &+ 0x800) & 0xffff_f000, bits & 0xfff)
  }
}

extension Register {
  fileprivate var field: UInt32 { UInt32(rawValue) }
}

// MARK: Encodings

extension InstructionStream {
  private mutating func r(_ opcode: UInt32, _ funct3: UInt32, _ funct7: UInt32, _ d: Register, _ a: Register, _ b: Register) {
    emit(opcode | d.field << 7 | funct3 << 12 | a.field << 15 | b.field << 20 | funct7 << 25)
  }

  private mutating func i(_ opcode: UInt32, _ funct3: UInt32, _ d: Register, _ a: Register, _ immediate: Int) {
    precondition(immediate >= -2048 && immediate < 2048, "an immediate must fit 12 bits")
    emit(opcode | d.field << 7 | funct3 << 12 | a.field << 15 | UInt32(truncatingIfNeeded: immediate) << 20)
  }

  private mutating func s(_ funct3: UInt32, _ source: Register, _ base: Register, _ offset: Int) {
    precondition(offset >= -2048 && offset < 2048, "an offset must fit 12 bits")
    let bits = UInt32(truncatingIfNeeded: offset)
    let registers = base.field << 15 | source.field << 20
    emit(0x23 | (bits & 0x1f) << 7 | funct3 << 12 | registers | (bits >> 5) << 25)
  }

  mutating func add(_ d: Register, _ a: Register, _ b: Register) { r(0x33, 0, 0, d, a, b) }
  mutating func sub(_ d: Register, _ a: Register, _ b: Register) { r(0x33, 0, 0x20, d, a, b) }
  mutating func sll(_ d: Register, _ a: Register, _ b: Register) { r(0x33, 1, 0, d, a, b) }
  mutating func slt(_ d: Register, _ a: Register, _ b: Register) { r(0x33, 2, 0, d, a, b) }
  mutating func sltu(_ d: Register, _ a: Register, _ b: Register) { r(0x33, 3, 0, d, a, b) }
  mutating func xor(_ d: Register, _ a: Register, _ b: Register) { r(0x33, 4, 0, d, a, b) }
  mutating func srl(_ d: Register, _ a: Register, _ b: Register) { r(0x33, 5, 0, d, a, b) }
  mutating func sra(_ d: Register, _ a: Register, _ b: Register) { r(0x33, 5, 0x20, d, a, b) }
  mutating func or(_ d: Register, _ a: Register, _ b: Register) { r(0x33, 6, 0, d, a, b) }
  mutating func and(_ d: Register, _ a: Register, _ b: Register) { r(0x33, 7, 0, d, a, b) }
  mutating func mul(_ d: Register, _ a: Register, _ b: Register) { r(0x33, 0, 1, d, a, b) }
  mutating func div(_ d: Register, _ a: Register, _ b: Register) { r(0x33, 4, 1, d, a, b) }
  mutating func divu(_ d: Register, _ a: Register, _ b: Register) { r(0x33, 5, 1, d, a, b) }
  mutating func rem(_ d: Register, _ a: Register, _ b: Register) { r(0x33, 6, 1, d, a, b) }
  mutating func remu(_ d: Register, _ a: Register, _ b: Register) { r(0x33, 7, 1, d, a, b) }

  mutating func addi(_ d: Register, _ a: Register, _ immediate: Int) { i(0x13, 0, d, a, immediate) }
  mutating func slti(_ d: Register, _ a: Register, _ immediate: Int) { i(0x13, 2, d, a, immediate) }
  mutating func sltiu(_ d: Register, _ a: Register, _ immediate: Int) { i(0x13, 3, d, a, immediate) }
  mutating func xori(_ d: Register, _ a: Register, _ immediate: Int) { i(0x13, 4, d, a, immediate) }
  mutating func ori(_ d: Register, _ a: Register, _ immediate: Int) { i(0x13, 6, d, a, immediate) }
  mutating func andi(_ d: Register, _ a: Register, _ immediate: Int) { i(0x13, 7, d, a, immediate) }
  mutating func slli(_ d: Register, _ a: Register, _ amount: Int) { i(0x13, 1, d, a, amount) }
  mutating func srli(_ d: Register, _ a: Register, _ amount: Int) { i(0x13, 5, d, a, amount) }
  mutating func srai(_ d: Register, _ a: Register, _ amount: Int) { i(0x13, 5, d, a, amount | 0x400) }
  mutating func mv(_ d: Register, _ a: Register) { addi(d, a, 0) }

  mutating func ld(_ d: Register, _ base: Register, _ offset: Int) { i(0x03, 3, d, base, offset) }
  mutating func sd(_ source: Register, _ base: Register, _ offset: Int) { s(3, source, base, offset) }

  /// Loads extend with zeros.
  mutating func load(_ width: IR.Width, _ d: Register, from base: Register, _ offset: Int = 0) {
    switch width {
    case .byte: i(0x03, 4, d, base, offset)
    case .half: i(0x03, 5, d, base, offset)
    case .word: i(0x03, 6, d, base, offset)
    case .double: i(0x03, 3, d, base, offset)
    }
  }

  mutating func store(_ width: IR.Width, _ source: Register, to base: Register, _ offset: Int = 0) {
    switch width {
    case .byte: s(0, source, base, offset)
    case .half: s(1, source, base, offset)
    case .word: s(2, source, base, offset)
    case .double: s(3, source, base, offset)
    }
  }

  /// Exchanges with acquire and release order.
  mutating func amoswap(_ d: Register, _ source: Register, at address: Register) { r(0x2f, 3, 0x07, d, address, source) }

  mutating func jalr(_ d: Register, _ base: Register, _ offset: Int) { i(0x67, 0, d, base, offset) }
  mutating func ret() { jalr(.zero, .ra, 0) }
  mutating func ecall() { emit(0x73) }
  mutating func ebreak() { emit(0x0010_0073) }
  mutating func rdtime(_ d: Register) { emit(0xc010_2073 | d.field << 7) }

  mutating func custom(_ kind: CustomInstruction, rd: Register = .zero, rs1: Register = .zero, rs2: Register = .zero) {
    emit(kind.encoded(rd: rd, rs1: rs1, rs2: rs2))
  }

  /// Any constant, in as few instructions as the usual expansion takes.
  mutating func li(_ d: Register, _ constant: UInt64) {
    let value = Int64(bitPattern: constant)
    if value >= -2048, value < 2048 { return addi(d, .zero, Int(value)) }
    if value >= -0x8000_0000, value < 0x8000_0000 {
      let low = (value << 52) >> 52
      let high = UInt32(truncatingIfNeeded: value &- low) & 0xffff_f000
      emit(0x37 | d.field << 7 | high)
      if low != 0 || value >= 0x7fff_f800 { i(0x1b, 0, d, d, Int(low)) }
      return
    }
    let low = (value << 52) >> 52
    let rest = value &- low
    let shift = rest.trailingZeroBitCount
    li(d, UInt64(bitPattern: rest >> shift))
    slli(d, d, shift)
    if low != 0 { addi(d, d, Int(low)) }
  }
}
