import Determinism
import FiascoKernel
import FiascoMachine
import Glibc
import Simulation

/// Fork of a whole machine, one event on the fork, drop of the fork: what exploring one more instant costs.
enum ForkBench {
  static let threads = 100

  /// A machine with 100 sleeping and working threads and so much RAM in use.
  static func system(mebibytes: Int) -> System {
    let bytes = UInt64(mebibytes) << 20
    let program = JobsBench.program(tasks: threads - 1, apart: 1000)
    var system = program.boot(layout: MemoryLayout(bytes: bytes, kernelBytes: 8 << 20))
    for frame in 0..<Int(bytes / 4096) {
      system.node.kernel.memory.store(UInt64(frame) + 1, frame: frame, offset: 4088)
    }
    _ = system.run(until: .zero + .milliseconds(300))
    while !isBeforeOneEvent(&system) { _ = system.run(until: system.now + .microseconds(100)) }
    return system
  }

  /// Nobody is ready, and the next timer interrupt wakes one thread.
  private static func isBeforeOneEvent(_ system: inout System) -> Bool {
    guard system.node.kernel.current.isNone else { return false }
    var other = system.fork()
    other.node.keepsRecords = true
    _ = other.run(until: system.node.kernel.nextTick + .picoseconds(1))
    return other.node.records.count { if case .kernel(.timeoutExpired) = $0.event { true } else { false } } == 1
  }

  /// Nanoseconds of CPU time of fork, one timer interrupt that wakes a thread, and drop.
  static func run(_ system: inout System, rounds: Int = 100_000) -> Double {
    let tick = system.node.kernel.nextTick
    let time = nanosecondsEach(rounds) {
      for _ in 0..<rounds {
        var other = system.fork()
        _ = other.run(until: tick + .picoseconds(1))
      }
    }
    precondition(system.node.kernel.nextTick == tick, "a fork has changed the machine it was made from")
    return time
  }
}
