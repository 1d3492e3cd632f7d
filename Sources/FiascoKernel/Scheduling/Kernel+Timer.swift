// Writes: threads (deadline, timeout flag), timeouts.
import Determinism
import FiascoABI

extension Kernel {
  /// The period of the timer interrupt; every timeout and quantum is looked at only then (`Scheduler_granularity`).
  public static var tick: TimeSpan { .milliseconds(1) }

  /// The tick at which the kernel next has something to do; `.never` if nothing is pending.
  public var nextTick: Instant {
    var due = sliceEnd
    if let next = timeouts.next, next.instant < due { due = next.instant }
    guard due != .never else { return .never }
    let period = UInt64(Self.tick.picoseconds)
    let ticks = (due.picoseconds + period - 1) / period
    // A deadline that passed between two ticks is seen at the next one, never at one that is over.
    let upcoming = now.picoseconds / period + 1
    return Instant(picoseconds: max(ticks, now.picoseconds % period == 0 && !tickDone ? upcoming - 1 : upcoming) * period)
  }

  /// The timer interrupt: expire timeouts and the slice, then let the right thread run.
  ///
  /// Models `Thread::handle_timer_interrupt` and `Timeout_q::do_timeouts`.
  public mutating func timerTick() {
    charge(.timerTick)
    lastTick = now
    var reschedule = false
    while let due = timeouts.next, due.instant <= now {
      if sliceEnd < due.instant {
        expireSlice()
        reschedule = true
      }
      for t in popEqualDeadlines() where expire(t) { reschedule = true }
    }
    if sliceEnd <= now {
      expireSlice()
      reschedule = true
    }
    if reschedule { schedule() }
    leave()
  }

  var tickDone: Bool { lastTick == now }

  /// Threads whose deadline comes first; of equal deadlines the one armed later stands first (`Timeout_q::enqueue`).
  private mutating func popEqualDeadlines() -> [ThreadID] {
    var group: [ThreadID] = []
    guard let first = timeouts.next else { return group }
    while let next = timeouts.next, next.instant == first.instant {
      _ = timeouts.popNext()
      group.append(ThreadID(Int(next.payload)))
    }
    group.reverse()
    // Entries of disarmed timeouts stay in the queue until their time; the thread's own deadline tells.
    return group.filter { threads.contains($0.slot) && threads[$0.slot].deadline == first.instant }
  }

  /// Models `IPC_timeout::expired`: the phase stays, so a message may still arrive before the thread runs.
  private mutating func expire(_ t: ThreadID) -> Bool {
    threads[t.slot].deadline = .never
    let waits = threads[t.slot].phase != .none || threads[t.slot].continuation == .gateWait
      || threads[t.slot].continuation == .semaphoreWait
    guard waits, !threads[t.slot].isReady else { return false }
    record(.timeoutExpired(t))
    threads[t.slot].flags.formUnion([.ready, .timeout])
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
      if threads.contains(slot), threads[slot].deadline == entry.instant {
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
