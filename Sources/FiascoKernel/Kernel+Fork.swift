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
    objects = original.objects
    threads = original.threads
    registers = original.registers
    tasks = original.tasks
    gates = original.gates
    irqs = original.irqs
    semaphores = original.semaphores
    factories = original.factories
    mappings = original.mappings
    kernelUserAreas = original.kernelUserAreas
    replySlots = original.replySlots
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
