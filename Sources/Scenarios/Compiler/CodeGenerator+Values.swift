import RISCV

/// Expressions: each is evaluated into one register of the evaluation stack, the ones below it stay as they are.
extension CodeGenerator {
  /// Leaves the value in `evaluation[depth]`.
  mutating func evaluate(_ value: IR.Value, at depth: Int) {
    let target = Self.evaluation[depth]
    switch value {
    case .constant(let constant): assembler.code.li(target, Int64(bitPattern: constant))
    case .local(let local): load(target, frame.offset(of: local))
    case .frameAddress(let local): frameAddress(target, frame.offset(of: local))
    case .symbol(let name): assembler.la(target, name)
    case .load(let width, let address):
      let (base, offset) = Self.splitAddress(address)
      evaluate(base, at: depth)
      assembler.load(width, target, from: target, offset)
    case .unary(let operation, let operand):
      evaluate(operand, at: depth)
      unary(operation, target)
    case .binary(let operation, let left, let right): binary(operation, left, right, at: depth)
    case .both(let left, let right), .either(let left, let right): logic(value, left, right, at: depth)
    case .call(let function, let values):
      call(values, pointer: nil, at: depth) { $0.call(function) }
    case .callPointer(let pointer, let values):
      call(values, pointer: pointer, at: depth) { $0.code.jalr(.ra, 0, Self.scratch) }
    case .utcb: assembler.code.mv(target, .tp)
    case .time: assembler.code.read(.time, target)
    }
  }

  /// An address that ends in a small constant becomes base and offset of the instruction.
  static func splitAddress(_ address: IR.Value) -> (base: IR.Value, offset: Int) {
    if case .binary(.add, let base, .constant(let constant)) = address, constant < 2048 { return (base, Int(constant)) }
    return (address, 0)
  }

  private mutating func unary(_ operation: IR.UnaryOperator, _ register: Register) {
    switch operation {
    case .negate: assembler.code.sub(register, .zero, register)
    case .complement: assembler.code.xori(register, register, -1)
    case .isZero: assembler.code.sltiu(register, register, 1)
    }
  }

  private mutating func binary(_ operation: IR.BinaryOperator, _ left: IR.Value, _ right: IR.Value, at depth: Int) {
    evaluate(left, at: depth)
    let target = Self.evaluation[depth]
    if case .constant(let constant) = right, immediate(operation, target, Int64(bitPattern: constant)) { return }
    if depth + 1 < Self.evaluation.count {
      evaluate(right, at: depth + 1)
      apply(operation, target, target, Self.evaluation[depth + 1])
    } else {
      let slot = takeSpill()
      store(target, slot)
      evaluate(right, at: depth)
      assembler.code.mv(.a6, target)
      load(target, slot)
      releaseSpills(1)
      apply(operation, target, target, .a6)
    }
  }

  /// Uses the form of the instruction that holds a constant, if there is one and it fits.
  private mutating func immediate(_ operation: IR.BinaryOperator, _ register: Register, _ constant: Int64) -> Bool {
    let fits = constant >= -2048 && constant < 2048
    switch operation {
    case .add where fits: assembler.code.addi(register, register, constant)
    case .subtract where constant > -2048 && constant <= 2048: assembler.code.addi(register, register, -constant)
    case .and where fits: assembler.code.andi(register, register, constant)
    case .or where fits: assembler.code.ori(register, register, constant)
    case .exclusiveOr where fits: assembler.code.xori(register, register, constant)
    case .less where fits: assembler.code.slti(register, register, constant)
    case .below where fits: assembler.code.sltiu(register, register, constant)
    case .shiftLeft: assembler.code.slli(register, register, constant & 63)
    case .shiftRight: assembler.code.srli(register, register, constant & 63)
    case .shiftRightSigned: assembler.code.srai(register, register, constant & 63)
    default: return false
    }
    return true
  }

  private mutating func apply(_ operation: IR.BinaryOperator, _ d: Register, _ a: Register, _ b: Register) {
    switch operation {
    case .add: assembler.code.add(d, a, b)
    case .subtract: assembler.code.sub(d, a, b)
    case .multiply: assembler.code.mul(d, a, b)
    case .divide: assembler.code.div(d, a, b)
    case .remainder: assembler.code.rem(d, a, b)
    case .divideUnsigned: assembler.code.divu(d, a, b)
    case .remainderUnsigned: assembler.code.remu(d, a, b)
    case .and: assembler.code.and(d, a, b)
    case .or: assembler.code.or(d, a, b)
    case .exclusiveOr: assembler.code.xor(d, a, b)
    case .shiftLeft: assembler.code.sll(d, a, b)
    case .shiftRight: assembler.code.srl(d, a, b)
    case .shiftRightSigned: assembler.code.sra(d, a, b)
    case .equal:
      assembler.code.sub(d, a, b)
      assembler.code.sltiu(d, d, 1)
    case .notEqual:
      assembler.code.sub(d, a, b)
      assembler.code.sltu(d, .zero, d)
    case .less: assembler.code.slt(d, a, b)
    case .greater: assembler.code.slt(d, b, a)
    case .lessOrEqual:
      assembler.code.slt(d, b, a)
      assembler.code.xori(d, d, 1)
    case .greaterOrEqual:
      assembler.code.slt(d, a, b)
      assembler.code.xori(d, d, 1)
    case .below: assembler.code.sltu(d, a, b)
    case .aboveOrEqual:
      assembler.code.sltu(d, a, b)
      assembler.code.xori(d, d, 1)
    }
  }

  private mutating func logic(_ whole: IR.Value, _ left: IR.Value, _ right: IR.Value, at depth: Int) {
    let target = Self.evaluation[depth]
    let no = assembler.label()
    let end = assembler.label()
    jump(to: no, unless: whole, at: depth)
    assembler.code.li(target, 1)
    assembler.j(end)
    assembler.place(no)
    assembler.code.li(target, 0)
    assembler.place(end)
  }

  /// Branches reach 4 KiB only, so the branch skips a jump that reaches everywhere.
  mutating func jump(to label: InstructionStream.Label, unless condition: IR.Value, at depth: Int) {
    let proceed = assembler.label()
    switch condition {
    case .constant(let constant):
      if constant == 0 { assembler.j(label) }
      assembler.place(proceed)
      return
    case .both(let left, let right):
      jump(to: label, unless: left, at: depth)
      jump(to: label, unless: right, at: depth)
      assembler.place(proceed)
      return
    case .either(let left, let right):
      let second = assembler.label()
      jump(to: second, unless: left, at: depth)
      assembler.j(proceed)
      assembler.place(second)
      jump(to: label, unless: right, at: depth)
      assembler.place(proceed)
      return
    case .unary(.isZero, let operand):
      evaluate(operand, at: depth)
      assembler.branch(.beq, Self.evaluation[depth], .zero, proceed)
    case .binary(let operation, let left, let right) where operation.isComparison && depth + 1 < Self.evaluation.count:
      evaluate(left, at: depth)
      evaluate(right, at: depth + 1)
      branch(operation, Self.evaluation[depth], Self.evaluation[depth + 1], proceed)
    default:
      evaluate(condition, at: depth)
      assembler.branch(.bne, Self.evaluation[depth], .zero, proceed)
    }
    assembler.j(label)
    assembler.place(proceed)
  }

  private mutating func branch(
    _ operation: IR.BinaryOperator, _ a: Register, _ b: Register, _ label: InstructionStream.Label
  ) {
    switch operation {
    case .equal: assembler.branch(.beq, a, b, label)
    case .notEqual: assembler.branch(.bne, a, b, label)
    case .less: assembler.branch(.blt, a, b, label)
    case .lessOrEqual: assembler.branch(.bge, b, a, label)
    case .greater: assembler.branch(.blt, b, a, label)
    case .greaterOrEqual: assembler.branch(.bge, a, b, label)
    case .below: assembler.branch(.bltu, a, b, label)
    case .aboveOrEqual: assembler.branch(.bgeu, a, b, label)
    default: preconditionFailure("only comparisons become branches")
    }
  }
}

extension IR.BinaryOperator {
  var isComparison: Bool {
    switch self {
    case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .below, .aboveOrEqual: true
    default: false
    }
  }
}
