// Writes: semaphores, threads (waiting and waking).
import Determinism
import FiascoABI

// Profile modern only.
extension Kernel {
  /// `down` waits with the receive timeout; `up` is a trigger. Models `Semaphore::kinvoke`.
  mutating func invokeSemaphore(_ s: Int, _ capability: Capability, by t: ThreadID, tag: MessageTag)
    -> InvocationOutcome
  {
    guard let operation = irqOperation(t, tag) else { return .refused(.invalidArgument) }
    if tag.label == KernelProtocol.irq {
      switch operation {
      case Opcode.IRQ.trigger: raiseSemaphore(s)
      case Opcode.IRQ.endOfInterrupt: break
      default: return .refused(.noSystemCall)
      }
      return .noReply
    }
    guard tag.label == KernelProtocol.semaphore else { return .refused(.badProtocol) }
    guard operation == 0 else { return .refused(.noSystemCall) }
    guard capability.hasStrong else { return .refused(.permission) }
    setUTCBWord(t, UTCB.error, 0)
    guard semaphores[s].count == 0 else {
      semaphores[s].count -= 1
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

  private mutating func raiseSemaphore(_ s: Int) {
    guard let t = semaphores[s].firstWaiter.thread else {
      semaphores[s].count += 1
      return
    }
    remove(SenderID(thread: t), from: .semaphore(s))
    threads[t.slot].queuedAtGate = -1
    threads[t.slot].flags.insert(.ready)
    disarm(t)
    if deblock(t, lazy: true) { switchWithContext(to: t) }
  }

  mutating func destroySemaphore(_ s: Int) {
    var woken: [ThreadID] = []
    while let t = semaphores[s].firstWaiter.thread {
      remove(SenderID(thread: t), from: .semaphore(s))
      threads[t.slot].queuedAtGate = -1
      threads[t.slot].flags.formUnion([.transferFailed, .ready])
      disarm(t)
      woken.append(t)
    }
    semaphores.remove(s)
    activate(woken)
  }
}
