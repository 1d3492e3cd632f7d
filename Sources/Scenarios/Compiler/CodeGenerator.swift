import RISCV

/// Turns functions in the intermediate form into RV64 instructions.
///
/// Locals live in the stack frame at negative offsets from the frame pointer; expressions are evaluated on a stack of
/// seven registers, t0 ... t6, which spills into the frame. Before a call the live ones are saved. Prologue and
/// epilogue are the ones debuggers know: return address and old frame pointer on top of the frame, s0 as the frame
/// pointer. So a backtrace needs nothing but the stack, also the stack inside a checkpoint.
struct CodeGenerator {
  var assembler: InstructionStream
  /// What the code says about itself: instruction address to place in the scenario.
  var marks: [(address: UInt64, position: Int)] = []

  // The function being generated.
  private(set) var frame = FrameLayout(function: IR.Function(name: ""), spills: 0)
  private var liveSpills = 0
  private var mostSpills = 0
  var loopEnds: [InstructionStream.Label] = []
  private(set) var returnLabel: InstructionStream.Label?

  static let evaluation: [Register] = [.t0, .t1, .t2, .t3, .t4, .t5, .t6]
  static let arguments: [Register] = [.a0, .a1, .a2, .a3, .a4, .a5, .a6]
  /// Holds addresses that do not fit into an instruction; never live across an instruction sequence.
  static let scratch = Register.a7

  init(assembler: InstructionStream) { self.assembler = assembler }

  /// Generates one function. The size of its frame is known only afterwards, so the body is generated twice: first
  /// for a stream that is thrown away, which counts the spill slots.
  mutating func generate(_ function: IR.Function) {
    var trial = CodeGenerator(assembler: InstructionStream(base: 0))
    trial.body(of: function, spills: 0)
    body(of: function, spills: trial.mostSpills)
  }

  private mutating func body(of function: IR.Function, spills: Int) {
    frame = FrameLayout(function: function, spills: spills)
    liveSpills = 0
    mostSpills = 0
    loopEnds = []
    let end = assembler.label()
    returnLabel = end
    assembler.beginFunction(function.name)
    prologue(function)
    steps(function.body)
    assembler.place(end)
    if function.entry == .called { epilogue() }
    assembler.endFunction()
  }
}

/// Where things stand in a stack frame, as offsets from the frame pointer.
struct FrameLayout {
  private var localOffsets: [Int] = []
  private var spillBase = 0
  /// Bytes below the frame pointer, a multiple of 16.
  private(set) var size = 0

  init(function: IR.Function, spills: Int) {
    var offset = -16
    for words in function.localWords {
      offset -= 8 * words
      localOffsets.append(offset)
    }
    spillBase = offset
    size = (spills * 8 - offset + 15) & ~15
  }

  func offset(of local: IR.Local) -> Int { localOffsets[local.index] }
  func offset(ofSpill index: Int) -> Int { spillBase - 8 * (index + 1) }
}

// MARK: Entering and leaving

extension CodeGenerator {
  /// What one `addi` can subtract while the stack pointer stays aligned.
  private static let shortFrame = 2032

  private mutating func prologue(_ function: IR.Function) {
    switch function.entry {
    case .called: break
    case .component(let stackTop, let utcb):
      assembler.la(.sp, stackTop)
      assembler.code.li(.tp, Int64(bitPattern: utcb))
      assembler.code.li(.ra, 0)
      assembler.code.li(.s0, 0)
    case .thread(let utcbOffset):
      assembler.code.mv(.a0, .sp)
      assembler.code.ld(.tp, Int64(utcbOffset), .sp)
      assembler.code.li(.ra, 0)
      assembler.code.li(.s0, 0)
    }
    let first = min(frame.size, Self.shortFrame)
    assembler.code.addi(.sp, .sp, Int64(-first))
    assembler.code.sd(.ra, Int64(first - 8), .sp)
    assembler.code.sd(.s0, Int64(first - 16), .sp)
    assembler.code.addi(.s0, .sp, Int64(first))
    if frame.size > first {
      assembler.code.li(.t0, Int64(first - frame.size))
      assembler.code.add(.sp, .sp, .t0)
    }
    for index in 0..<function.parameters {
      store(Self.arguments[index], frame.offset(of: IR.Local(index: index)))
    }
  }

  private mutating func epilogue() {
    if frame.size > Self.shortFrame { assembler.code.addi(.sp, .s0, Int64(-Self.shortFrame)) }
    let first = min(frame.size, Self.shortFrame)
    assembler.code.ld(.ra, Int64(first - 8), .sp)
    assembler.code.ld(.s0, Int64(first - 16), .sp)
    assembler.code.addi(.sp, .sp, Int64(first))
    assembler.code.ret()
  }

  /// Stores a register into the frame.
  mutating func store(_ register: Register, _ offset: Int) {
    if offset >= -2048 {
      assembler.code.sd(register, Int64(offset), .s0)
    } else {
      assembler.code.li(Self.scratch, Int64(offset))
      assembler.code.add(Self.scratch, Self.scratch, .s0)
      assembler.code.sd(register, 0, Self.scratch)
    }
  }

  /// Loads a register from the frame.
  mutating func load(_ register: Register, _ offset: Int) {
    if offset >= -2048 {
      assembler.code.ld(register, Int64(offset), .s0)
    } else {
      assembler.code.li(Self.scratch, Int64(offset))
      assembler.code.add(Self.scratch, Self.scratch, .s0)
      assembler.code.ld(register, 0, Self.scratch)
    }
  }

  mutating func frameAddress(_ register: Register, _ offset: Int) {
    if offset >= -2048 {
      assembler.code.addi(register, .s0, Int64(offset))
    } else {
      assembler.code.li(register, Int64(offset))
      assembler.code.add(register, register, .s0)
    }
  }

  /// Reserves a frame slot until `releaseSpills`.
  mutating func takeSpill() -> Int {
    liveSpills += 1
    mostSpills = max(mostSpills, liveSpills)
    return frame.offset(ofSpill: liveSpills - 1)
  }

  mutating func releaseSpills(_ count: Int) { liveSpills -= count }
}
