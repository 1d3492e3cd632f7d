// The instructions of the F and D extensions by shape, for assembler and disassembler; the decoder has its own table.
// The raw value of a case is its mnemonic without the width.

/// `.s` or `.d`.
public enum FloatWidth: String, CaseIterable, Sendable {
  case single = "s"
  case double = "d"

  var code: UInt32 { self == .single ? 0 : 1 }
  /// The width field of a load or store.
  var funct3: UInt32 { self == .single ? 2 : 3 }
  /// The letter in `flw`, `fsd`, `fmv.x.w`.
  var memory: String { self == .single ? "w" : "d" }
}

/// How an instruction rounds; `dynamic` is what `frm` says.
public enum FloatRounding: String, CaseIterable, Sendable {
  case rne, rtz, rdn, rup, rmm, dyn

  var code: UInt32 {
    switch self {
    case .rne: 0
    case .rtz: 1
    case .rdn: 2
    case .rup: 3
    case .rmm: 4
    case .dyn: 7
    }
  }
}

/// Two operands or one, rounded.
public enum FloatArithmetic: String, CaseIterable, Sendable {
  case fadd, fsub, fmul, fdiv, fsqrt

  /// The upper five bits of the instruction.
  var funct5: UInt32 {
    switch self {
    case .fadd: 0
    case .fsub: 1
    case .fmul: 2
    case .fdiv: 3
    case .fsqrt: 0x0b
    }
  }
}

/// Two operands, exact.
public enum FloatSelection: String, CaseIterable, Sendable {
  case fsgnj, fsgnjn, fsgnjx, fmin, fmax

  var code: (funct5: UInt32, funct3: UInt32) {
    switch self {
    case .fsgnj: (4, 0)
    case .fsgnjn: (4, 1)
    case .fsgnjx: (4, 2)
    case .fmin: (5, 0)
    case .fmax: (5, 1)
    }
  }
}

/// Two operands; the result is 1 or 0 in an integer register.
public enum FloatComparison: String, CaseIterable, Sendable {
  case fle, flt, feq

  var funct3: UInt32 {
    switch self {
    case .fle: 0
    case .flt: 1
    case .feq: 2
    }
  }
}

/// Three operands, rounded once.
public enum FloatFused: String, CaseIterable, Sendable {
  case fmadd, fmsub, fnmsub, fnmadd

  var opcode: UInt32 {
    switch self {
    case .fmadd: 0x43
    case .fmsub: 0x47
    case .fnmsub: 0x4b
    case .fnmadd: 0x4f
    }
  }
}

/// The integer side of a conversion.
public enum FloatInteger: String, CaseIterable, Sendable {
  case word = "w"
  case unsignedWord = "wu"
  case long = "l"
  case unsignedLong = "lu"

  var code: UInt32 {
    switch self {
    case .word: 0
    case .unsignedWord: 1
    case .long: 2
    case .unsignedLong: 3
    }
  }

  /// Whether every value is one of this width: then nothing is rounded, and assemblers leave the rounding mode 0.
  func isExact(in width: FloatWidth) -> Bool { width == .double && (self == .word || self == .unsignedWord) }
}

/// The registers of the unit's state.
public enum FloatStatus: UInt16, CaseIterable, Sendable {
  case fflags = 1
  case frm = 2
  case fcsr = 3
}

/// Ways to access them.
public enum FloatStatusAccess: String, CaseIterable, Sendable {
  case csrrw, csrrs, csrrc, csrrwi, csrrsi, csrrci

  var funct3: UInt32 {
    switch self {
    case .csrrw: 1
    case .csrrs: 2
    case .csrrc: 3
    case .csrrwi: 5
    case .csrrsi: 6
    case .csrrci: 7
    }
  }
}
