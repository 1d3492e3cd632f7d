// Writes: threads (deadline, timeout flag), timeouts.
import Determinism
import FiascoABI

extension Kernel {
  /// The period of the timer interrupt; every timeout and quantum is looked at only then (`Scheduler_granularity`).
  public static var tick: TimeSpan { .milliseconds(1) }

  /// The tick at which the kernel next has something to do; `.never` if nothing is pending.
  public var nextTick: Instant {
    let due = min(sliceEnd, timeouts.nextInstant)
    guard due != .never else { return .never }
    let period = UInt64(Self.tick.picoseconds)
    if due > now { return Instant(picoseconds: (due.picoseconds + period - 1) / period * period) }
    // A deadline that passed between two ticks is seen at the next one, never at one that is over.
    let isTick = now.picoseconds % period == 0 && !tickDone
    return Instant(picoseconds: (now.picoseconds / period + (isTick ? 0 : 1)) * period)
  }

  /// The timer interrupt: expire timeouts and the slice, then let the right thread run.
  ///
  /// Models `Thread::handle_timer_interrupt` and `Timeout_q::do_timeouts`.
  public mutating func timerTick() {
    charge(.timerTick)
    if recordsTrace { record(.timerTicked) }
    lastTick = now
    // An interrupt is a trap as well: its value replaces that of a fault before.
    if !current.isNone { threads[current.slot].faultAddress = 0 }
    var reschedule = false
    while let due = timeouts.next, due.instant <= now {
      if sliceEnd < due.instant {
        expireSlice()
        reschedule = true
      }
      if expireTimeouts(at: due.instant) { reschedule = true }
    }
    if sliceEnd <= now {
      expireSlice()
      reschedule = true
    }
    if reschedule { schedule() }
    leave()
  }

  var tickDone: Bool { lastTick == now }

  /// Wakes the threads with this deadline, the earliest there is; of several the one armed later comes first
  /// (`Timeout_q::enqueue`). Returns whether somebody may have to run.
  private mutating func expireTimeouts(at instant: Instant) -> Bool {
    guard let first = popTimeout(at: instant) else { return false }
    guard timeouts.nextInstant == instant else { return expire(first) }
    var group = [first]
    while let t = popTimeout(at: instant) { group.append(t) }
    var reschedule = false
    for t in group.reversed() where expire(t) { reschedule = true }
    return reschedule
  }

  /// Entries of disarmed timeouts, and of threads that have left for another core, stay in the queue until their time; the thread's own deadline tells.
  private mutating func popTimeout(at instant: Instant) -> ThreadID? {
    while timeouts.nextInstant == instant, let entry = timeouts.popNext() {
      let slot = Int(entry.payload)
      let isHere = threads.contains(slot) && Int(threads[slot].core) == activeCore
      if isHere, threads[slot].deadline == instant { return ThreadID(slot) }
    }
    return nil
  }

  /// Models `IPC_timeout::expired`: the phase stays, so a message may still arrive before the thread runs.
  private mutating func expire(_ t: ThreadID) -> Bool {
    threads[t.slot].deadline = .never
    let waits =
      threads[t.slot].phase != .none || threads[t.slot].continuation == .gateWait
      || threads[t.slot].continuation == .semaphoreWait
    guard waits, !threads[t.slot].isReady else { return false }
    record(.timeoutExpired(t))
    threads[t.slot].becomeReady()
    threads[t.slot].flags.insert(.timeout)
    return deblockAtTick(t)
  }

  mutating func arm(_ t: ThreadID, _ deadline: Instant) {
    threads[t.slot].deadline = deadline
    guard deadline != .never else { return }
    if timeouts.count > 4 * threads.count + 64 { dropStaleTimeouts() }
    timeouts.schedule(at: deadline, class: 0, payload: UInt32(t.index))
  }

  mutating func disarm(_ t: ThreadID) { threads[t.slot].deadline = .never }

  private mutating func dropStaleTimeouts() {
    var fresh = EventQueue()
    while let entry = timeouts.popNext() {
      let slot = Int(entry.payload)
      if threads.contains(slot), Int(threads[slot].core) == activeCore, threads[slot].deadline == entry.instant {
        fresh.schedule(at: entry.instant, class: 0, payload: entry.payload)
      }
    }
    timeouts = fresh
  }

  /// The kernel clock in microseconds, as the kernel info page shows it.
  public var clockMicroseconds: UInt64 {
    guard profile.clockAdvancesInTicks else { return now.picoseconds / 1_000_000 }
    return now.picoseconds / UInt64(Self.tick.picoseconds) * 1000
  }

  /// When the timer wheel finds a deadline that had passed before it was entered. Buckets hold 4096 us each and there
  /// are eight; each tick looks only at those the clock has reached since the last one (1 to 33 ms; observed r20 r49).
  ///
  /// Models `Timeout_q::do_timeouts`.
  func wheelReaches(_ deadline: UInt64) -> Instant {
    let tick = UInt64(Self.tick.microseconds)
    var clock = clockMicroseconds
    while true {
      let from = clock >> 12
      clock += tick
      if (from...clock >> 12).contains(where: { $0 & 7 == deadline >> 12 & 7 }) {
        return Instant(picoseconds: clock * 1_000_000)
      }
    }
  }

  enum Deadline { case never, passed, at(Instant) }

  /// When a phase that starts to wait now gives up. Absolute timeouts read the thread's own buffer registers.
  func deadline(of timeout: IPCTimeout, for t: ThreadID) -> Deadline {
    if timeout.isNever { return .never }
    if timeout.isZero { return .passed }
    let clock = clockMicroseconds
    if timeout.isAbsolute {
      guard timeout.bufferRegister < UTCB.bufferRegisterCount else { return .never }
      let at = utcbWord(t, UTCB.bufferRegisters + timeout.bufferRegister)
      if at <= clock { return .passed }
      return at >= .max / 2_000_000 ? .never : .at(Instant(picoseconds: at * 1_000_000))
    }
    return .at(Instant(picoseconds: (clock + timeout.microseconds) * 1_000_000))
  }
}
