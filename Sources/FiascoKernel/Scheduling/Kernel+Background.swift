// Writes: threads (membership flag, rank, quantum left), background. Classes below the fixed priorities.
import Determinism

// Threads of these classes have priority 0, which no thread with a fixed priority has on today's kernel: the paths of
// fixed priorities ask for nothing more, and come here only with a 0.
extension Kernel {
  // MARK: Membership

  /// Lists the thread if it is of such a class. Front or tail mean nothing here: the rank decides.
  @inline(never)
  mutating func listInBackground(_ t: ThreadID) -> Bool {
    let entry = RankedThread(thread: t, rank: threads[t.slot].rank)
    switch threads[t.slot].schedulingClass {
    case .fixedPriority: return false
    case .fair: background.fair.insert(entry)
    case .deadline: background.deadlines.insert(entry)
    }
    threads[t.slot].flags.insert(.listed)
    return true
  }

  @inline(never)
  mutating func unlistFromBackground(_ t: ThreadID) -> Bool {
    switch threads[t.slot].schedulingClass {
    case .fixedPriority: return false
    case .fair: background.fair.remove(t)
    case .deadline: background.deadlines.remove(t)
    }
    return true
  }

  /// Who runs when nobody with a fixed priority is ready; blocked threads leave the list here.
  mutating func firstInBackground() -> ThreadID {
    while !background.isEmpty {
      let head = background.fair.heap.first?.thread ?? background.deadlines.first(clock: lateThreshold)
      if threads[head.slot].isReady { return head }
      dequeue(head)
    }
    return .none
  }

  /// Deadlines before this instant are missed and make their threads come last; nil if the kernel does not look.
  private var lateThreshold: UInt64? { profile.lateThreadsRunLast ? clockMicroseconds : nil }

  // MARK: Time

  /// A used-up quantum: full again, and a fair thread's virtual deadline moves on by what the quantum was worth.
  ///
  /// Models `Sched_context::replenish`.
  mutating func replenish(_ t: ThreadID) {
    threads[t.slot].left = threads[t.slot].quantum
    guard threads[t.slot].schedulingClass == .fair else { return }
    threads[t.slot].rank += UInt64(threads[t.slot].quantum.microseconds) / threads[t.slot].weight
    background.fair.advance(t, to: threads[t.slot].rank)
  }

  /// The quantum is used up: a fair thread goes to its new place, a deadline thread keeps the one it has.
  @inline(never)
  mutating func requeueInBackground(_ t: ThreadID) -> Bool {
    guard threads[t.slot].schedulingClass != .fixedPriority else { return false }
    return threads[t.slot].flags.contains(.listed) || listInBackground(t)
  }

  /// A fair thread that slept gets no credit: it begins where the last one stands. Then the quantum it did not use
  /// comes back, as far as the others have moved on. A deadline thread begins with a full quantum.
  ///
  /// Models `Ready_queue_wfq::deblock_refill` and `Ready_queue_edf::deblock_refill`.
  mutating func refillAfterSleep(_ t: ThreadID) {
    guard !threads[t.slot].flags.contains(.listed) else { return }
    switch threads[t.slot].schedulingClass {
    case .fixedPriority: return
    case .deadline: threads[t.slot].left = threads[t.slot].quantum
    case .fair:
      let rank = background.lastFair.isNone ? 0 : threads[background.lastFair.slot].rank
      guard threads[t.slot].rank < rank else { return }
      let quantum = UInt64(threads[t.slot].quantum.microseconds)
      let (credit, overflow) = (rank - threads[t.slot].rank).multipliedReportingOverflow(by: threads[t.slot].weight)
      let gained = TimeSpan.microseconds(Int64(overflow ? quantum : min(credit, quantum)))
      threads[t.slot].left = min(threads[t.slot].left + gained, threads[t.slot].quantum)
      threads[t.slot].rank = rank
    }
  }

  /// The context of `t` is consumed from now on. Threads with fixed priorities leave the mark of the last fair one.
  mutating func noteLoaded(_ t: ThreadID) {
    if t.isNone || threads[t.slot].schedulingClass == .fair { background.lastFair = t }
  }

  /// The thread is no more: nobody begins where it stood, on no core it has been on.
  mutating func forgetFair(_ t: ThreadID) {
    if background.lastFair == t { background.lastFair = .none }
    for core in parked.indices where parked[core].background.lastFair == t {
      parked[core].background.lastFair = .none
    }
  }

  // MARK: Precedence

  /// Whether a woken thread of these classes has to wait for `c`: for an earlier rank, or, if `equals`, the same one.
  ///
  /// Fixed priorities have been compared already. Models `Sched_context::dominates`.
  func outranks(_ c: ThreadID, _ t: ThreadID, equals: Bool) -> Bool {
    guard !c.isNone, c != t, threads[t.slot].schedulingClass != .fixedPriority,
      threads[c.slot].schedulingClass == threads[t.slot].schedulingClass
    else { return false }
    let (first, second) = (precedence(c), precedence(t))
    return first == second ? equals : first < second
  }

  /// As for fixed priorities: a timeout lets nobody overtake an equal.
  mutating func preemptsBackgroundAtTick(_ t: ThreadID) -> Bool {
    for c in [current, currentContext] where !c.isNone && c != t {
      if threads[c.slot].schedulingClass == .fixedPriority || outranks(c, t, equals: true) { return false }
    }
    return true
  }

  private func precedence(_ t: ThreadID) -> (UInt8, UInt64) {
    let rank = threads[t.slot].rank
    guard let clock = lateThreshold, threads[t.slot].schedulingClass == .deadline else { return (0, rank) }
    return (rank < clock ? 1 : 0, rank)
  }

  // MARK: Invariants

  /// Who is listed stands in the list of its class once, with its rank; lists are in order.
  func checkBackground(_ core: Int, _ background: BackgroundQueue, _ findings: inout InvariantFindings) {
    let heap = background.fair.heap
    for place in heap.indices.dropFirst() {
      findings.require(heap[(place - 1) / 2].rank <= heap[place].rank, "the heap of fair threads is out of order")
    }
    let line = background.deadlines.entries
    for (before, after) in zip(line, line.dropFirst()) {
      findings.require(before.rank <= after.rank, "the deadline threads are out of order")
    }
    checkMembers(heap, .fair, &findings)
    checkMembers(line, .deadline, &findings)
    for index in threads.indices
    where threads[index].schedulingClass != .fixedPriority && Int(threads[index].core) == core {
      let places = (heap + line).count { $0.thread == ThreadID(index) }
      let wanted = threads[index].flags.contains(.listed) ? 1 : 0
      findings.require(places == wanted, "T\(index) is listed \(places) times, not \(wanted)")
      findings.require(threads[index].priority == 0, "T\(index) has a class below the priorities and a priority")
    }
    let last = background.lastFair
    findings.require(last.isNone || threads.contains(last.slot), "the last fair thread is gone")
  }

  private func checkMembers(
    _ entries: [RankedThread], _ schedulingClass: SchedulingClass, _ findings: inout InvariantFindings
  ) {
    for entry in entries {
      guard threads.contains(entry.thread.slot) else {
        findings.add("an absent thread is listed below the priorities")
        continue
      }
      let thread = threads[entry.thread.slot]
      findings.require(
        thread.schedulingClass == schedulingClass && thread.rank == entry.rank,
        "\(entry.thread) is listed with another class or rank than it has")
    }
  }
}
