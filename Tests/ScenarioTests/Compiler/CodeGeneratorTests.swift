import Determinism
import RISCV
import Testing

@testable import Scenarios

/// The code of the intermediate form on the interpreter gives what the same form gives when Swift evaluates it.
@Suite struct CodeGeneratorTests {
  @Test(arguments: IR.BinaryOperator.allCases)
  func `an operator gives what RV64 defines at the edges`(_ operation: IR.BinaryOperator) throws {
    let edges: [UInt64] = [0, 1, 2, 63, 64, 2047, 2048, 0x7fff_ffff, 0x8000_0000, 1 << 63, ~0, ~0 - 1]
    for a in edges {
      for b in edges {
        let register = try execute([a, b]) { m in
          m.function("tested", 2) { f, p in f.exit(.binary(operation, p[0], p[1])) }
        }
        let immediate = try execute([a]) { m in
          m.function("tested", 1) { f, p in f.exit(.binary(operation, p[0], .constant(b))) }
        }
        #expect(register.result == operation.evaluate(a, b), "\(a) \(b)")
        #expect(immediate.result == operation.evaluate(a, b), "\(a) \(b) immediate")
      }
    }
  }

  @Test func `random expressions give what Swift computes`() throws {
    var random = SeededGenerator(seed: 7)
    for round in 0..<150 {
      let inputs = (0..<4).map { _ in random.next() >> (random.next() % 64) }
      let value = ExpressionGenerator.value(depth: 6, &random)
      let found = try execute(inputs) { m in
        m.function("tested", 4) { f, p in f.exit(ExpressionGenerator.instantiate(value, p)) }
        m.function("mix", 3) { f, p in f.exit(p[0] * 3 + p[1] - p[2]) }
      }
      #expect(found.result == ExpressionGenerator.evaluate(value, inputs), "round \(round): \(value)")
    }
  }

  static let constants: [UInt64] = [
    0, 1, 11, 2047, 2048, 4096, 0x7fff_ffff, 0x8000_0000, 0x1234_5678_9abc_def0, 1 << 63, ~2048,
  ]

  @Test(arguments: constants)
  func `a constant arrives unchanged`(_ constant: UInt64) throws {
    let found = try execute { m in m.function("tested") { f, _ in f.exit(.constant(constant)) } }
    #expect(found.result == constant)
  }

  @Test func `loops, branches and calls work together`() throws {
    let found = try execute([10]) { m in
      m.function("tested", 1) { f, p in
        let sum = f.variable(0)
        f.count(to: p[0]) { index in
          f.if((index & 1).isZero) {
            f.set(sum, .local(sum) + .call("square", [index]))
          } else: {
            f.set(sum, .local(sum) + 1)
          }
        }
        f.exit(.local(sum))
      }
      m.function("square", 1) { f, p in f.exit(p[0] * p[0]) }
    }
    #expect(found.result == 0 + 4 + 16 + 36 + 64 + 5)
  }

  @Test func `recursion keeps every frame`() throws {
    let found = try execute([20]) { m in
      m.function("tested", 1) { f, p in
        f.if(p[0].isBelow(2)) { f.exit(p[0]) }
        f.exit(.call("tested", [p[0] - 1]) + .call("tested", [p[0] - 2]))
      }
    }
    #expect(found.result == 6765)
  }

  @Test func `a frame larger than an immediate works`() throws {
    let found = try execute([5]) { m in
      m.function("tested", 1) { f, p in
        let big = f.array(words: 1000)
        let after = f.variable(p[0])
        f.count(to: 1000) { f.store($0 + .local(after), at: big + ($0 << 3)) }
        f.exit((big + 7992).loaded() + .call("other", [.local(after)]))
      }
      m.function("other", 1) { f, p in f.exit(p[0] * 2) }
    }
    #expect(found.result == 999 + 5 + 10)
  }

  @Test func `logic skips its second side`() throws {
    let found = try execute { m in
      let touched = m.zeroed("touched", bytes: 8)
      m.function("tested") { f, _ in
        f.if(.both(0, .call("touch", []))) {}
        f.if(.either(1, .call("touch", []))) {}
        let value = f.keep(.both(1, .either(0, 2)))
        f.exit(touched.loaded() << 8 | value)
      }
      m.function("touch") { f, _ in
        f.store(touched.loaded() + 1, at: touched)
        f.exit(1)
      }
    }
    #expect(found.result == 1)
  }

  @Test(arguments: IR.Width.allCases)
  func `a narrow store leaves its neighbours alone`(_ width: IR.Width) throws {
    let found = try execute([0x1122_3344_5566_7788]) { m in
      let cell = m.data("cell", words: [~0])
      m.function("tested", 1) { f, p in
        f.store(p[0], at: cell, width)
        f.exit(.binary(.exclusiveOr, cell.loaded(), cell.loaded(width)))
      }
    }
    let mask = width == .double ? ~0 : (UInt64(1) << UInt64(width.rawValue * 8)) - 1
    #expect(found.result == ~mask)
  }

  @Test func `the stack alone tells who called whom`() throws {
    let program = linkForTest { m in
      m.function("tested", 1) { f, p in f.exit(.call("middle", [p[0]]) + 1) }
      m.function("middle", 1) { f, p in f.exit(p[0] + .call("inner", [p[0], 2])) }
      m.function("inner", 2) { f, p in
        let big = f.array(words: 600)
        f.store(p[0], at: big)
        f.emit(.breakpoint)
        f.exit(big.loaded())
      }
    }
    let machine = try TestMachine(elf: program.elf)
    let start = try #require(program.symbols.first { $0.name == "tested" })
    var registers = Registers(pc: start.address, sp: 0x4000_0000)
    guard case .other(.breakpoint) = machine.run(&registers) else { throw TestFailure.didNotReturn }
    var chain: [String] = []
    var (pc, frame) = (registers.pc, registers[.s0])
    while pc != 0 {
      let function = program.symbols.first { $0.kind == .function && $0.address <= pc && pc < $0.address + $0.size }
      chain.append(function?.name ?? "?")
      (pc, frame) = (machine.load(frame - 8), machine.load(frame - 16))
    }
    #expect(chain == ["inner", "middle", "tested"])
  }

  @Test func `a small function looks as expected`() throws {
    let program = linkForTest { m in
      let cell = m.data("cell", words: [0])
      m.function("tested", 1) { f, p in
        f.while(p[0].isLess(10)) { f.store(cell.loaded() + 1, at: cell) }
        f.exit(.call("tested", [p[0] * 2]))
      }
    }
    let machine = try TestMachine(elf: program.elf)
    let start = try #require(program.symbols.first { $0.name == "tested" })
    var lines: [String] = []
    for address in stride(from: start.address, to: start.address + start.size, by: 4) {
      let bits = UInt32(truncatingIfNeeded: machine.load(address & ~7) >> (address & 7 * 8))
      lines.append(Disassembler.text(for: bits, at: address - start.address).text)
    }
    #expect(lines.joined(separator: "\n") == Self.golden, "\(lines.joined(separator: "\n"))")
  }

  static let golden = """
    addi sp,sp,-32
    sd ra,24(sp)
    sd s0,16(sp)
    addi s0,sp,32
    sd a0,-24(s0)
    ld t0,-24(s0)
    li t1,10
    blt t0,t1,0x24
    j 0x44
    auipc t0,0x1000
    addi t0,t0,-36
    auipc t1,0x1000
    addi t1,t1,-44
    ld t1,0(t1)
    addi t1,t1,1
    sd t1,0(t0)
    j 0x14
    ld t0,-24(s0)
    li t1,2
    mul t0,t0,t1
    sd t0,-32(s0)
    ld a0,-32(s0)
    jal 0x0
    mv t0,a0
    mv a0,t0
    j 0x68
    ld ra,24(sp)
    ld s0,16(sp)
    addi sp,sp,32
    ret
    """

  @Test func `an atomic exchange gives the old word`() throws {
    let found = try execute { m in
      let cell = m.data("cell", words: [41])
      m.function("tested") { f, _ in
        let old = f.local()
        f.emit(.atomicSwap(old, address: cell, 7))
        f.exit(.local(old) << 8 | cell.loaded())
      }
    }
    #expect(found.result == 41 << 8 | 7)
  }
}

/// Random expressions over four inputs.
enum ExpressionGenerator {
  static let inputs = 4

  static func value(depth: Int, _ random: inout SeededGenerator) -> IR.Value {
    let choice = random.next() % 10
    if depth == 0 || choice == 0 { return .constant(random.next() >> (random.next() % 64)) }
    // Inputs stand as locals until the function exists.
    if choice < 3 { return .local(IR.Local(index: Int(random.next() % UInt64(inputs)))) }
    let a = value(depth: depth - 1, &random)
    if choice == 3 { return .unary(pick(IR.UnaryOperator.allCases, &random), a) }
    let b = value(depth: depth - 1, &random)
    if choice == 4 { return .both(a, b) }
    if choice == 5 { return .either(a, b) }
    if choice == 6 { return .call("mix", [a, b, value(depth: depth - 2 > 0 ? depth - 2 : 0, &random)]) }
    return .binary(pick(IR.BinaryOperator.allCases, &random), a, b)
  }

  private static func pick<T>(_ all: [T], _ random: inout SeededGenerator) -> T {
    all[Int(random.next() % UInt64(all.count))]
  }

  static func instantiate(_ value: IR.Value, _ p: [IR.Value]) -> IR.Value {
    switch value {
    case .local(let local): p[local.index]
    case .unary(let operation, let a): .unary(operation, instantiate(a, p))
    case .binary(let operation, let a, let b): .binary(operation, instantiate(a, p), instantiate(b, p))
    case .both(let a, let b): .both(instantiate(a, p), instantiate(b, p))
    case .either(let a, let b): .either(instantiate(a, p), instantiate(b, p))
    case .call(let name, let values): .call(name, values.map { instantiate($0, p) })
    default: value
    }
  }

  static func evaluate(_ value: IR.Value, _ inputs: [UInt64]) -> UInt64 {
    switch value {
    case .constant(let constant): return constant
    case .local(let local): return inputs[local.index]
    case .unary(let operation, let a): return operation.evaluate(evaluate(a, inputs))
    case .binary(let operation, let a, let b): return operation.evaluate(evaluate(a, inputs), evaluate(b, inputs))
    case .both(let a, let b): return evaluate(a, inputs) != 0 && evaluate(b, inputs) != 0 ? 1 : 0
    case .either(let a, let b): return evaluate(a, inputs) != 0 || evaluate(b, inputs) != 0 ? 1 : 0
    case .call(_, let values):
      let v = values.map { evaluate($0, inputs) }
      return v[0] &* 3 &+ v[1] &- v[2]
    default: return 0
    }
  }
}
