import Determinism
import FiascoABI
import FiascoKernel
import RISCV
import Simulation

/// Round trips of two words between a client in the root task and a server in a task of its own: `call` to a gate on one
/// side, `reply_and_wait` on the other, with the few instructions around them.
enum IPCBench {
  /// Nanoseconds of CPU time of one round trip; with two cores the server has one of its own.
  static func run(cores: Int = 1, for span: TimeSpan = .milliseconds(700)) -> Double {
    var system = program(serverCore: cores - 1).boot(cores: cores)
    return nanosecondsEach(
      in: &system, for: span, atLeast: 100, "the benchmark's client and server do not talk to each other"
    ) { roundTrips($0) }
  }

  /// The client counts in s1.
  private static func roundTrips(_ system: borrowing System) -> UInt64 { system.node.kernel.registers[0][.s1] }

  static func program(serverCore: Int = 0) -> RootProgram {
    var program = RootProgram()
    addServer(&program.code)
    program.beginRoot()
    program.makeTask()
    program.mapMemory(pages: 1)
    program.makeThread(0)
    program.makeGate(to: RootProgram.Slot.firstThread)
    program.start(0, at: "server", priority: 2, core: serverCore)
    addClient(&program.code)
    return program
  }

  private static func addClient(_ code: inout Assembler) {
    code.li(.s2, Int64(bitPattern: MessageTag(words: 2).raw))
    code.li(.s3, Int64(ObjectReference(slot: CapabilitySlot(RootProgram.Slot.gate), operation: .call).raw))
    code.li(.s1, 0)
    code.label("client loop")
    code.addi(.s1, .s1, 1)
    code.sd(.s1, 0, .s0)
    code.sd(.s1, 8, .s0)
    code.mv(.a0, .s2)
    code.mv(.a1, .s3)
    code.mv(.a2, .zero)
    code.ecall()
    code.j("client loop")
  }

  private static func addServer(_ code: inout Assembler) {
    code.label("server")
    code.li(.s0, Int64(RootProgram.utcb(0)))
    code.li(.s2, Int64(bitPattern: MessageTag(words: 2).raw))
    code.li(.s3, Int64(bitPattern: ObjectReference.special(.replyAndWait).raw))
    code.li(.a1, Int64(bitPattern: ObjectReference.special(.wait).raw))
    code.ecall()
    code.label("server loop")
    code.ld(.t0, 0, .s0)
    code.addi(.t0, .t0, 1)
    code.sd(.t0, 0, .s0)
    code.mv(.a0, .s2)
    code.mv(.a1, .s3)
    code.mv(.a2, .zero)
    code.ecall()
    code.j("server loop")
  }
}
