import Determinism
import FiascoABI
import FiascoKernel
import RISCV

/// One machine: kernel, cores, RAM and clock. It runs until somebody above has to act.
public struct Node: ~Copyable {
  public var kernel: Kernel
  public let platform: PlatformProfile
  /// Simulated time of the core that acts. Integer picoseconds.
  public internal(set) var now = Instant.zero
  /// Instructions executed so far.
  public internal(set) var retired: UInt64 = 0
  /// Happenings since they were last drained, with their times.
  public var records: [NodeRecord] = []
  /// The kernel trace since it was last drained; filled only after `beginTrace`.
  public var trace: [TraceRecord] = []
  /// Records of the outbox that `trace` has already.
  var tracedAtBoot = 0
  /// Order-dependent digest of all records ever made.
  public internal(set) var traceDigest = StateDigest()
  /// Keep records for a reader; the digest is made either way.
  public var keepsRecords = true

  var hart = Hart()
  var translations = TranslationPool()
  var devices: DeviceSignals
  /// Which thread's instructions ran last; a switch loses the hart's reservation.
  var lastThread = ThreadID.none
  /// By number, with several cores; the active one's time and last thread stand above.
  var cores: [ParkedCore]

  public init(kernel: consuming Kernel, platform: PlatformProfile) {
    let count = kernel.coreCount
    self.kernel = kernel
    self.platform = platform
    devices = DeviceSignals()
    cores = count > 1 ? Array(repeating: ParkedCore(), count: count) : []
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
    devices = original.devices
    lastThread = original.lastThread
    cores = original.cores
  }

  public func digest(into digest: inout StateDigest) {
    digest.combine(now.picoseconds)
    digest.combine(retired)
    digest.combine(hart.reservation ?? 1)
    if kernel.isMulticore { digestCores(into: &digest) }
    devices.digest(into: &digest)
    kernel.digest(into: &digest)
  }
}

extension Node {
  /// Runs until `limit`, a native thread, or silence.
  public mutating func run(until limit: Instant, instructions maximum: UInt64 = .max) -> NodeExit {
    if kernel.isMulticore { return runCores(until: limit, instructions: maximum) }
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
      if devices.next <= now { raisePins() }
      if kernel.interruptRequested {
        enterKernel { $0.interrupt() }
        continue
      }
      let current = kernel.current
      let boundary = min(tick, devices.next, limit)
      if current.isNone {
        if min(tick, devices.next) == .never { return .quiet }
        let until = boundary
        kernel.idle += until - now
        now = until
      } else if NativeWindow.contains(kernel.registers[current.slot].pc) {
        return .native(current)
      } else {
        kernel.showClock(at: now)
        execute(current, until: min(boundary, kernel.nextClockStep))
      }
    }
  }

  /// Whether `run` would do nothing and come back at once with this native thread.
  public func stays(with thread: ThreadID, until limit: Instant) -> Bool {
    kernel.current == thread && now < limit && now < kernel.nextTick && now < devices.next
      && !kernel.interruptRequested && !kernel.isMulticore && kernel.stopped == nil
      && NativeWindow.contains(kernel.registers[thread.slot].pc)
  }

  /// Lets the current thread use CPU time, until the next tick or `limit` at most; returns how much it got.
  public mutating func spend(_ span: TimeSpan, until limit: Instant) -> TimeSpan {
    let boundary = min(kernel.nextTick, deviceSignal, limit)
    let available = boundary > now ? boundary - now : .zero
    let used = min(span, available)
    now = now + used
    return used
  }

  /// Enters the kernel at the present time, on the active core, and bills what it did.
  public mutating func enterKernel(_ body: (inout Kernel) -> Void) {
    perform(body)
    if kernel.isAtPreemptionPoint { passPreemptionPoints() }
    // User code was somewhere else than it now is, or will come there again.
    if kernel.isMulticore { cores[kernel.activeCore].pending = nil }
  }

  private mutating func perform(_ body: (inout Kernel) -> Void) {
    kernel.now = now
    body(&kernel)
    settle()
  }

  /// A long operation of the kernel lets in what has come due meanwhile, and goes on.
  private mutating func passPreemptionPoints() {
    while kernel.isAtPreemptionPoint, kernel.stopped == nil {
      kernel.isAtPreemptionPoint = false
      if !takeInterrupt() { perform { $0.passPreemptionPoint() } }
    }
  }

  /// Enters the kernel for an interrupt that is due on the active core; false if there is none.
  mutating func takeInterrupt() -> Bool {
    if kernel.isMulticore, takeRequests() { return true }
    if kernel.nextTick <= now {
      enterKernel { $0.timerTick() }
      return true
    }
    if deviceSignal <= now { raisePins() }
    guard kernel.interruptRequested else { return false }
    enterKernel { $0.interrupt() }
    return true
  }

  /// Advances the clock by the kernel's work and takes its records.
  private mutating func settle() {
    now = now + TimeSpan.picoseconds(Int64(kernel.pendingCycles &* platform.picosecondsPerCycle))
    kernel.pendingCycles = 0
    if kernel.interruptedCores != 0 { sendInterrupts() }
    if kernel.staleTranslations {
      translations.flush()
      kernel.staleTranslations = false
    }
    guard !kernel.outbox.isEmpty else { return }
    if kernel.recordsTrace { return takeTrace() }
    let core = activeCore
    traceDigest.combine(now.picoseconds)
    if kernel.isMulticore { traceDigest.combine(UInt64(core)) }
    for index in 0..<kernel.outbox.count {
      kernel.outbox[index].digest(into: &traceDigest)
      if keepsRecords { records.append(NodeRecord(at: now, event: .kernel(kernel.outbox[index]), core: core)) }
    }
    kernel.outbox.removeAll()
  }

  var activeCore: UInt8 { UInt8(truncatingIfNeeded: kernel.activeCore) }

  // MARK: Machine code

  private mutating func execute(_ t: ThreadID, until boundary: Instant) {
    handle(runUser(t, until: boundary).reason, of: t, until: boundary)
  }

  /// Runs instructions. `isLocal`: what comes next concerns nobody but this core.
  @inline(__always)
  mutating func runUser(_ t: ThreadID, until boundary: Instant) -> (reason: ExitReason, isLocal: Bool) {
    if t != lastThread {
      hart.clearReservation()
      lastThread = t
      // Switched on again for its owner, the unit counts as clean.
      if kernel.isFPUOn(for: t) { kernel.fpuStates[kernel.fpuState(of: t)].registers.isDirty = false }
    }
    let task = kernel.executedTask(of: t)
    let cycle = platform.picosecondsPerCycle
    let budget = (UInt64((boundary - now).picoseconds) + cycle - 1) / cycle
    let exit =
      kernel.isFPUOn(for: t)
      ? translations.run(
        &hart, &kernel.registers[t.slot], &kernel.fpuStates[kernel.fpuState(of: t)].registers, &kernel.memory,
        task: task, budget: budget)
      : translations.run(&hart, &kernel.registers[t.slot], &kernel.memory, task: task, budget: budget)
    retired &+= exit.retired
    now = now + TimeSpan.picoseconds(Int64(exit.retired &* cycle))
    switch exit.reason {
    case .budget, .readCounter, .work, .bulk: return (exit.reason, true)
    case .translationMiss, .systemCall, .breakpoint, .illegal, .misaligned, .hint: return (exit.reason, false)
    }
  }

  @inline(__always)
  mutating func handle(_ reason: ExitReason, of t: ThreadID, until boundary: Instant) {
    switch reason {
    case .budget: break
    case .translationMiss(let address, let access): miss(t, kernel.executedTask(of: t), address, access)
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
}

/// Instruction pointers in this window belong to programs written in Swift instead of machine code.
public enum NativeWindow {
  public static let range: Range<UInt64> = 0x7000_0000..<0x7100_0000
  @inline(__always) public static func contains(_ ip: UInt64) -> Bool { range.contains(ip) }
}
