import Determinism

/// What belongs to one core of the machine: who runs there, who is ready, which timeouts it watches, and what other
/// cores have asked it to do.
///
/// The kernel executes on behalf of one core at a time, the one `Kernel.here` describes; the others are parked. A
/// thread stands only in the lists of its home core. Models the per-CPU variables of the original.
@usableFromInline struct Processor: Sendable {
  /// The thread that executes; none when the processor idles.
  @usableFromInline var current = ThreadID.none
  /// Whose scheduling context is consumed: the donor's after a direct switch. None after a slice has expired.
  var currentContext = ThreadID.none
  var sliceEnd = Instant.never
  /// Ready threads of the classes below the fixed priorities.
  var background = BackgroundQueue()
  var timeouts = EventQueue()
  /// Whose registers the core's floating-point unit holds; it is on for this thread only. None after boot, and when the
  /// owner died, left, or gave its state away.
  @usableFromInline var fpuOwner = ThreadID.none
  /// When the timer interrupt was last handled.
  var lastTick = Instant.never
  /// Ticks of the clock that have been charged to the threads that were current then.
  var accountedTicks: UInt64 = 0
  /// Time during which no thread was ready.
  @usableFromInline var idle = TimeSpan.zero
  /// The core's local time when it last entered the kernel, or stopped to act.
  @usableFromInline var now = Instant.zero
  /// What other cores want done here, oldest first.
  var requests: [RemoteRequest] = []
}

extension Kernel {
  /// From now on the kernel executes on behalf of another core. The machine says so between two entries.
  public mutating func activate(core: Int) {
    guard core != activeCore else { return }
    // Swapped, not copied: lists that two places share would be duplicated by their next change.
    swap(&here, &parked[core])
    parked.swapAt(core, activeCore)
    swap(&ready, &parkedReady[core])
    parkedReady.swapAt(core, activeCore)
    activeCore = core
  }

  public var isMulticore: Bool { @inline(__always) get { coreCount > 1 } }

  /// Whether the thread belongs to another core: what concerns its lists has to be asked for there.
  ///
  /// A thread without a processor, or on its way to one, stands in no list; anybody may change it.
  @inline(__always)
  func isRemote(_ t: ThreadID) -> Bool {
    isMulticore && Int(threads[t.slot].core) != activeCore && threads[t.slot].flags.contains(.placed)
  }

  /// Every core's part, by core: for checks and digests.
  func processor(_ core: Int) -> Processor { core == activeCore ? here : parked[core] }
  func readyQueue(_ core: Int) -> ReadyQueue { core == activeCore ? ready : parkedReady[core] }
}

// The active core's part under the names the kernel's verbs use.
extension Kernel {
  public internal(set) var current: ThreadID {
    @inlinable @inline(__always) get { here.current }
    @inline(__always) set { here.current = newValue }
  }
  var currentContext: ThreadID {
    @inline(__always) get { here.currentContext }
    @inline(__always) set { here.currentContext = newValue }
  }
  var sliceEnd: Instant {
    @inline(__always) get { here.sliceEnd }
    @inline(__always) set { here.sliceEnd = newValue }
  }
  var background: BackgroundQueue {
    @inline(__always) _read { yield here.background }
    @inline(__always) _modify { yield &here.background }
  }
  var timeouts: EventQueue {
    @inline(__always) _read { yield here.timeouts }
    @inline(__always) _modify { yield &here.timeouts }
  }
  var lastTick: Instant {
    @inline(__always) get { here.lastTick }
    @inline(__always) set { here.lastTick = newValue }
  }
  var accountedTicks: UInt64 {
    @inline(__always) get { here.accountedTicks }
    @inline(__always) set { here.accountedTicks = newValue }
  }
  public var idle: TimeSpan {
    @inlinable @inline(__always) get { here.idle }
    @inlinable @inline(__always) set { here.idle = newValue }
  }
  /// Set by the machine before it enters the kernel.
  public var now: Instant {
    @inlinable @inline(__always) get { here.now }
    @inlinable @inline(__always) set { here.now = newValue }
  }
}
