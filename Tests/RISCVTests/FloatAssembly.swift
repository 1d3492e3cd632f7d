import Determinism
import RISCV

/// Every mnemonic of the F and D extensions with random operands.
func everyFloat(_ code: inout Assembler, _ random: inout SeededGenerator) {
  func register() -> Register { Register(field: UInt32(random.next(below: 32))) }
  func float() -> FloatRegister { FloatRegister(field: UInt32(random.next(below: 32))) }
  func offset() -> Int64 { Int64(random.next(below: 4096)) - 2048 }
  for width in FloatWidth.allCases {
    for rounding in FloatRounding.allCases {
      for operation in FloatArithmetic.allCases { code.emit(operation, width, float(), float(), float(), rounding) }
      for operation in FloatFused.allCases { code.emit(operation, width, float(), float(), float(), float(), rounding) }
      for integer in FloatInteger.allCases { code.convert(to: integer, register(), width, float(), rounding) }
    }
    for operation in FloatSelection.allCases {
      code.emit(operation, width, float(), float(), float())
      let source = float()
      code.emit(operation, width, float(), source, source)
    }
    for operation in FloatComparison.allCases { code.emit(operation, width, register(), float(), float()) }
    for integer in FloatInteger.allCases { code.convert(from: integer, width, float(), register()) }
    code.convert(from: .unsignedLong, width, float(), register(), .rtz)
    code.convert(to: width, float(), float())
    code.load(width, float(), offset(), register())
    code.store(width, float(), offset(), register())
    code.move(width, register(), from: float())
    code.move(width, float(), from: register())
    code.fclass(width, register(), float())
  }
  code.convert(to: .single, float(), float(), .rdn)
  for status in FloatStatus.allCases {
    for access in FloatStatusAccess.allCases {
      code.emit(access, register(), status, UInt32(random.next(below: 32)))
      code.emit(access, .zero, status, UInt32(random.next(below: 32)))
      code.emit(access, register(), status, 0)
    }
  }
}
