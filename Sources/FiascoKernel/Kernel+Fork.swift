// Copies every table: the only place that must know them all.
import Determinism
import RISCV

extension Kernel {
  /// An independent copy: tables share their contents until somebody writes.
  public mutating func fork() -> Kernel {
    Kernel(forkOf: &self)
  }

  private init(forkOf original: inout Kernel) {
    profile = original.profile
    costs = original.costs
    memory = original.memory.fork()
    objects = original.objects.fork()
    threads = original.threads.fork()
    registers = original.registers.fork()
    tasks = original.tasks.fork()
    gates = original.gates.fork()
    irqs = original.irqs.fork()
    semaphores = original.semaphores.fork()
    factories = original.factories.fork()
    mappings = original.mappings.fork()
    kernelUserAreas = original.kernelUserAreas.fork()
    replySlots = original.replySlots.fork()
    fpuStates = original.fpuStates.fork()
    fpu = original.fpu
    frames = original.frames
    current = original.current
    currentContext = original.currentContext
    sliceEnd = original.sliceEnd
    ready = original.ready
    timeouts = original.timeouts
    lastTick = original.lastTick
    accountedTicks = original.accountedTicks
    nextSerial = original.nextSerial
    idle = original.idle
    now = original.now
    pendingCycles = original.pendingCycles
    recordsEvents = original.recordsEvents
    stopped = original.stopped
  }
}
