import Determinism
import FiascoABI
import FiascoKernel
import RISCV
import Simulation

/// Periodic tasks under preemptive fixed priority, shorter period first, at 70 % load: each thread computes, sets the
/// next absolute timeout and sleeps. `Peers/jobs_simpy.py` has the same task set.
enum JobsBench {
  /// Periods in milliseconds; each stands for the same share of the threads and of the load.
  private static let periods: [UInt64] = [5, 10, 10, 20, 20, 40, 40, 50, 100, 100]
  private static let timeoutRegister = 5

  /// Nanoseconds of CPU time of one job.
  static func run(tasks: Int, for span: TimeSpan = .seconds(400)) -> Double {
    var system = booted(tasks: tasks, until: .milliseconds(300))
    let before = jobs(system, tasks)
    let start = processNanoseconds()
    _ = system.run(until: system.now + span)
    let time = processNanoseconds() - start
    let count = jobs(system, tasks) - before
    precondition(count > 1000, "the benchmark's jobs do not run")
    return Double(time) / Double(count)
  }

  static func booted(tasks: Int, until time: TimeSpan) -> System {
    var system = program(tasks: tasks).boot()
    _ = system.run(until: .zero + time)
    return system
  }

  /// Each thread counts in s1.
  private static func jobs(_ system: borrowing System, _ tasks: Int) -> UInt64 {
    (1...tasks).reduce(0) { $0 + system.node.kernel.registers[$1][.s1] }
  }

  /// With more threads than kinds of periods, all periods are longer by that factor: the load stays. The first releases
  /// lie `offset` microseconds apart.
  static func program(tasks: Int, apart offset: UInt64 = 0) -> RootProgram {
    var program = RootProgram()
    addWorker(&program.code)
    program.code.align(8)
    let parameters = program.code.address
    for task in 0..<tasks {
      let period = periods[task * periods.count / tasks] * UInt64(max(1, tasks / periods.count))
      program.code.double(RootProgram.utcb(task))
      program.code.double(period * 1000)
      program.code.double(period * 1_000_000 * 7 / 10 / UInt64(tasks))
      program.code.double(100_000 + UInt64(task) * offset)
    }
    let pages = program.pages
    program.beginRoot()
    program.makeTask()
    program.mapMemory(pages: pages)
    for task in 0..<tasks {
      program.makeThread(task)
      let priority = 200 - task * periods.count / tasks
      program.start(task, at: "worker", sp: parameters + UInt64(task) * 32, priority: UInt64(priority))
    }
    program.sleepForever()
    return program
  }

  private static func addWorker(_ code: inout Assembler) {
    let timeouts = IPCTimeouts(send: .never, receive: IPCTimeout(raw: 0x8000 | UInt16(timeoutRegister)))
    code.label("worker")
    code.ld(.s0, 0, .sp)
    code.ld(.s2, 8, .sp)
    code.ld(.s3, 16, .sp)
    code.ld(.s4, 24, .sp)
    code.li(.s5, Int64(bitPattern: ObjectReference.special(.receive).raw))
    code.li(.s6, Int64(timeouts.raw))
    code.label("worker loop")
    code.add(.s4, .s4, .s2)
    code.sd(.s4, Int64(UTCB.bufferRegisters + timeoutRegister) * 8, .s0)
    code.mv(.a0, .zero)
    code.mv(.a1, .s5)
    code.mv(.a2, .s6)
    code.ecall()
    code.mv(.t0, .s3)
    code.work(.t0)
    code.addi(.s1, .s1, 1)
    code.j("worker loop")
  }
}
