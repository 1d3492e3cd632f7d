// Writes: semaphores, threads (wait at a semaphore).
import Determinism
import FiascoABI

/// Semaphores, which profile r67 does not have.
extension Kernel {
  /// `down` waits with the receive timeout; `up` is a trigger. Models `Semaphore::kinvoke`.
  mutating func invokeSemaphore(_ s: Int, _ capability: Capability, by t: ThreadID, tag: MessageTag)
    -> InvocationOutcome
  {
    if tag.words == 0, tag.label != KernelProtocol.irq { return .refused(.invalidArgument) }
    let operation = tag.words > 0 ? utcbWord(t, 0) & 0xffff : Opcode.IRQ.trigger
    switch (tag.label, operation) {
    case (KernelProtocol.irq, Opcode.IRQ.trigger):
      hit(semaphores[s].object)
      return .noReply
    case (KernelProtocol.irq, Opcode.IRQ.endOfInterrupt):
      if semaphores[s].count == 0 { unmask(semaphores[s].object) }
      return .noReply
    case (KernelProtocol.semaphore, Opcode.Semaphore.down):
      return capability.hasStrong ? lowerSemaphore(s, by: t) : .refused(.permission)
    case (KernelProtocol.irq, _), (KernelProtocol.semaphore, _): return .refused(.noSystemCall)
    default: return .refused(.badProtocol)
    }
  }

  /// Models `Semaphore::sys_down`.
  private mutating func lowerSemaphore(_ s: Int, by t: ThreadID) -> InvocationOutcome {
    setUTCBWord(t, UTCB.error, 0)
    guard semaphores[s].count == 0 else {
      semaphores[s].count -= 1
      if semaphores[s].count == 1, !semaphores[s].line.isLevel { unmask(semaphores[s].object) }
      return .ok
    }
    switch deadline(of: threads[t.slot].timeouts.receive, for: t) {
    case .passed: return .ipcError(.receiveTimeout)
    case .never: sleepAtSemaphore(t, s, until: .never)
    case .at(let instant): sleepAtSemaphore(t, s, until: instant)
    }
    return .none
  }

  private mutating func sleepAtSemaphore(_ t: ThreadID, _ s: Int, until: Instant) {
    enqueue(SenderID(thread: t), in: .semaphore(s))
    threads[t.slot].queuedAtGate = Int32(s)
    threads[t.slot].phase = .receiveWait
    threads[t.slot].partner = SenderID(thread: t)
    threads[t.slot].continuation = .semaphoreWait
    block(t, until: until)
  }

  mutating func continueSemaphoreWait(_ t: ThreadID) {
    let flags = threads[t.slot].flags
    // Whoever was let through before he was cancelled or his time was up has what he wanted.
    let stillWaits = threads[t.slot].queuedAtGate >= 0
    leaveSenderQueue(t)
    threads[t.slot].phase = .none
    threads[t.slot].flags.subtract([.cancel, .timeout, .transferFailed])
    // An error of the semaphore destroys the whole tag, although it is one of the receive phase.
    if flags.contains(.transferFailed) {
      complete(t, .ipcError(.notExistent))
    } else if stillWaits, flags.contains(.cancel) {
      complete(t, .ipcError(.receiveCanceled))
    } else if stillWaits, flags.contains(.timeout) {
      complete(t, .ipcError(.receiveTimeout))
    } else {
      complete(t, .ok)
    }
  }

  /// Wakes the first waiter, or counts. Models `Semaphore::hit_edge_irq` and `hit_level_irq`.
  mutating func raiseSemaphore(_ s: Int) {
    if semaphores[s].line.isLevel || semaphores[s].count > 0 { mask(semaphores[s].object) }
    guard let t = semaphores[s].firstWaiter.thread else {
      if semaphores[s].count < .max { semaphores[s].count += 1 }
      return
    }
    remove(SenderID(thread: t), from: .semaphore(s))
    threads[t.slot].queuedAtGate = -1
    disarm(t)
    if wake(t, lazy: true) { switchWithContext(to: t) }
  }

  mutating func destroySemaphore(_ s: Int) {
    var woken: [ThreadID] = []
    while let t = semaphores[s].firstWaiter.thread {
      remove(SenderID(thread: t), from: .semaphore(s))
      threads[t.slot].queuedAtGate = -1
      threads[t.slot].flags.insert(.transferFailed)
      disarm(t)
      woken.append(t)
    }
    disconnect(semaphores[s].object)
    semaphores.remove(s)
    activate(woken)
  }
}
