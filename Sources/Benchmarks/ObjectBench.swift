import Determinism
import FiascoABI
import FiascoKernel
import RISCV
import Simulation

/// Pairs of kernel operations that leave nothing behind, one after the other by the root thread.
enum ObjectBench {
  enum Pair {
    /// One page of the root task into a second task and out again.
    case mapAndUnmap
    /// A thread that is never bound, and its capability deleted.
    case createAndDeleteThread
  }

  /// Nanoseconds of CPU time of one pair.
  static func run(_ pair: Pair, for span: TimeSpan = .milliseconds(200)) -> Double {
    var system = program(pair).boot()
    return nanosecondsEach(
      in: &system, for: span, atLeast: 1000, "the benchmark's operations are refused"
    ) { pairs($0) }
  }

  /// Counted in s1.
  private static func pairs(_ system: borrowing System) -> UInt64 { system.node.kernel.registers[0][.s1] }

  static func program(_ pair: Pair) -> RootProgram {
    var program = RootProgram()
    program.beginRoot()
    program.makeTask()
    program.code.li(.s1, 0)
    program.code.label("pairs")
    switch pair {
    case .mapAndUnmap: addMapAndUnmap(&program)
    case .createAndDeleteThread: addCreateAndDelete(&program)
    }
    program.code.addi(.s1, .s1, 1)
    program.code.j("pairs")
    return program
  }

  private static func addMapAndUnmap(_ program: inout RootProgram) {
    let task = CapabilitySlot(RootProgram.Slot.task)
    let page = FlexPage.memory(RootProgram.base, order: 12, rights: .rwx).raw
    program.call(
      task, KernelProtocol.task, [Opcode.Task.map, SendItem.map(hotSpot: RootProgram.base).raw, page],
      capabilities: [CapabilitySlot.task.index])
    program.call(task, KernelProtocol.task, [Opcode.Task.unmap, UnmapMask.own, page])
  }

  private static func addCreateAndDelete(_ program: inout RootProgram) {
    let slot = RootProgram.Slot.firstThread
    program.call(.factory, KernelProtocol.factory, [UInt64(bitPattern: KernelProtocol.thread)], into: slot)
    program.call(
      .task, KernelProtocol.task,
      [Opcode.Task.unmap, UnmapMask.own | UnmapMask.deleteObjects, FlexPage.objects(CapabilitySlot(slot)).raw])
  }
}
