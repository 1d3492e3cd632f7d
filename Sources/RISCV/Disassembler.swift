/// Machine code as text, in the style of the usual binary tools: `addi a0,a1,-3`, pseudo-names where those tools use
/// them, jump targets as addresses.
public enum Disassembler {
  /// The instruction in `bits` (for a 16-bit instruction in the lower half) and its length in bytes. What is not an
  /// instruction of this machine comes as `.word` or `.half`.
  public static func text(for bits: UInt32, at pc: UInt64) -> (text: String, length: Int) {
    if bits & 3 == 3 { return (full(bits, pc) ?? ".word 0x" + hex(UInt64(bits)), 4) }
    let half = bits & 0xffff
    if half == 0 { return ("unimp", 2) }
    guard let expanded = CompressedInstruction.expanded(half) else { return (".half 0x" + hex(UInt64(half)), 2) }
    return (compressed(half, expanded) ?? full(expanded, pc) ?? ".half 0x" + hex(UInt64(half)), 2)
  }

  /// Where the name of the short form differs from that of the instruction it stands for.
  private static func compressed(_ half: UInt32, _ expanded: UInt32) -> String? {
    let fields = Fields(bits: expanded)
    if half & 0xe003 == 0x0001 && fields.rd == .zero {
      return fields.immediateI == 0 ? "nop" : "nop \(fields.immediateI)"
    }
    if half & 0xe003 == 0x4001 { return "li \(fields.rd.name),\(fields.immediateI)" }
    if half & 0xf003 == 0x8002 && fields.opcode == 0x33 { return "mv \(fields.rd.name),\(fields.rs2.name)" }
    return nil
  }

  private static func full(_ bits: UInt32, _ pc: UInt64) -> String? {
    let fields = Fields(bits: bits)
    switch fields.opcode {
    case 0x03: return load(fields)
    case 0x07, 0x27: return floatAccess(fields)
    case 0x43, 0x47, 0x4b, 0x4f: return floatFused(fields)
    case 0x53: return floatComputation(fields)
    case 0x0b: return custom(fields)
    case 0x0f: return fence(fields)
    case 0x13, 0x1b: return shift(fields) ?? immediate(fields)
    case 0x17: return "auipc \(fields.rd.name),0x" + hex(UInt64(bits >> 12))
    case 0x23: return store(fields)
    case 0x2f: return atomic(fields)
    case 0x33, 0x3b: return register(fields)
    case 0x37: return "lui \(fields.rd.name),0x" + hex(UInt64(bits >> 12))
    case 0x63: return branch(fields, pc)
    case 0x67: return fields.funct3 == 0 ? jumpRegister(fields) : nil
    case 0x6f: return jump(fields, pc)
    case 0x73: return system(fields)
    default: return nil
    }
  }

  static func hex(_ value: UInt64) -> String { String(value, radix: 16) }

  static func target(_ pc: UInt64, _ distance: Int32) -> String {
    "0x" + hex(pc &+ UInt64(bitPattern: Int64(distance)))
  }
}

/// The fields of a 32-bit instruction, all shapes at once.
struct Fields {
  let bits: UInt32
  var opcode: UInt32 { bits & 0x7f }
  var rd: Register { Register(field: bits >> 7) }
  var funct3: UInt32 { bits >> 12 & 7 }
  var rs1: Register { Register(field: bits >> 15) }
  var rs2: Register { Register(field: bits >> 20) }
  var funct7: UInt32 { bits >> 25 }
  var immediateI: Int32 { Encoding.immediateI(bits) }
}
