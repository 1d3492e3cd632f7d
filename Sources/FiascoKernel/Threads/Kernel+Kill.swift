// Writes: threads, and everything a dying thread is queued in.
import FiascoABI

extension Kernel {
  /// The last counted capability of a thread is gone: the victim cleans up in its own context, at its own priority.
  ///
  /// Models `Thread_object::destroy` and `Thread::kill`.
  mutating func killThread(_ t: ThreadID) {
    // A thread the kernel itself has killed is dead already; now nobody can name it any more.
    guard !threads[t.slot].flags.contains(.dying) else { return releaseThreadIfUnused(t) }
    if isRemote(t), !threads[t.slot].isDead { return post(.kill(t), to: Int(threads[t.slot].core)) }
    record(.threadKilled(t))
    threads[t.slot].flags.insert(.dying)
    threads[t.slot].flags.subtract([.triggered, .upcall])
    if threads[t.slot].isDead || threads[t.slot].flags.isDisjoint(with: [.placed, .migrating]) {
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
      if let s = sender.thread, threads[s.slot].isReady, !isRemote(s), deblock(s, lazy: false) { return schedule() }
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
    if threads[t.slot].continuation == .unblockGate { wakeGateWaiters(of: t) }
    if profile.tracksReplyCapability { withdrawReplyCapability(of: t) }
    if !threads[t.slot].caller.isNone, threads.contains(threads[t.slot].caller.slot) {
      threads[threads[t.slot].caller.slot].awaitedFrom = .none
      threads[t.slot].caller = .none
    }
    for sender in senders(in: .thread(t)) { abortSender(sender, of: t) }
    leaveSenderQueue(t)
    dequeue(t)
    releaseFPU(of: t)
    if !threads[t.slot].isDead, profile.marksFreeUTCBs { setUTCBWord(t, UTCB.freeMarker, 0) }
    threads[t.slot].flags.subtract([.ready, .cancel, .timeout, .inException])
    threads[t.slot].flags.insert(.dead)
    threads[t.slot].phase = .none
    threads[t.slot].continuation = .user
    threads[t.slot].entry = .user
    if currentContext == t { invalidateContext() }
    forgetFair(t)
    let observer = threads[t.slot].deletionObserver
    if !observer.isNone { disconnect(observer) }
    releaseAreas(of: t)
    unbind(t)
    if t != current { releaseThreadIfUnused(t) }
  }

  /// Task and UTCB go although gates may keep the control block.
  private mutating func unbind(_ t: ThreadID) {
    let task = threads[t.slot].task
    guard !task.isNone else { return }
    threads[t.slot].task = .none
    threads[t.slot].utcbFrame = -1
    // The last thread of a task takes its explicit reply slots with it: those clients wait for ever.
    if replySlots.count > 0, !threads.indices.contains(where: { threads[$0].task == task }) { dropReplySlots(of: task) }
    releaseTask(task)
  }

  /// A queued sender learns that its receiver is gone; in profile r67 it is woken and goes back to sleep.
  private mutating func abortSender(_ sender: SenderID, of t: ThreadID) {
    remove(sender, from: .thread(t))
    if let s = sender.thread {
      threads[s.slot].queuedAt = .none
      guard profile.deathWakesSenders else { return }
      disarm(s)
      threads[s.slot].flags.insert(.transferFailed)
      makeReady(s)
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
    freeFPUState(of: t)
    let observer = threads[t.slot].deletionObserver
    if !observer.isNone { disconnect(observer) }
    retireThread(t)
    if objects.contains(object.slot) { releaseObject(object) }
  }
}
