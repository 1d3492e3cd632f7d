// Writes: threads, and everything a dying thread is queued in.
import FiascoABI

extension Kernel {
  /// The last counted capability of a thread is gone: the victim cleans up in its own context, at its own priority.
  ///
  /// Models `Thread_object::destroy` and `Thread::kill`.
  mutating func killThread(_ t: ThreadID) {
    // A thread the kernel itself has killed is dead already; now nobody can name it any more.
    guard !threads[t.slot].flags.contains(.dying) else { return releaseThreadIfUnused(t) }
    record(.threadKilled(t))
    threads[t.slot].flags.insert(.dying)
    threads[t.slot].flags.remove(.triggered)
    if threads[t.slot].isDead || !threads[t.slot].flags.contains(.placed) {
      cleanUp(t)
      return
    }
    threads[t.slot].flags.insert(.cancel)
    leaveSenderQueue(t)
    disarm(t)
    makeReady(t)
  }

  /// The victim has the processor.
  mutating func finishKill(_ t: ThreadID) {
    while let sender = senders(in: .thread(t)).first {
      abortSender(sender, of: t)
      // Each wake-up is a preemption point: a sender may run, and find the victim still alive.
      if let s = sender.thread, threads[s.slot].isReady, deblock(s, lazy: false) { return schedule() }
    }
    cleanUp(t)
    schedule()
    releaseThreadIfUnused(t)
  }

  /// Ends every relation of the thread. Callers that wait for its reply keep waiting: nobody tells them.
  ///
  /// Models `Thread::do_kill`.
  private mutating func cleanUp(_ t: ThreadID) {
    disarm(t)
    if profile.tracksReplyCapability { withdrawReplyCapability(of: t) }
    if !threads[t.slot].caller.isNone, threads.contains(threads[t.slot].caller.slot) {
      threads[threads[t.slot].caller.slot].awaitedFrom = .none
      threads[t.slot].caller = .none
    }
    for sender in senders(in: .thread(t)) { abortSender(sender, of: t) }
    leaveSenderQueue(t)
    dequeue(t)
    threads[t.slot].flags.subtract([.ready, .cancel, .timeout, .inException])
    threads[t.slot].flags.insert(.dead)
    threads[t.slot].phase = .none
    threads[t.slot].continuation = .user
    threads[t.slot].entry = .user
    if currentContext == t {
      currentContext = .none
      sliceEnd = .never
    }
    unbind(t)
    if t != current { releaseThreadIfUnused(t) }
  }

  /// Task and UTCB go although gates may keep the control block.
  private mutating func unbind(_ t: ThreadID) {
    let task = threads[t.slot].task
    guard !task.isNone else { return }
    threads[t.slot].task = .none
    threads[t.slot].utcbFrame = -1
    releaseTask(task)
  }

  /// A queued sender learns that its receiver is gone; in profile r67 it is woken and goes back to sleep.
  private mutating func abortSender(_ sender: SenderID, of t: ThreadID) {
    remove(sender, from: .thread(t))
    if let s = sender.thread {
      threads[s.slot].queuedAt = .none
      guard profile.deathWakesSenders else { return }
      disarm(s)
      threads[s.slot].flags.formUnion([.transferFailed, .ready])
      enqueueFront(s)
    } else if let i = sender.irq {
      // It stays bound and pending: whoever is bound to it next gets the message.
      irqs[i].isQueued = false
    }
  }

  /// The control block goes when no gate or IRQ refers to it any more.
  mutating func releaseThreadIfUnused(_ t: ThreadID) {
    guard threads.contains(t.slot), threads[t.slot].isDead, threads[t.slot].internalReferences == 0, t != current,
      !objects.contains(threads[t.slot].object.slot) || objects[threads[t.slot].object.slot].isDying
    else { return }
    let object = threads[t.slot].object
    threads.remove(t.slot)
    registers.remove(t.slot)
    forgetThread(t)
    if objects.contains(object.slot) { releaseObject(object) }
  }

  /// The table slot will be used again: nobody may take the next thread there for this one.
  ///
  /// The original keeps raw pointers here; what a closed wait does when the memory is used again is left to chance
  /// there. A stale reply capability stops that kernel, or reaches whoever got the memory (observed a44 r55 r56).
  private mutating func forgetThread(_ t: ThreadID) {
    for index in threads.indices {
      if threads[index].partner == SenderID(thread: t) { threads[index].partner = .gone }
      if threads[index].caller == t { threads[index].caller = profile.tracksReplyCapability ? .none : .freed }
      // An explicit slot outlives the thread that received the call.
      if threads[index].awaitedFrom == t { threads[index].awaitedFrom = .none }
    }
  }
}
