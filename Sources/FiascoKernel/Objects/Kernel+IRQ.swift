// Writes: irqs, semaphores, threads (message delivery).
import Determinism
import FiascoABI

extension Kernel {
  /// Models `Irq_sender::kinvoke`: trigger, bind, detach, end of interrupt.
  mutating func invokeIRQ(_ i: Int, _ capability: Capability, by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    if profile.attachesIRQs { return invokeAttachedIRQ(i, by: t, tag: tag) }
    let operation = tag.words > 0 ? utcbWord(t, 0) & 0xffff : Opcode.IRQ.trigger
    switch tag.label {
    case KernelProtocol.irq:
      switch operation {
      case Opcode.IRQ.trigger:
        triggerIRQ(i)
        return .noReply
      case Opcode.IRQ.endOfInterrupt, 0: return .noReply
      default: return .refused(.noSystemCall)
      }
    case KernelProtocol.kernelObject:
      guard tag.words > 0 else { return .refused(.invalidArgument) }
      guard operation == Opcode.IRQ.bind else { return .refused(.noSystemCall) }
      return capability.hasStrong ? bindIRQ(i, by: t, tag: tag) : .refused(.permission)
    case KernelProtocol.irqSender:
      guard operation == Opcode.IRQ.detach else { return .refused(.noSystemCall) }
      return capability.hasStrong ? detachIRQ(i) : .refused(.permission)
    default: return .refused(.badProtocol)
    }
  }

  /// The label is what stands in MR1, even if the message is shorter (conformance irq-sem/17).
  private mutating func bindIRQ(_ i: Int, by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    guard let argument = capabilityArgument(t, tag), objects[argument.object.slot].kind == .thread else {
      return .refused(.invalidArgument)
    }
    guard argument.hasStrong else { return .refused(.permission) }
    bindIRQ(i, to: ThreadID(Int(objects[argument.object.slot].index)), label: utcbWord(t, 1))
    return .ok
  }

  /// Binds or rebinds; a pending trigger moves to the new thread.
  mutating func bindIRQ(_ i: Int, to thread: ThreadID, label: UInt64) {
    let wasPending = irqs[i].pending > 0
    unqueueIRQ(i)
    threads[thread.slot].internalReferences += 1
    let old = irqs[i].thread
    irqs[i].thread = thread
    irqs[i].label = label
    if !old.isNone { dropInternalReference(old) }
    if wasPending { sendIRQ(i) }
  }

  private mutating func detachIRQ(_ i: Int) -> InvocationOutcome {
    guard !irqs[i].thread.isNone else { return .refused(.noEntry) }
    let wasPending = irqs[i].pending > 0
    unbindIRQ(i)
    return .answer(label: wasPending ? 1 : 0)
  }

  mutating func unbindIRQ(_ i: Int) {
    unqueueIRQ(i)
    let old = irqs[i].thread
    irqs[i].thread = .none
    dropInternalReference(old)
  }

  private mutating func unqueueIRQ(_ i: Int) {
    guard irqs[i].isQueued else { return }
    remove(SenderID(irq: i), from: .thread(irqs[i].thread))
    irqs[i].isQueued = false
  }

  /// Software or hardware trigger. Profile modern: one message however often; profile r67: one for each.
  public mutating func triggerIRQ(_ i: Int) {
    charge(.irqTrigger)
    record(.irqTriggered(object: irqs[i].object))
    if irqs[i].isMuxer { return triggerChained(i) }
    if irqs[i].pending > 0, profile.irqsCoalesce { return }
    irqs[i].pending += 1
    guard !irqs[i].thread.isNone, !irqs[i].isQueued else { return }
    sendIRQ(i)
  }

  private mutating func sendIRQ(_ i: Int) {
    let t = irqs[i].thread
    // A thread that was killed takes nothing; one that has not begun finds the message when it waits.
    guard !threads[t.slot].flags.contains(.dying) else { return }
    if threads[t.slot].accepts(SenderID(irq: i)) {
      // A receiver that is ready already (cancelled, not yet run) keeps its place in the list.
      let wasReady = threads[t.slot].isReady
      deliverIRQ(i, to: t)
      threads[t.slot].endReceive()
      guard !wasReady, deblock(t, lazy: true) else { return }
      // The shortcut straight to user mode passes the trampoline of a triggered exception by (exregs/irq-trigger).
      threads[t.slot].flags.remove(.triggered)
      switchWithContext(to: t)
    } else {
      enqueue(SenderID(irq: i), in: .thread(t))
      irqs[i].isQueued = true
    }
  }

  /// The message of an IRQ: no words, the label given when it was bound. Models `Irq_sender::transfer_msg`.
  mutating func deliverIRQ(_ i: Int, to t: ThreadID) {
    irqs[i].pending -= 1
    if irqs[i].isQueued, irqs[i].pending == 0 {
      remove(SenderID(irq: i), from: .thread(t))
      irqs[i].isQueued = false
    }
    threads[t.slot].tag = MessageTag()
    threads[t.slot].label = irqs[i].label
    threads[t.slot].phase = .none
    record(.irqDelivered(object: irqs[i].object, to: t))
    succeed(t)
  }

  mutating func destroyIRQ(_ i: Int) {
    unqueueIRQ(i)
    unchain(i)
    let thread = irqs[i].thread
    irqs.remove(i)
    forgetIRQ(i)
    if !thread.isNone, threads.contains(thread.slot) { dropInternalReference(thread) }
  }

  /// The table slot will be used again: nobody may take the next IRQ there for this one.
  ///
  /// A closed wait for it goes on for ever (conformance irq-sem/11).
  private mutating func forgetIRQ(_ i: Int) {
    for index in threads.indices {
      if threads[index].partner == SenderID(irq: i) { threads[index].partner = .gone }
      if threads[index].deletionIRQ == Int32(i) { threads[index].deletionIRQ = -2 }
    }
  }

  // MARK: Semaphores (profile modern)

  /// `down` waits with the receive timeout; `up` is a trigger. Models `Semaphore::kinvoke`.
  mutating func invokeSemaphore(_ s: Int, _ capability: Capability, by t: ThreadID, tag: MessageTag)
    -> InvocationOutcome
  {
    if tag.label == KernelProtocol.irq {
      raiseSemaphore(s)
      return .noReply
    }
    guard tag.label == KernelProtocol.semaphore else { return .refused(.badProtocol) }
    guard capability.hasStrong else { return .refused(.permission) }
    guard tag.words > 0 else { return .refused(.invalidArgument) }
    guard utcbWord(t, 0) & 0xffff == 0 else { return .refused(.noSystemCall) }
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
    leaveSenderQueue(t)
    threads[t.slot].phase = .none
    // An error of the semaphore destroys the whole tag, although it is one of the receive phase.
    if flags.contains(.transferFailed) {
      complete(t, .ipcError(.notExistent))
    } else if flags.contains(.cancel) {
      complete(t, .ipcError(.receiveCanceled))
    } else if flags.contains(.timeout) {
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
    for sender in senders(in: .semaphore(s)) {
      guard let t = sender.thread else { continue }
      remove(sender, from: .semaphore(s))
      threads[t.slot].queuedAtGate = -1
      threads[t.slot].flags.insert(.transferFailed)
      disarm(t)
      makeReady(t)
    }
    semaphores.remove(s)
  }
}
