import RISCV

/// The text of a program while it grows: an assembler, and what it does not know: sizes of functions, and the addresses
/// of data in other segments.
struct InstructionStream {
  /// A place in the text that has no name.
  struct Label: Hashable { fileprivate var name: String }

  /// A name in the text. Functions have a size, marks have none: debuggers prefer the former.
  struct Symbol: Hashable {
    var name: String
    var address: UInt64
    var size: UInt64
    var isFunction: Bool
  }

  /// For instructions that need no address.
  var code: Assembler
  private(set) var symbols: [Symbol] = []
  private var labels = 0
  private var functionStart = 0
  /// Places of `auipc` and `addi` that wait for the address of a symbol.
  private var references: [(offset: Int, symbol: String)] = []

  init(base: UInt64) { code = Assembler(base: base) }

  var address: UInt64 { code.address }

  mutating func label() -> Label {
    labels += 1
    return Label(name: ".L\(labels)")
  }

  mutating func place(_ label: Label) { code.label(label.name) }

  mutating func symbol(_ name: String) {
    symbols.append(Symbol(name: name, address: address, size: 0, isFunction: false))
  }

  mutating func beginFunction(_ name: String) {
    functionStart = symbols.count
    symbols.append(Symbol(name: name, address: address, size: 0, isFunction: true))
    code.label(name)
  }

  mutating func endFunction() { symbols[functionStart].size = address - symbols[functionStart].address }

  mutating func branch(_ operation: BranchOperation, _ a: Register, _ b: Register, _ label: Label) {
    code.emit(operation, a, b, label.name)
  }

  mutating func j(_ label: Label) { code.j(label.name) }
  /// One instruction: the text of a program is smaller than its reach.
  mutating func call(_ function: String) { code.jal(.ra, function) }
  mutating func tail(_ function: String) { code.j(function) }

  mutating func la(_ register: Register, _ symbol: String) {
    references.append((code.bytes.count, symbol))
    code.auipc(register, 0)
    code.addi(register, register, 0)
  }

  mutating func custom(_ kind: CustomInstruction, rd: Register = .zero, rs1: Register = .zero, rs2: Register = .zero) {
    code.instruction(kind.encoded(rd: rd, rs1: rs1, rs2: rs2))
  }

  /// Loads extend with zeros.
  mutating func load(_ width: IR.Width, _ register: Register, from base: Register, _ offset: Int = 0) {
    switch width {
    case .byte: code.lbu(register, Int64(offset), base)
    case .half: code.lhu(register, Int64(offset), base)
    case .word: code.lwu(register, Int64(offset), base)
    case .double: code.ld(register, Int64(offset), base)
    }
  }

  mutating func store(_ width: IR.Width, _ register: Register, to base: Register, _ offset: Int = 0) {
    switch width {
    case .byte: code.sb(register, Int64(offset), base)
    case .half: code.sh(register, Int64(offset), base)
    case .word: code.sw(register, Int64(offset), base)
    case .double: code.sd(register, Int64(offset), base)
    }
  }

  /// The finished text. `data` gives the addresses of symbols that are not functions.
  func linked(data: [String: UInt64]) throws(AssemblyError) -> [UInt8] {
    var addresses = data
    for symbol in symbols where symbol.isFunction { addresses[symbol.name] = symbol.address }
    var bytes = try code.assemble().bytes
    for (offset, symbol) in references {
      guard let target = addresses[symbol] else { preconditionFailure("the program has no symbol \(symbol)") }
      let distance = UInt32(truncatingIfNeeded: target &- (code.base + UInt64(offset)))
      // The lower half is signed.
      Self.or(&bytes, offset, (distance &+ 0x800) & 0xffff_f000)
      Self.or(&bytes, offset + 4, distance << 20)
    }
    return bytes
  }

  private static func or(_ bytes: inout [UInt8], _ offset: Int, _ bits: UInt32) {
    for index in 0..<4 { bytes[offset + index] |= UInt8(truncatingIfNeeded: bits >> UInt32(8 * index)) }
  }
}
