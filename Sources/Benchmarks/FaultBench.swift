import Determinism
import FiascoABI
import FiascoKernel
import RISCV
import Simulation

/// Page faults of a thread in a second task, each answered by the root thread with a map item for another page.
enum FaultBench {
  enum Access { case load, store }

  private static let first = RootProgram.base + 16 << 20
  private static let last = RootProgram.base + 224 << 20

  /// Nanoseconds of CPU time of one fault: exception, message to the pager, its reply with the mapping, the access again.
  ///
  /// A load leaves the page what it was, untouched and without memory of the simulator; a store makes it exist.
  static func run(_ access: Access, for span: TimeSpan = .milliseconds(150)) -> Double {
    var system = program(access).boot()
    let time = nanosecondsEach(
      in: &system, for: span, atLeast: 1000, "the benchmark's faults are not answered"
    ) { faults($0) }
    precondition(faults(system) < (last - first) / 4096, "the benchmark has run out of pages")
    return time
  }

  /// The second thread walks through memory by pages in s1.
  private static func faults(_ system: borrowing System) -> UInt64 {
    (max(system.node.kernel.registers[1][.s1], first) - first) / 4096
  }

  static func program(_ access: Access) -> RootProgram {
    var program = RootProgram()
    addFaulter(&program.code, access)
    program.beginRoot()
    program.makeTask()
    program.mapMemory(pages: 1)
    program.makeGate(to: CapabilitySlot.thread.index)
    program.mapCapability(RootProgram.Slot.gate)
    program.makeThread(0, pager: RootProgram.Slot.gate)
    program.start(0, at: "faulter", priority: 1)
    addPager(&program.code)
    return program
  }

  private static func addFaulter(_ code: inout Assembler, _ access: Access) {
    code.label("faulter")
    code.li(.s1, Int64(first))
    code.li(.s2, 4096)
    code.label("faulter loop")
    switch access {
    case .load: code.ld(.t0, 0, .s1)
    case .store: code.sd(.s1, 0, .s1)
    }
    code.add(.s1, .s1, .s2)
    code.j("faulter loop")
  }

  /// Gives each page at the address at which it is asked for.
  private static func addPager(_ code: inout Assembler) {
    code.li(.s2, Int64(bitPattern: MessageTag(items: 1).raw))
    code.li(.s3, Int64(bitPattern: ObjectReference.special(.replyAndWait).raw))
    code.li(.a0, 0)
    code.li(.a1, Int64(bitPattern: ObjectReference.special(.wait).raw))
    code.li(.a2, 0)
    code.ecall()
    code.label("pager loop")
    code.ld(.t0, 0, .s0)
    code.srli(.t0, .t0, 12)
    code.slli(.t0, .t0, 12)
    code.ori(.t1, .t0, Int64(SendItem.map().raw))
    code.ori(.t2, .t0, Int64(FlexPage.memory(0, order: 12, rights: .rwx).raw))
    code.sd(.t1, 0, .s0)
    code.sd(.t2, 8, .s0)
    code.mv(.a0, .s2)
    code.mv(.a1, .s3)
    code.mv(.a2, .zero)
    code.ecall()
    code.j("pager loop")
  }
}
