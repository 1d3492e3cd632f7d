import Determinism
import FiascoABI
import RISCV

/// The microkernel of one node, as a value: threads, objects, spaces, the ready list, and the RAM it manages.
///
/// The kernel never calls upward. A machine enters it (`systemCall`, `pageFault`, `exception`, `timerTick`) and asks
/// afterwards which thread is in user mode (`current`). Behaviour stands in verb files: each one's first comment says
/// which tables it writes.
public struct Kernel: ~Copyable {
  private let anchor = Anchor()

  public let profile: KernelProfile
  public let costs: CostModel
  /// Simulated RAM; kernel tables of capabilities and pages live in it as well.
  public var memory: PagedMemory

  // Tables
  public var objects = SlotTable<KernelObject>()
  public internal(set) var threads = SlotTable<Thread>()
  /// User registers of each thread, same index as `threads`.
  public var registers = SlotTable<Registers>()
  public internal(set) var tasks = SlotTable<Task>()
  var gates = SlotTable<Gate>()
  var irqs = SlotTable<IRQ>()
  var semaphores = SlotTable<Semaphore>()
  var factories = SlotTable<Factory>()
  var mappings = SlotTable<MemoryMapping>()
  var kernelUserAreas = SlotTable<KernelUserArea>()
  var replySlots = SlotTable<ReplySlot>()
  /// Floating-point registers of the threads that have used them.
  public var fpuStates = SlotTable<FPUState>()
  var areas = SlotTable<ThreadAreas>()
  /// Inputs of all interrupt controllers.
  var pins = SlotTable<InterruptPin>()
  var logAttributes: LogAttributes
  var rootPager: RootPager
  var frames: FrameAllocator
  /// Objects being destroyed; empty outside an operation.
  var condemned: [ObjectID] = []

  // Scheduling
  /// The core on whose behalf the kernel executes; its parts have forwarding names in `Processor.swift`.
  @usableFromInline var here: Processor
  /// Who is ready on the active core: a kilobyte of plain data, beside `here` so that a fork copies it as such, once.
  var ready: ReadyQueue
  /// The other cores, by number; the active core's entry is empty, and with one core there is none.
  var parked: [Processor]
  var parkedReady: [ReadyQueue]
  public let coreCount: Int
  public internal(set) var activeCore = 0
  /// One bit for each core that was sent a request since the machine last looked: it has to be interrupted.
  public var interruptedCores: UInt64 = 0
  var nextSerial: UInt64 = 0

  // Interface with the machine
  /// A device asks for an interrupt that is not masked: the machine enters `interrupt()`.
  public internal(set) var interruptRequested = false
  /// The kernel lets interrupts in: the machine carries out one that is due, or `passPreemptionPoint()`.
  public var isAtPreemptionPoint = false
  /// Cycles of kernel work since the machine last drained them.
  public var pendingCycles: UInt64 = 0
  /// Translations may have become stale: the machine flushes its caches and clears this.
  public var staleTranslations = false
  /// Records since the machine last drained them.
  public var outbox = EventOutbox()
  public var recordsEvents = true
  /// Somebody reads a kernel trace: record what only a trace needs, and with every record what surrounds it.
  public internal(set) var recordsTrace = false
  /// What surrounded each record of the outbox; filled only while `recordsTrace`.
  public internal(set) var traceContexts: [TraceContext] = []
  /// Characters written to the kernel's log (Vlog) since the machine last drained them.
  public var console: [UInt8] = []
  /// The kernel would stop here (assertion, use after free); no further entry is allowed.
  public internal(set) var stopped: KernelStop?

  public init(
    profile: KernelProfile, costs: CostModel, memory: consuming PagedMemory, kernelFrames: Range<Int>,
    cores: Int = 1
  ) {
    precondition(Self.coreRange.contains(cores), "a machine has 1 to 64 cores")
    self.profile = profile
    self.costs = costs
    self.memory = memory
    // Not where they are declared: a fork would make them first and then replace them.
    logAttributes = LogAttributes()
    rootPager = RootPager()
    here = Processor()
    ready = ReadyQueue()
    frames = FrameAllocator(range: kernelFrames)
    coreCount = cores
    parked = cores > 1 ? Array(repeating: Processor(), count: cores) : []
    parkedReady = Array(repeating: ReadyQueue(), count: parked.count)
    for _ in 0..<InterruptPin.count { _ = pins.insert(InterruptPin()) }
  }

  /// How many cores a machine may have: a set of cores is one word.
  public static var coreRange: ClosedRange<Int> { 1...64 }

  @inline(__always)
  mutating func charge(_ work: KernelWork, count: Int = 1) {
    pendingCycles &+= costs.cycles(work, count: count)
  }

  @inline(__always)
  mutating func record(_ event: KernelEvent) {
    if recordsEvents { outbox.append(event) }
    if recordsTrace { recordContext(of: event) }
  }
}

extension Kernel {
  /// The real kernel would stop here, or go on with memory that is no longer what it takes it for.
  mutating func stop(_ reason: String) {
    stopped = KernelStop(reason: "the real kernel would stop here: " + reason)
  }
}

/// Why the real kernel would not survive this: the run ends here with the reason.
public struct KernelStop: Hashable, Sendable {
  public let reason: String
}
