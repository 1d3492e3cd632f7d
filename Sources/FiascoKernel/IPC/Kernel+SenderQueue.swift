// Writes: threads (queue links), irqs (queue links), gates and semaphores (first waiter).

/// A list of senders: those of a receiving thread, or the threads that wait at an unbound gate or a semaphore.
enum SenderList: Equatable {
  case thread(ThreadID)
  case gate(Int)
  case semaphore(Int)
}

extension Kernel {
  func firstSender(of list: SenderList) -> SenderID {
    switch list {
    case .thread(let t): threads[t.slot].firstSender
    case .gate(let g): gates[g].firstWaiter
    case .semaphore(let s): semaphores[s].firstWaiter
    }
  }

  private mutating func setFirst(_ sender: SenderID, of list: SenderList) {
    switch list {
    case .thread(let t): threads[t.slot].firstSender = sender
    case .gate(let g): gates[g].firstWaiter = sender
    case .semaphore(let s): semaphores[s].firstWaiter = sender
    }
  }

  func next(_ s: SenderID) -> SenderID {
    if let t = s.thread { return threads[t.slot].queueNext }
    if let i = s.irq { return irqs[i].queueNext }
    return .none
  }

  private func previous(_ s: SenderID) -> SenderID {
    if let t = s.thread { return threads[t.slot].queuePrevious }
    if let i = s.irq { return irqs[i].queuePrevious }
    return .none
  }

  private mutating func setNext(_ s: SenderID, _ value: SenderID) {
    if let t = s.thread { threads[t.slot].queueNext = value } else if let i = s.irq { irqs[i].queueNext = value }
  }

  private mutating func setPrevious(_ s: SenderID, _ value: SenderID) {
    if let t = s.thread {
      threads[t.slot].queuePrevious = value
    } else if let i = s.irq {
      irqs[i].queuePrevious = value
    }
  }

  /// IRQs queue like threads of the highest priority (`ipc_sender.cpp`: 255; observed g06 g07); a thread's own priority
  /// counts at the moment it queues and is not looked at again.
  private func queuedPriority(_ s: SenderID) -> Int {
    s.thread.map { Int(threads[$0.slot].queuedPriority) } ?? 255
  }

  /// Descending priority, first come first served among equals. Models `Prio_list::insert`.
  mutating func enqueue(_ s: SenderID, in list: SenderList) {
    if let t = s.thread { threads[t.slot].queuedPriority = threads[t.slot].priority }
    let priority = queuedPriority(s)
    var before = SenderID.none
    var cursor = firstSender(of: list)
    while !cursor.isNone, queuedPriority(cursor) >= priority {
      before = cursor
      cursor = next(cursor)
    }
    setPrevious(s, before)
    setNext(s, cursor)
    if !cursor.isNone { setPrevious(cursor, s) }
    if before.isNone { setFirst(s, of: list) } else { setNext(before, s) }
    if case .thread(let r) = list, threads[r.slot].flags.contains(.vcpu) { noteSenders(of: r, queued: true) }
  }

  mutating func remove(_ s: SenderID, from list: SenderList) {
    let before = previous(s)
    let after = next(s)
    if before.isNone { setFirst(after, of: list) } else { setNext(before, after) }
    if !after.isNone { setPrevious(after, before) }
    setNext(s, .none)
    setPrevious(s, .none)
    guard case .thread(let r) = list else { return }
    if threads[r.slot].nextModified == s { threads[r.slot].nextModified = after }
    if threads[r.slot].flags.contains(.vcpu) { noteSenders(of: r, queued: false) }
  }

  func isQueued(_ s: SenderID, in list: SenderList) -> Bool {
    var cursor = firstSender(of: list)
    while !cursor.isNone {
      if cursor == s { return true }
      cursor = next(cursor)
    }
    return false
  }

  /// All senders of a list, first to last.
  func senders(in list: SenderList) -> [SenderID] {
    var result: [SenderID] = []
    var cursor = firstSender(of: list)
    while !cursor.isNone {
      result.append(cursor)
      cursor = next(cursor)
    }
    return result
  }

  /// Takes a thread out of wherever it is queued for sending.
  mutating func leaveSenderQueue(_ t: ThreadID) {
    if !threads[t.slot].queuedAt.isNone {
      remove(SenderID(thread: t), from: .thread(threads[t.slot].queuedAt))
      threads[t.slot].queuedAt = .none
    } else if threads[t.slot].queuedAtGate >= 0 {
      let index = Int(threads[t.slot].queuedAtGate)
      remove(
        SenderID(thread: t), from: threads[t.slot].continuation == .semaphoreWait ? .semaphore(index) : .gate(index))
      threads[t.slot].queuedAtGate = -1
    }
  }
}
