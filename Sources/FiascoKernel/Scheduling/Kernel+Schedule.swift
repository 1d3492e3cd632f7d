// Writes: threads (ready flag membership, quantum), ready, current, currentContext. The only file that switches.
import Determinism

extension Kernel {
  // MARK: The ready list

  /// Puts a ready thread at the front of its priority's list; a thread that is already listed keeps its place.
  ///
  /// Models `Ready_queue_fp::enqueue` with `is_current = true`: every wake-up inserts at the front.
  mutating func enqueueFront(_ t: ThreadID) {
    guard !threads[t.slot].flags.contains(.listed), threads[t.slot].flags.contains(.placed) else { return }
    link(t, atFront: true)
  }

  mutating func enqueueTail(_ t: ThreadID) {
    guard !threads[t.slot].flags.contains(.listed), threads[t.slot].flags.contains(.placed) else { return }
    link(t, atFront: false)
  }

  private mutating func link(_ t: ThreadID, atFront: Bool) {
    let priority = threads[t.slot].priority
    if priority == 0, listInBackground(t) { return }
    let head = ready[priority]
    threads[t.slot].flags.insert(.listed)
    if head.isNone {
      threads[t.slot].readyNext = t
      threads[t.slot].readyPrevious = t
      ready[priority] = t
      return
    }
    let tail = threads[head.slot].readyPrevious
    threads[t.slot].readyNext = head
    threads[t.slot].readyPrevious = tail
    threads[tail.slot].readyNext = t
    threads[head.slot].readyPrevious = t
    if atFront { ready[priority] = t }
  }

  mutating func dequeue(_ t: ThreadID) {
    guard threads[t.slot].flags.contains(.listed) else { return }
    threads[t.slot].flags.remove(.listed)
    let priority = threads[t.slot].priority
    if priority == 0, unlistFromBackground(t) { return }
    let next = threads[t.slot].readyNext
    if next == t {
      ready[priority] = .none
      return
    }
    let previous = threads[t.slot].readyPrevious
    threads[previous.slot].readyNext = next
    threads[next.slot].readyPrevious = previous
    if ready[priority] == t { ready[priority] = next }
  }

  /// A running thread that is about to lose the processor must be found again: front of its list, if it has time left.
  ///
  /// Models `Context::update_ready_list`.
  private mutating func updateReadyList(_ t: ThreadID) {
    guard !t.isNone, threads[t.slot].isReady, threads[t.slot].left > .zero else { return }
    enqueueFront(t)
  }

  // MARK: Scheduling contexts

  /// From now on `t`'s quantum is consumed; what is left of the previous one is kept for later.
  ///
  /// Models `Ready_queue::set_current_sched`.
  mutating func loadContext(_ t: ThreadID) {
    saveContext()
    currentContext = t
    sliceEnd = t.isNone ? .never : now + threads[t.slot].left
    if profile.scheduler != .fixedPriority { noteLoaded(t) }
    if recordsTrace, !t.isNone { record(.contextLoaded(t, left: threads[t.slot].left)) }
  }

  private mutating func saveContext() {
    guard !currentContext.isNone else { return }
    let remaining = sliceEnd - now
    if remaining > .zero { threads[currentContext.slot].left = remaining } else { replenish(currentContext) }
    if recordsTrace { record(.contextSaved(currentContext, left: threads[currentContext.slot].left)) }
  }

  /// The slice is used up: refill it, move its owner to the tail, and charge nobody until the next pick.
  ///
  /// If the running thread used a donated context it is the donor's that is refilled, even if the donor is blocked.
  /// Models `Timeslice_timeout::expired`.
  mutating func expireSlice() {
    let owner = currentContext
    record(.sliceExpired(owner))
    replenish(owner)
    if threads[owner.slot].priority > 0 || !requeueInBackground(owner) {
      if threads[owner.slot].flags.contains(.listed) { dequeue(owner) }
      enqueueTail(owner)
    }
    invalidateContext()
  }

  /// Nobody is charged until the next pick; what was left of the slice is not saved.
  ///
  /// Models `Ready_queue::invalidate_sched`.
  mutating func invalidateContext() {
    if recordsTrace { record(.contextInvalidated(currentContext)) }
    currentContext = .none
    sliceEnd = .never
  }

  // MARK: Who runs

  /// Whether a woken thread may run before the current one; if not (or unless `lazy`) it is put into its list.
  ///
  /// Only a strictly higher priority of the current context or of the running thread's own context keeps the
  /// processor: equal priority preempts. Models `Sched_context::deblock`.
  mutating func deblock(_ t: ThreadID, lazy: Bool) -> Bool {
    guard threads[t.slot].flags.contains(.placed) else { return false }
    let priority = threads[t.slot].priority
    var preempts = true
    if !current.isNone, threads[current.slot].priority > priority { preempts = false }
    if currentContext != t, !currentContext.isNone, threads[currentContext.slot].priority > priority {
      preempts = false
    }
    if priority == 0 {
      refillAfterSleep(t)
      if outranks(current, t, equals: false) || outranks(currentContext, t, equals: false) { preempts = false }
    }
    if preempts && lazy { return true }
    enqueueFront(t)
    return preempts
  }

  /// A timeout never lets a thread overtake an equal one: it goes to the tail, and only a higher priority preempts.
  /// One that does preempt stands in front, so of several that wake at an idle tick the last one to expire runs first.
  ///
  /// Observed on all kernels (conformance slices/09; f17 h20 h22).
  mutating func deblockAtTick(_ t: ThreadID) -> Bool {
    let priority = threads[t.slot].priority
    if priority == 0 { refillAfterSleep(t) }
    if priority == 0, threads[t.slot].schedulingClass != .fixedPriority {
      enqueueTail(t)
      return preemptsBackgroundAtTick(t)
    }
    if !current.isNone, threads[current.slot].priority >= priority {
      enqueueTail(t)
      return false
    }
    enqueueFront(t)
    return currentContext.isNone || currentContext == t || threads[currentContext.slot].priority < priority
  }

  /// Runs `t` on the scheduling context in use: a donation. Models `Context::switch_exec_locked`.
  mutating func switchExecution(to t: ThreadID) {
    updateReadyList(current)
    setCurrent(t)
  }

  /// Runs `t` on its own scheduling context. Models `Context::schedule_switch_to_locked`.
  mutating func switchWithContext(to t: ThreadID) {
    updateReadyList(current)
    if currentContext != t { loadContext(t) }
    setCurrent(t)
  }

  /// Gives the processor to the first ready thread of the highest priority; blocked ones leave the list here.
  ///
  /// Models `Context::schedule`.
  mutating func schedule() {
    updateReadyList(current)
    while true {
      let head = ready.highestPriority.map { ready[$0] } ?? firstInBackground()
      if head.isNone {
        loadContext(.none)
        setCurrent(.none)
        return
      }
      if threads[head.slot].isReady {
        if currentContext != head { loadContext(head) }
        setCurrent(head)
        return
      }
      dequeue(head)
    }
  }

  private mutating func setCurrent(_ t: ThreadID) {
    guard t != current else { return }
    account()
    charge(.contextSwitch)
    if !t.isNone, !current.isNone, threads[t.slot].task != threads[current.slot].task { charge(.spaceSwitch) }
    record(.contextSwitched(from: current, to: t))
    current = t
  }

  /// Charges the ticks since the last switch to the current thread: whole ticks, to whoever has the processor then.
  ///
  /// Models the coarse accounting of `Context::consume_time` without `FINE_GRAINED_CPUTIME`.
  mutating func account() {
    let ticks = now.picoseconds / UInt64(Self.tick.picoseconds)
    guard ticks != accountedTicks else { return }
    if !current.isNone { threads[current.slot].consumed += .milliseconds(Int64(ticks - accountedTicks)) }
    accountedTicks = ticks
  }

  // MARK: Blocking and waking

  /// The thread leaves the processor until somebody makes it ready; it is taken out of its list when next found there.
  mutating func block(_ t: ThreadID, until deadline: Instant) {
    threads[t.slot].flags.remove(.ready)
    arm(t, deadline)
    if t == current { schedule() }
  }

  /// Activates woken threads in order. The first that may preempt does so; those behind it have their turn when the
  /// running thread would have gone on with them. Models a row of `Context::activate`.
  mutating func activate(_ woken: [ThreadID]) {
    guard let first = woken.firstIndex(where: { wake($0, lazy: true) }) else { return }
    if !current.isNone { enqueueFront(current) }
    for t in woken[(first + 1)...].reversed() { makeReady(t) }
    switchWithContext(to: woken[first])
  }

  /// Makes a thread ready and lists it in front, without asking who should run now.
  mutating func makeReady(_ t: ThreadID) {
    if isRemote(t) { return wakeRemotely(t) }
    threads[t.slot].becomeReady()
    enqueueFront(t)
  }
}
