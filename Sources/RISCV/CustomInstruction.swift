/// The instructions that only the simulated machine has, all in the custom-0 space (opcode 0x0b, R-type).
///
/// | mnemonic     | funct3 | rd        | rs1      | rs2     | funct7 |
/// |--------------|--------|-----------|----------|---------|--------|
/// | `work`       | 0      | time left | 0        | 0       | 0      |
/// | `bulk.store` | 1      | address   | length   | value   | 0      |
/// | `bulk.load`  | 2      | address   | length   | 0       | 0      |
/// | `hint`       | 7      | 0         | kind     | operand | 0      |
///
/// All are restartable like a repeated string instruction: what is left to do stands in the registers, so a thread can
/// be preempted, checkpointed and moved in the middle. Every other encoding in custom-0 is illegal, as are the bulk
/// instructions with x0 or twice the same register as address and length, or the value in one of these two.
@frozen public enum CustomInstruction: UInt32, CaseIterable, BitwiseCopyable, Hashable, Sendable {
  /// Register rd holds nanoseconds of pure CPU time that are still to pass. Retires when it is 0.
  case work = 0
  /// Fills `length` bytes from `address` with the low byte of `value`, at most up to the end of the page in each step.
  /// Address and length advance with the work; retires when length is 0. A fault leaves them at the first byte not done.
  case bulkStore = 1
  /// Touches `length` bytes from `address` for reading; otherwise as `bulkStore`.
  case bulkLoad = 2
  /// Tells the machine something to be recorded with the exact instant. Changes nothing and costs nothing.
  case hint = 7

  /// The major opcode custom-0.
  public static let opcode: UInt32 = 0x0b

  public var mnemonic: String {
    switch self {
    case .work: "work"
    case .bulkStore: "bulk.store"
    case .bulkLoad: "bulk.load"
    case .hint: "hint"
    }
  }

  /// The bits of the instruction. `work` takes its register as `rd`; unused registers are `.zero`.
  public func encoded(rd: Register, rs1: Register = .zero, rs2: Register = .zero) -> UInt32 {
    let fields = UInt32(rd.rawValue) << 7 | UInt32(rs1.rawValue) << 15 | UInt32(rs2.rawValue) << 20
    return Self.opcode | rawValue << 12 | fields
  }

  /// The instruction these bits encode, if they are one of ours and a legal one.
  public init?(bits: UInt32) {
    guard bits & 0x7f == Self.opcode, bits >> 25 == 0, let kind = CustomInstruction(rawValue: bits >> 12 & 7) else {
      return nil
    }
    let (rd, rs1, rs2) = (bits >> 7 & 31, bits >> 15 & 31, bits >> 20 & 31)
    switch kind {
    case .work:
      guard rs1 == 0, rs2 == 0 else { return nil }
    case .bulkStore:
      guard rd != 0, rs1 != 0, rd != rs1, rs2 != rd, rs2 != rs1 else { return nil }
    case .bulkLoad:
      guard rd != 0, rs1 != 0, rd != rs1, rs2 == 0 else { return nil }
    case .hint:
      guard rd == 0 else { return nil }
    }
    self = kind
  }
}
