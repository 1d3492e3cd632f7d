import RISCV

/// Calls of functions, and the arguments of system calls.
extension CodeGenerator {
  /// Saves the live registers, loads the arguments, calls, and puts the result on the evaluation stack.
  mutating func call(
    _ values: [IR.Value], pointer: IR.Value?, at depth: Int, _ jump: (inout InstructionStream) -> Void
  ) {
    precondition(values.count <= Self.arguments.count, "a function takes at most seven arguments")
    let saved = (0..<depth).map { index in
      let slot = takeSpill()
      store(Self.evaluation[index], slot)
      return slot
    }
    var pointerSlot: Int?
    if let pointer {
      evaluate(pointer, at: 0)
      let slot = takeSpill()
      store(Self.evaluation[0], slot)
      pointerSlot = slot
    }
    loadArguments(values, at: 0)
    if let pointerSlot { load(Self.scratch, pointerSlot) }
    jump(&assembler)
    if Self.evaluation[depth] != .a0 { assembler.code.mv(Self.evaluation[depth], .a0) }
    for (index, slot) in saved.enumerated() { load(Self.evaluation[index], slot) }
    releaseSpills(saved.count + (pointer == nil ? 0 : 1))
  }

  /// Computes values into a0, a1, ... Those that need work are computed first and wait in the frame.
  mutating func loadArguments(_ values: [IR.Value], at depth: Int) {
    var slots: [Int?] = []
    for value in values {
      if value.isSimple {
        slots.append(nil)
      } else {
        evaluate(value, at: depth)
        let slot = takeSpill()
        store(Self.evaluation[depth], slot)
        slots.append(slot)
      }
    }
    for (index, value) in values.enumerated() {
      let register = Self.arguments[index]
      if let slot = slots[index] {
        load(register, slot)
      } else {
        loadSimple(value, register)
      }
    }
    releaseSpills(slots.count { $0 != nil })
  }

  private mutating func loadSimple(_ value: IR.Value, _ register: Register) {
    switch value {
    case .constant(let constant): assembler.code.li(register, Int64(bitPattern: constant))
    case .local(let local): load(register, frame.offset(of: local))
    case .frameAddress(let local): frameAddress(register, frame.offset(of: local))
    case .symbol(let name): assembler.la(register, name)
    case .utcb: assembler.code.mv(register, .tp)
    default: preconditionFailure("this value needs a register of the evaluation stack")
    }
  }
}

extension IR.Value {
  /// Needs one instruction or two and no other register.
  var isSimple: Bool {
    switch self {
    case .constant, .local, .frameAddress, .symbol, .utcb: true
    default: false
    }
  }
}
