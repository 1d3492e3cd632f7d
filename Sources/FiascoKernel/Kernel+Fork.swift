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
    areas = original.areas.fork()
    rootPager = original.rootPager
    pins = original.pins.fork()
    logAttributes = original.logAttributes
    interruptRequested = original.interruptRequested
    frames = original.frames
    here = original.here
    ready = original.ready
    parked = original.parked
    parkedReady = original.parkedReady
    coreCount = original.coreCount
    activeCore = original.activeCore
    interruptedCores = original.interruptedCores
    nextSerial = original.nextSerial
    pendingCycles = original.pendingCycles
    recordsEvents = original.recordsEvents
    recordsTrace = original.recordsTrace
    stopped = original.stopped
  }
}
