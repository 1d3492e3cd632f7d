import RISCV

/// Statements of the intermediate form. Between two of them no register holds anything.
extension CodeGenerator {
  mutating func steps(_ steps: [IR.Step]) {
    for step in steps { self.step(step) }
  }

  private mutating func step(_ step: IR.Step) {
    switch step {
    case .set(let local, let value):
      evaluate(value, at: 0)
      store(Self.evaluation[0], frame.offset(of: local))
    case .store(let width, let address, let value):
      evaluatePair(address, value)
      assembler.store(width, Self.evaluation[1], to: Self.evaluation[0])
    case .evaluate(let value): evaluate(value, at: 0)
    case .choose(let condition, let then, let otherwise): choose(condition, then, otherwise)
    case .loop(let condition, let body): loop(condition, body)
    case .leaveLoop:
      guard let end = loopEnds.last else { preconditionFailure("only a loop can be left") }
      assembler.j(end)
    case .exit(let value): leave(value)
    case .invoke(let invocation): invoke(invocation)
    case .atomicSwap(let local, let address, let value):
      evaluatePair(address, value)
      let (place, new) = (Self.evaluation[0], Self.evaluation[1])
      assembler.code.emit(.amoswap, .double, place, new, place, .acquireRelease)
      store(place, frame.offset(of: local))
    case .work(let nanoseconds):
      evaluate(nanoseconds, at: 0)
      assembler.custom(.work, rd: Self.evaluation[0])
    case .bulk(let access): bulk(access)
    case .hint(let kind, let value):
      evaluatePair(kind, value)
      assembler.custom(.hint, rs1: Self.evaluation[0], rs2: Self.evaluation[1])
    case .continueOn(let stack, let function, let argument):
      evaluatePair(stack, argument)
      assembler.code.mv(.sp, Self.evaluation[0])
      assembler.code.mv(.a0, Self.evaluation[1])
      assembler.code.li(.ra, 0)
      assembler.code.li(.s0, 0)
      assembler.tail(function)
    case .mark(let mark):
      if let symbol = mark.symbol { assembler.symbol(symbol) }
      if let position = mark.position { marks.append((assembler.address, position)) }
    case .breakpoint: assembler.code.ebreak()
    }
  }

  /// Evaluates two values into the first two registers of the stack.
  private mutating func evaluatePair(_ first: IR.Value, _ second: IR.Value) {
    evaluate(first, at: 0)
    evaluate(second, at: 1)
  }

  private mutating func choose(_ condition: IR.Value, _ then: [IR.Step], _ otherwise: [IR.Step]) {
    let elseLabel = assembler.label()
    jump(to: elseLabel, unless: condition, at: 0)
    steps(then)
    if otherwise.isEmpty {
      assembler.place(elseLabel)
      return
    }
    let end = assembler.label()
    assembler.j(end)
    assembler.place(elseLabel)
    steps(otherwise)
    assembler.place(end)
  }

  private mutating func loop(_ condition: IR.Value, _ body: [IR.Step]) {
    let start = assembler.label()
    let end = assembler.label()
    assembler.place(start)
    jump(to: end, unless: condition, at: 0)
    loopEnds.append(end)
    steps(body)
    loopEnds.removeLast()
    assembler.j(start)
    assembler.place(end)
  }

  private mutating func leave(_ value: IR.Value?) {
    if let value {
      evaluate(value, at: 0)
      assembler.code.mv(.a0, Self.evaluation[0])
    }
    guard let returnLabel else { preconditionFailure("only a function can be left") }
    assembler.j(returnLabel)
  }

  private mutating func invoke(_ invocation: IR.Invocation) {
    loadArguments([invocation.tag, invocation.target, invocation.timeouts, invocation.label], at: 0)
    assembler.code.ecall()
    store(.a0, frame.offset(of: invocation.tagResult))
    store(.a3, frame.offset(of: invocation.labelResult))
  }

  private mutating func bulk(_ access: IR.BulkAccess) {
    evaluate(access.address, at: 0)
    evaluate(access.bytes, at: 1)
    if access.isStore {
      evaluate(access.value, at: 2)
      assembler.custom(.bulkStore, rd: Self.evaluation[0], rs1: Self.evaluation[1], rs2: Self.evaluation[2])
    } else {
      assembler.custom(.bulkLoad, rd: Self.evaluation[0], rs1: Self.evaluation[1])
    }
  }
}
