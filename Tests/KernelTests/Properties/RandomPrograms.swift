import Determinism
import FiascoABI
import FiascoMachine
import RISCV

@testable import FiascoKernel

/// Programs of machine code that make random system calls for ever: real registers, real message buffers, some of
/// the instructions replaced by noise.
///
/// Every program draws from a table of requests that make sense now and then, and bends one word or another.
struct RandomPrograms: ~Copyable {
  var node: Node
  private var random: SeededGenerator
  /// Where the programs begin.
  private var starts: [UInt64] = []
  private static let requests = 256
  private static let requestSize = 256

  init(_ profile: KernelProfile, seed: UInt64) {
    var calls = RandomCalls(profile, seed: seed, costs: PlatformProfile.riscvVirt.kernel)
    random = SeededGenerator(seed: ~seed)
    var image = [UInt64](repeating: 0, count: Self.requests * Self.requestSize / 8)
    for request in 0..<Self.requests {
      for (offset, word) in calls.request().enumerated() { image[request * Self.requestSize / 8 + offset] = word }
    }
    let table = Kernel.physicalBase + UInt64(calls.kernelFrameEnd) * 4096
    let code = table + UInt64(Self.requests * Self.requestSize)
    calls.load(image.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }, at: table)
    for (number, thread) in calls.kernel.threads.indices.enumerated() where number < 6 {
      let place = code + UInt64(number) * 4096
      calls.load(
        Self.program(at: place, table: table, utcb: calls.kernel.threads[thread].utcbAddress, &random), at: place)
      calls.kernel.registers[thread].pc = place
      starts.append(place)
      calls.kernel.registers[thread][.s0] = random.next() | 1
    }
    node = Node(kernel: calls.takeKernel(), platform: .riscvVirt)
    node.keepsRecords = true
    node.kernel.recordsEvents = true
  }

  /// Runs for a millisecond of simulated time; returns how many system calls were made, nil when all is over.
  mutating func run() -> Int? {
    let exit = node.run(until: node.now + .milliseconds(1))
    let calls = node.records.reduce(0) { if case .kernel(.ipcStarted) = $1.event { $0 + 1 } else { $0 } }
    node.records.removeAll(keepingCapacity: true)
    switch exit {
    // Where little happens somebody outside helps.
    case .reached, .limit, .quiet: return calls > 20 || disturb() ? calls : nil
    // Somebody jumped to where a native program would be, or the real kernel would have stopped.
    case .native, .stopped: return nil
    }
  }

  /// Somebody outside cancels all who sleep and sends them back to the beginning. False if nobody is alive.
  private mutating func disturb() -> Bool {
    let sleepers = node.kernel.threads.indices.filter {
      !node.kernel.threads[$0].isReady && !node.kernel.threads[$0].isDead
        && node.kernel.threads[$0].flags.contains(.placed)
    }
    guard !sleepers.isEmpty else { return !node.kernel.current.isNone }
    node.enterKernel { kernel in
      for slot in sleepers {
        kernel.threads[slot].flags.insert(.cancel)
        kernel.makeReady(ThreadID(slot))
        kernel.registers[slot].pc = starts[slot % starts.count]
      }
      kernel.schedule()
      kernel.leave()
    }
    return true
  }

  /// s0 is the state of a generator, s1 the table, s2 the message buffer.
  private static func program(
    at base: UInt64, table: UInt64, utcb: UInt64, _ random: inout SeededGenerator
  ) -> [UInt8] {
    var code = Assembler(base: base)
    code.label("again")
    code.li(.s1, Int64(table))
    code.li(.s2, Int64(utcb))
    for (shift, isLeft) in [(13, true), (7, false), (17, true)] as [(Int64, Bool)] {
      if isLeft { code.slli(.t0, .s0, shift) } else { code.srli(.t0, .s0, shift) }
      code.xor(.s0, .s0, .t0)
    }
    code.srli(.t1, .s0, 11)
    code.andi(.t1, .t1, Int64(requests - 1))
    code.slli(.t1, .t1, 8)
    code.add(.t1, .t1, .s1)
    for word in 0..<12 as Range<Int64> { copy(&code, from: 32 + word * 8, to: word * 8) }
    for word in 0..<7 as Range<Int64> {
      copy(&code, from: 128 + word * 8, to: (Int64(UTCB.bufferDescriptor) + word) * 8)
    }
    for (number, register) in [Register.a0, .a1, .a2, .a3].enumerated() {
      code.ld(register, Int64(number) * 8, .t1)
      bend(&code, register, at: Int64(20 + number * 5))
    }
    code.srli(.t3, .s0, 45)
    code.andi(.t3, .t3, 0xff)
    code.slli(.t3, .t3, 3)
    code.add(.t3, .t3, .s2)
    code.andi(.t4, .s0, 31)
    code.bnez(.t4, "go")
    // Some word of the message buffer, the user's own ones included.
    code.sd(.s0, 0, .t3)
    code.label("go")
    code.ecall()
    code.j("again")
    guard var bytes = try? code.assemble().bytes else { preconditionFailure("the program does not assemble") }
    if random.next(below: 3) == 0 {
      let place = random.next(below: bytes.count / 4) * 4
      for offset in 0..<4 { bytes[place + offset] = UInt8(truncatingIfNeeded: random.next()) }
    }
    return bytes
  }

  private static func copy(_ code: inout Assembler, from: Int64, to: Int64) {
    code.ld(.t2, from, .t1)
    code.sd(.t2, to, .s2)
  }

  /// One time in sixteen the register holds anything.
  private static func bend(_ code: inout Assembler, _ register: Register, at bit: Int64) {
    let next = "bent\(bit)"
    code.srli(.t3, .s0, bit)
    code.andi(.t3, .t3, 15)
    code.bnez(.t3, next)
    code.xor(register, register, .s0)
    code.label(next)
  }
}

extension RandomCalls {
  /// Frames from here on are user memory.
  var kernelFrameEnd: Int { Self.kernelFrames }

  /// A request as a program would store it: a0-a3, 12 message registers, the buffer descriptor and 6 buffers.
  mutating func request() -> [UInt64] {
    let t = kernel.current
    fillRegisters(t)
    let r = kernel.registers[t.slot]
    return [r.a0, r.a1, r.a2, r.a3] + (0..<12).map { kernel.utcbWord(t, $0) }
      + (0..<7).map { kernel.utcbWord(t, UTCB.bufferDescriptor + $0) }
  }

  mutating func load(_ bytes: [UInt8], at address: UInt64) {
    let first = Int((address - Kernel.physicalBase) / 4096)
    for page in 0..<(bytes.count + 4095) / 4096 {
      let part = bytes[(page * 4096)..<min(bytes.count, (page + 1) * 4096)]
      part.withUnsafeBytes { source in
        guard let start = source.baseAddress else { return }
        kernel.memory.writable(first + page).copyMemory(from: start, byteCount: part.count)
      }
    }
  }

  consuming func takeKernel() -> Kernel { kernel }
}
