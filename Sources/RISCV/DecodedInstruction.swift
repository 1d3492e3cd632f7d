/// What the interpreter does for an instruction. One case per distinct action, so that one jump reaches it.
enum Operation: UInt8, BitwiseCopyable {
  // Not instructions, and not counted.
  /// The next instruction was decoded before: goes to its record.
  case join
  /// Execution leaves the page at its end, `immediate` bytes from the page's start.
  case pageEnd
  /// The first half of a 4-byte instruction in the last halfword of a page: the rest depends on the next page.
  case straddling

  case nop, loadImmediate, addUpperImmediateToPC
  // Near: the target lies in the same page; `immediate` counts records from the following one. Far: it counts bytes
  // from the start of the page.
  case jumpNear, jumpFar, linkNear, linkFar, jumpRegister
  case beqNear, bneNear, bltNear, bgeNear, bltuNear, bgeuNear, branchFar

  case lb, lh, lw, ld, lbu, lhu, lwu
  case sb, sh, sw, sd

  case addi, slti, sltiu, xori, ori, andi, slli, srli, srai, addiw, slliw, srliw, sraiw
  case add, sub, sll, slt, sltu, xor, srl, sra, or, and, addw, subw, sllw, srlw, sraw
  case mul, mulh, mulhsu, mulhu, div, divu, rem, remu, mulw, divw, divuw, remw, remuw

  /// Not done in the loop: `immediate` says what, see `RareSelector`.
  case rare
  case illegal, environmentCall, breakpoint, readCounter
  case work, bulk, hint

  /// Whether `immediate` is to become a distance between records.
  var isNear: Bool {
    switch self {
    case .jumpNear, .linkNear, .beqNear, .bneNear, .bltNear, .bgeNear, .bltuNear, .bgeuNear: true
    default: false
    }
  }

  /// Whether execution never continues behind this instruction.
  var endsRun: Bool {
    switch self {
    case .jumpNear, .jumpFar, .straddling, .illegal: true
    default: false
    }
  }
}

/// One instruction, decoded: 8 bytes.
///
/// A destination of x0 is written as slot 32 where the instruction acts otherwise too, and the instruction becomes
/// `nop` where it does not. Instructions that link keep the following instruction's distance from the start of the
/// page: `linkNear` and `linkFar` in place of the source registers, `jumpRegister` in the lower half of `immediate`.
struct DecodedInstruction: BitwiseCopyable {
  var operation: Operation
  var rd: UInt8 = 0
  var rs1: UInt8 = 0
  var rs2: UInt8 = 0
  var immediate: Int32 = 0

  /// Slot of the register file that nothing reads.
  static let discarded: UInt8 = 32

  static func illegal(_ bits: UInt32) -> DecodedInstruction {
    DecodedInstruction(operation: .illegal, immediate: Int32(bitPattern: bits))
  }

  /// The following instruction's distance from the start of the page, of `linkNear` and `linkFar`.
  @inline(__always) var nextOffset: UInt64 { UInt64(rs1) | UInt64(rs2) << 8 }
}
