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
  var frames: FrameAllocator

  // Scheduling
  /// The thread that executes; none when the processor idles.
  public internal(set) var current = ThreadID.none
  /// Whose scheduling context is consumed: the donor's after a direct switch. None after a slice has expired.
  var currentContext = ThreadID.none
  var sliceEnd = Instant.never
  var ready: ReadyQueue
  var timeouts = EventQueue()
  /// When the timer interrupt was last handled.
  var lastTick = Instant.never
  /// Ticks of the clock that have been charged to the threads that were current then.
  var accountedTicks: UInt64 = 0
  var nextSerial: UInt64 = 0

  /// Time during which no thread was ready.
  public var idle = TimeSpan.zero

  // Interface with the machine
  /// Set by the machine before it enters the kernel.
  public var now = Instant.zero
  /// Cycles of kernel work since the machine last drained them.
  public var pendingCycles: UInt64 = 0
  /// Translations may have become stale: the machine flushes its caches and clears this.
  public var staleTranslations = false
  /// Records since the machine last drained them.
  public var outbox = EventOutbox()
  public var recordsEvents = true
  /// Characters written to the kernel's log (Vlog) since the machine last drained them.
  public var console: [UInt8] = []
  /// The kernel would stop here (assertion, use after free); no further entry is allowed.
  public internal(set) var stopped: KernelStop?

  public init(profile: KernelProfile, costs: CostModel, memory: consuming PagedMemory, kernelFrames: Range<Int>) {
    self.profile = profile
    self.costs = costs
    self.memory = memory
    frames = FrameAllocator(range: kernelFrames)
    ready = ReadyQueue()
  }

  @inline(__always)
  mutating func charge(_ work: KernelWork, count: Int = 1) {
    pendingCycles &+= costs.cycles(work, count: count)
  }

  @inline(__always)
  mutating func record(_ event: KernelEvent) {
    if recordsEvents { outbox.append(event) }
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
