import Determinism
import FiascoKernel
import RISCV

/// What the machine keeps of a core while another one acts.
struct ParkedCore: Sendable {
  var now = Instant.zero
  var lastThread = ThreadID.none
  /// What user code came upon before it was this core's turn to enter the kernel.
  var pending: PendingExit?
  /// When the core next does anything by itself: now if a thread runs, at its next tick if it idles.
  var next = Instant.never
  /// When the earliest interrupt from another core arrives.
  var interruptAt = Instant.never

  /// When it will act, all considered.
  var turn: Instant { min(next, max(now, interruptAt)) }
}

/// Why user code stopped, to be looked at when the core's turn has come.
struct PendingExit: Hashable, Sendable {
  let thread: ThreadID
  let reason: ExitReason
}

// Several cores: the one with the earliest local time acts. User code may run ahead of the others, but by no more than
// an interrupt travels; whatever enters the kernel waits until no other core is earlier. So kernel entries happen in
// the order of their times, and nothing ever arrives in a core's past.
extension Node {
  /// Runs until `limit`, a native thread whose turn it is, or silence on all cores.
  mutating func runCores(until limit: Instant, instructions maximum: UInt64) -> NodeExit {
    let start = retired
    while true {
      if let stop = kernel.stopped { return .stopped(stop) }
      guard retired - start < maximum else { return .limit }
      let turn = chooseCore()
      if turn == .never {
        standAtLatest()
        return .quiet
      }
      guard turn < limit else {
        passIdleTime(until: limit)
        return .reached
      }
      if let exit = act(until: limit) { return exit }
    }
  }

  /// Until when the active core may run before it has to look at the others again.
  public var horizon: Instant {
    guard kernel.isMulticore else { return .never }
    var earliest = Instant.never
    for core in cores.indices where core != kernel.activeCore { earliest = min(earliest, cores[core].turn) }
    return min(interruptAt, earliest == .never ? .never : earliest + lookahead)
  }

  private var lookahead: TimeSpan { max(platform.interruptFlight, .microseconds(1)) }

  /// Devices interrupt the first core.
  var deviceSignal: Instant { kernel.activeCore == 0 ? devices.next : .never }

  private var interruptAt: Instant { cores[kernel.activeCore].interruptAt }

  /// Makes the earliest core the active one, the lowest number first; returns when it acts.
  private mutating func chooseCore() -> Instant {
    let active = kernel.activeCore
    cores[active].now = now
    cores[active].next = kernel.current.isNone ? min(kernel.nextTick, deviceSignal) : now
    var best = 0
    for core in cores.indices where cores[core].turn < cores[best].turn { best = core }
    let turn = cores[best].turn
    if turn != .never { switchCore(to: best) }
    return turn
  }

  private mutating func switchCore(to core: Int) {
    let active = kernel.activeCore
    guard core != active else { return }
    cores[active].now = now
    cores[active].lastThread = lastThread
    kernel.now = now
    kernel.activate(core: core)
    now = cores[core].now
    lastThread = cores[core].lastThread
    // Another core may have written there meanwhile; a store-conditional may always fail.
    hart.clearReservation()
  }

  /// One step of the active core, whose turn it is; returns what somebody above has to do.
  private mutating func act(until limit: Instant) -> NodeExit? {
    let active = kernel.activeCore
    if takeInterrupt() { return nil }
    let tick = min(kernel.nextTick, deviceSignal)
    let current = kernel.current
    if current.isNone {
      passIdleTime(until: min(tick, cores[active].interruptAt, limit))
    } else if let pending = cores[active].pending, pending.thread == current {
      cores[active].pending = nil
      handle(pending.reason, of: current, until: min(tick, horizon))
    } else if NativeWindow.contains(kernel.registers[current.slot].pc) {
      return .native(current)
    } else {
      // Not cut at the limit: where somebody above pauses must not decide how cores interleave.
      let boundary = min(tick, horizon)
      let (reason, isLocal) = runUser(current, until: boundary)
      if isLocal {
        handle(reason, of: current, until: boundary)
      } else {
        cores[active].pending = PendingExit(thread: current, reason: reason)
      }
    }
    return nil
  }

  /// What other cores have asked for, if their interrupt has arrived.
  mutating func takeRequests() -> Bool {
    guard interruptAt <= now else { return false }
    cores[kernel.activeCore].interruptAt = .never
    enterKernel { $0.handleRequests() }
    return true
  }

  private mutating func passIdleTime(until instant: Instant) {
    guard kernel.current.isNone, instant > now, instant != .never else { return }
    kernel.idle += instant - now
    now = instant
  }

  /// Nothing will happen any more: the time is that of the last thing that did.
  private mutating func standAtLatest() {
    var last = 0
    for core in cores.indices where cores[core].now > cores[last].now { last = core }
    switchCore(to: last)
  }

  /// Cores that were asked something are interrupted one flight after now.
  mutating func sendInterrupts() {
    let arrival = now + platform.interruptFlight
    var rest = kernel.interruptedCores
    while rest != 0 {
      let core = rest.trailingZeroBitCount
      rest &= rest - 1
      cores[core].interruptAt = min(cores[core].interruptAt, arrival)
    }
    kernel.interruptedCores = 0
  }

  func digestCores(into digest: inout StateDigest) {
    digest.combine(UInt64(kernel.activeCore))
    for core in cores.indices {
      digest.combine(core == kernel.activeCore ? now.picoseconds : cores[core].now.picoseconds)
      digest.combine(cores[core].interruptAt.picoseconds)
      guard let pending = cores[core].pending else { continue }
      digest.combine(UInt64(core))
      digest.combine(UInt64(bitPattern: Int64(pending.thread.index)))
    }
  }
}
