// The instructions of RV64IMA by shape. Assembler and disassembler read the same tables; the decoder does not, so that
// each checks the other. The raw value of a case is its mnemonic.

/// Two source registers, one destination.
public enum RegisterOperation: String, CaseIterable, Sendable {
  case add, sub, sll, slt, sltu, xor, srl, sra, or, and
  case addw, subw, sllw, srlw, sraw
  case mul, mulh, mulhsu, mulhu, div, divu, rem, remu
  case mulw, divw, divuw, remw, remuw

  var code: (opcode: UInt32, funct3: UInt32, funct7: UInt32) {
    switch self {
    case .add: (0x33, 0, 0)
    case .sub: (0x33, 0, 0x20)
    case .sll: (0x33, 1, 0)
    case .slt: (0x33, 2, 0)
    case .sltu: (0x33, 3, 0)
    case .xor: (0x33, 4, 0)
    case .srl: (0x33, 5, 0)
    case .sra: (0x33, 5, 0x20)
    case .or: (0x33, 6, 0)
    case .and: (0x33, 7, 0)
    case .addw: (0x3b, 0, 0)
    case .subw: (0x3b, 0, 0x20)
    case .sllw: (0x3b, 1, 0)
    case .srlw: (0x3b, 5, 0)
    case .sraw: (0x3b, 5, 0x20)
    case .mul: (0x33, 0, 1)
    case .mulh: (0x33, 1, 1)
    case .mulhsu: (0x33, 2, 1)
    case .mulhu: (0x33, 3, 1)
    case .div: (0x33, 4, 1)
    case .divu: (0x33, 5, 1)
    case .rem: (0x33, 6, 1)
    case .remu: (0x33, 7, 1)
    case .mulw: (0x3b, 0, 1)
    case .divw: (0x3b, 4, 1)
    case .divuw: (0x3b, 5, 1)
    case .remw: (0x3b, 6, 1)
    case .remuw: (0x3b, 7, 1)
    }
  }
}

/// One source register and a signed 12-bit immediate.
public enum ImmediateOperation: String, CaseIterable, Sendable {
  case addi, slti, sltiu, xori, ori, andi, addiw

  var code: (opcode: UInt32, funct3: UInt32) {
    switch self {
    case .addi: (0x13, 0)
    case .slti: (0x13, 2)
    case .sltiu: (0x13, 3)
    case .xori: (0x13, 4)
    case .ori: (0x13, 6)
    case .andi: (0x13, 7)
    case .addiw: (0x1b, 0)
    }
  }
}

/// One source register and a shift amount.
public enum ShiftOperation: String, CaseIterable, Sendable {
  case slli, srli, srai, slliw, srliw, sraiw

  /// `upper` are the bits above the shift amount.
  var code: (opcode: UInt32, funct3: UInt32, upper: UInt32) {
    switch self {
    case .slli: (0x13, 1, 0)
    case .srli: (0x13, 5, 0)
    case .srai: (0x13, 5, 0x400)
    case .slliw: (0x1b, 1, 0)
    case .srliw: (0x1b, 5, 0)
    case .sraiw: (0x1b, 5, 0x400)
    }
  }

  /// 63, or 31 for the forms that work on words.
  public var largestAmount: Int64 { code.opcode == 0x13 ? 63 : 31 }
}

public enum LoadOperation: String, CaseIterable, Sendable {
  case lb, lh, lw, ld, lbu, lhu, lwu

  var funct3: UInt32 {
    switch self {
    case .lb: 0
    case .lh: 1
    case .lw: 2
    case .ld: 3
    case .lbu: 4
    case .lhu: 5
    case .lwu: 6
    }
  }
}

public enum StoreOperation: String, CaseIterable, Sendable {
  case sb, sh, sw, sd

  var funct3: UInt32 {
    switch self {
    case .sb: 0
    case .sh: 1
    case .sw: 2
    case .sd: 3
    }
  }
}

public enum BranchOperation: String, CaseIterable, Sendable {
  case beq, bne, blt, bge, bltu, bgeu

  var funct3: UInt32 {
    switch self {
    case .beq: 0
    case .bne: 1
    case .blt: 4
    case .bge: 5
    case .bltu: 6
    case .bgeu: 7
    }
  }
}

/// Atomic instructions without width and ordering: `amoadd` + `.w` + `.aq`.
public enum AtomicOperation: String, CaseIterable, Sendable {
  case lr, sc, amoswap, amoadd, amoxor, amoand, amoor, amomin, amomax, amominu, amomaxu

  var funct5: UInt32 {
    switch self {
    case .amoadd: 0
    case .amoswap: 1
    case .lr: 2
    case .sc: 3
    case .amoxor: 4
    case .amoor: 8
    case .amoand: 12
    case .amomin: 16
    case .amomax: 20
    case .amominu: 24
    case .amomaxu: 28
    }
  }
}

public enum AtomicWidth: String, CaseIterable, Sendable {
  case word = "w"
  case double = "d"

  var funct3: UInt32 { self == .word ? 2 : 3 }
}

/// Without effect on our machine, which executes in program order; kept for machines that do not.
public enum AtomicOrdering: String, CaseIterable, Sendable {
  case relaxed = ""
  case release = ".rl"
  case acquire = ".aq"
  case acquireRelease = ".aqrl"

  var bits: UInt32 {
    switch self {
    case .relaxed: 0
    case .release: 1
    case .acquire: 2
    case .acquireRelease: 3
    }
  }
}
