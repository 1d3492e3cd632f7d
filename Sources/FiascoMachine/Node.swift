import Determinism
import FiascoABI
import FiascoKernel
import RISCV

/// One machine: kernel, hart, RAM and clock. It runs until somebody above has to act.
public struct Node: ~Copyable {
  public var kernel: Kernel
  public let platform: PlatformProfile
  /// Simulated time. Integer picoseconds.
  public private(set) var now = Instant.zero
  /// Instructions executed so far.
  public private(set) var retired: UInt64 = 0
  /// Happenings since they were last drained, with their times.
  public var records: [NodeRecord] = []
  /// Order-dependent digest of all records ever made.
  public private(set) var traceDigest = StateDigest()
  /// Keep records for a reader; the digest is made either way.
  public var keepsRecords = true

  var hart = Hart()
  var translations = TranslationPool()
  /// Which thread's instructions ran last; a switch loses the hart's reservation.
  private var lastThread = ThreadID.none

  public init(kernel: consuming Kernel, platform: PlatformProfile) {
    self.kernel = kernel
    self.platform = platform
  }

  /// An independent copy of the whole machine. Nothing done to one is visible in the other.
  public mutating func fork() -> Node {
    return Node(forkOf: &self)
  }

  private init(forkOf original: inout Node) {
    kernel = original.kernel.fork()
    platform = original.platform
    now = original.now
    retired = original.retired
    traceDigest = original.traceDigest
    keepsRecords = original.keepsRecords
    hart.reservation = original.hart.reservation
    lastThread = original.lastThread
  }

  public func digest(into digest: inout StateDigest) {
    digest.combine(now.picoseconds)
    digest.combine(retired)
    digest.combine(hart.reservation ?? 1)
    kernel.digest(into: &digest)
  }
}

/// Something that happened, and when.
public struct NodeRecord: Hashable, Sendable {
  public let at: Instant
  public let event: NodeEvent
}

public enum NodeEvent: Hashable, Sendable {
  case kernel(KernelEvent)
  /// A program executed a `hint` instruction: free of charge, only for the observer.
  case hint(thread: ThreadID, kind: UInt64, value: UInt64)
}

/// Why the machine gave control back.
public enum NodeExit: Hashable, Sendable {
  /// The time limit is reached.
  case reached
  /// The current thread runs a native program: somebody above must say what it does next.
  case native(ThreadID)
  /// No thread is ready and no timeout is pending: nothing will ever happen by itself.
  case quiet
  /// The real kernel would not survive this.
  case stopped(KernelStop)
  /// A thread has executed a `hint`.
  case limit
}

extension Node {
  /// Runs until `limit`, a native thread, or silence.
  public mutating func run(until limit: Instant, instructions maximum: UInt64 = .max) -> NodeExit {
    let start = retired
    while true {
      if let stop = kernel.stopped { return .stopped(stop) }
      guard now < limit else { return .reached }
      guard retired - start < maximum else { return .limit }
      let tick = kernel.nextTick
      if tick <= now {
        enterKernel { $0.timerTick() }
        continue
      }
      let current = kernel.current
      if current.isNone {
        if tick == .never { return .quiet }
        let until = min(tick, limit)
        kernel.idle += until - now
        now = until
      } else if NativeWindow.contains(kernel.registers[current.slot].pc) {
        return .native(current)
      } else {
        execute(current, until: min(tick, limit))
      }
    }
  }

  /// Lets the current thread use CPU time, until the next tick or `limit` at most; returns how much it got.
  public mutating func spend(_ span: TimeSpan, until limit: Instant) -> TimeSpan {
    let boundary = min(kernel.nextTick, limit)
    let available = boundary > now ? boundary - now : .zero
    let used = min(span, available)
    now = now + used
    return used
  }

  /// Enters the kernel at the present time and bills what it did.
  public mutating func enterKernel(_ body: (inout Kernel) -> Void) {
    kernel.now = now
    body(&kernel)
    settle()
  }

  /// Advances the clock by the kernel's work and takes its records.
  private mutating func settle() {
    now = now + TimeSpan.picoseconds(Int64(kernel.pendingCycles &* platform.picosecondsPerCycle))
    kernel.pendingCycles = 0
    if kernel.staleTranslations {
      translations.flush()
      kernel.staleTranslations = false
    }
    guard !kernel.outbox.isEmpty else { return }
    traceDigest.combine(now.picoseconds)
    for index in 0..<kernel.outbox.count {
      kernel.outbox[index].digest(into: &traceDigest)
      if keepsRecords { records.append(NodeRecord(at: now, event: .kernel(kernel.outbox[index]))) }
    }
    kernel.outbox.removeAll()
  }

  // MARK: Machine code

  private mutating func execute(_ t: ThreadID, until boundary: Instant) {
    if t != lastThread {
      hart.clearReservation()
      lastThread = t
      // Switched on again for its owner, the unit counts as clean.
      if kernel.fpu.owner == t { kernel.fpu.registers.isDirty = false }
    }
    let task = kernel.threads[t.slot].task
    let cycle = platform.picosecondsPerCycle
    let budget = (UInt64((boundary - now).picoseconds) + cycle - 1) / cycle
    let exit =
      kernel.fpu.owner == t
      ? translations.run(
        &hart, &kernel.registers[t.slot], &kernel.fpu.registers, &kernel.memory, task: task, budget: budget)
      : translations.run(&hart, &kernel.registers[t.slot], &kernel.memory, task: task, budget: budget)
    retired &+= exit.retired
    now = now + TimeSpan.picoseconds(Int64(exit.retired &* cycle))
    switch exit.reason {
    case .budget: break
    case .translationMiss(let address, let access): miss(t, task, address, access)
    case .systemCall: enterKernel { $0.systemCall() }
    case .breakpoint: enterKernel { $0.exception(cause: ExceptionCause.breakpoint, value: 0) }
    case .illegal(let bits): enterKernel { $0.illegalInstruction(bits: bits) }
    case .misaligned(let address, let access):
      let cause = access == .read ? ExceptionCause.loadMisaligned : ExceptionCause.storeMisaligned
      enterKernel { $0.exception(cause: cause, value: address) }
    case .readCounter(let destination, let counter): readCounter(t, destination, counter)
    case .work(let register, let nanoseconds): work(t, register, nanoseconds, until: boundary)
    case .hint(let kind, let operand): hint(t, kind, operand)
    case .bulk(let bytes, let access):
      let rate = access == .write ? platform.memory.fill : platform.memory.touch
      now = now + TimeSpan.picoseconds(Int64(bytes * rate.picosecondsPerByte))
    }
  }

  private mutating func miss(_ t: ThreadID, _ task: TaskID, _ address: UInt64, _ access: MemoryAccess) {
    if let entry = kernel.translate(task, address), entry.allows(access) {
      translations.fill(task: task, address: address, frame: entry.frame, access: access, memory: &kernel.memory)
      return
    }
    let kind: FaultAccess = access == .write ? .store : access == .execute ? .fetch : .load
    enterKernel { $0.pageFault(address: address, access: kind) }
  }

  /// The counters run on simulated time: `time` at 10 MHz as on the modelled board, the others in cycles.
  private mutating func readCounter(_ t: ThreadID, _ destination: Register, _ counter: Counter) {
    let value: UInt64 =
      switch counter {
      case .time: now.picoseconds / 100_000
      case .cycle: now.picoseconds / platform.picosecondsPerCycle
      case .instret: retired
      }
    kernel.registers[t.slot][destination] = value
    kernel.registers[t.slot].pc &+= 4
    retired &+= 1
    now = now + TimeSpan.picoseconds(Int64(platform.picosecondsPerCycle))
  }

  /// Costs nothing: neither time nor an instruction.
  private mutating func hint(_ t: ThreadID, _ kind: UInt64, _ operand: UInt64) {
    kernel.registers[t.slot].pc &+= 4
    if keepsRecords { records.append(NodeRecord(at: now, event: .hint(thread: t, kind: kind, value: operand))) }
  }

  /// Timed work: the register holds what remains, so that an interrupted computation can be captured and resumed.
  private mutating func work(_ t: ThreadID, _ register: Register, _ nanoseconds: UInt64, until boundary: Instant) {
    let available = (UInt64((boundary - now).picoseconds) + 999) / 1000
    let used = min(nanoseconds, available)
    kernel.registers[t.slot][register] = nanoseconds - used
    now = now + TimeSpan.picoseconds(Int64(used * 1000))
  }
}

/// Instruction pointers in this window belong to programs written in Swift instead of machine code.
public enum NativeWindow {
  public static let range: Range<UInt64> = 0x7000_0000..<0x7100_0000
  @inline(__always) public static func contains(_ ip: UInt64) -> Bool { range.contains(ip) }
}
