// Writes: irqs, threads (message delivery).
import Determinism
import FiascoABI

extension Kernel {
  /// Models `Irq_sender::kinvoke`: trigger, bind, detach, end of interrupt.
  mutating func invokeIRQ(_ i: Int, _ capability: Capability, by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    if profile.attachesIRQs { return invokeAttachedIRQ(i, by: t, tag: tag) }
    guard let operation = irqOperation(t, tag) else { return .refused(.invalidArgument) }
    switch tag.label {
    case KernelProtocol.irq:
      switch operation {
      case Opcode.IRQ.trigger:
        triggerIRQ(i)
        return .noReply
      case Opcode.IRQ.endOfInterrupt: return endInterrupt(i)
      default: return .refused(.noSystemCall)
      }
    case KernelProtocol.kernelObject:
      guard operation == Opcode.IRQ.bind else { return .refused(.noSystemCall) }
      return capability.hasStrong ? bindIRQ(i, by: t, tag: tag) : .refused(.permission)
    case KernelProtocol.irqSender:
      guard operation == Opcode.IRQ.detach else { return .refused(.noSystemCall) }
      return capability.hasStrong ? detachIRQ(i) : .refused(.permission)
    default: return .refused(.badProtocol)
    }
  }

  /// An IRQ message without words is a trigger; every other one without words is refused before it is looked at.
  ///
  /// Models `Irq::get_irq_opcode`.
  private func irqOperation(_ t: ThreadID, _ tag: MessageTag) -> UInt64? {
    if tag.words > 0 { return utcbWord(t, 0) & 0xffff }
    return tag.label == KernelProtocol.irq || !profile.separatesIRQLabel ? Opcode.IRQ.trigger : nil
  }

  /// The source may fire again, unless a message is still waiting to be taken.
  mutating func endInterrupt(_ i: Int) -> InvocationOutcome {
    if irqs[i].pending == 0 { unmask(irqs[i].object) }
    return .noReply
  }

  /// The label is what stands in MR1, even if the message is shorter (conformance irq-sem/17).
  private mutating func bindIRQ(_ i: Int, by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    switch argument(t, tag, kind: .thread) {
    case .failed(let outcome): return outcome
    case .found(let thread):
      guard thread.hasStrong else { return .refused(.permission) }
      bindIRQ(i, to: ThreadID(Int(objects[thread.object.slot].index)), label: utcbWord(t, 1))
      return .ok
    }
  }

  /// Binds or rebinds; a pending trigger moves to the new thread.
  mutating func bindIRQ(_ i: Int, to thread: ThreadID, label: UInt64) {
    guard irqs[i].thread != thread else {
      irqs[i].label = label
      return
    }
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
    mask(irqs[i].object)
    // The level is still there when a thread is bound again; an edge has to be remembered.
    if irqs[i].line.isLevel { irqs[i].pending = 0 } else { irqs[i].line.wasOverrun = profile.irqsCoalesce }
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
  ///
  /// Models `Irq_sender::hit_level_irq` and `hit_edge_irq`.
  public mutating func triggerIRQ(_ i: Int) {
    charge(.irqTrigger)
    record(.irqTriggered(object: irqs[i].object))
    if irqs[i].isMuxer { return hitMuxer(i) }
    let isLevel = irqs[i].line.isLevel
    if isLevel {
      mask(irqs[i].object)
      // The request is asked for again when the line is unmasked.
      if irqs[i].thread.isNone { return }
    }
    let wasPending = irqs[i].pending > 0
    if !isLevel, wasPending || irqs[i].thread.isNone { maskOverrun(irqs[i].object) }
    if wasPending, profile.irqsCoalesce { return }
    irqs[i].pending += 1
    guard !irqs[i].thread.isNone, !irqs[i].isQueued else { return }
    sendIRQ(i)
  }

  mutating func sendIRQ(_ i: Int) {
    let t = irqs[i].thread
    if isRemote(t) {
      guard !irqs[i].isInFlight else { return }
      irqs[i].isInFlight = true
      return post(.irq(Int32(i)), to: Int(threads[t.slot].core))
    }
    // A thread that was killed takes nothing; one that has not begun finds the message when it waits.
    guard !threads[t.slot].flags.contains(.dying) else { return }
    if threads[t.slot].accepts(SenderID(irq: i)) {
      // A receiver that is ready already (cancelled, not yet run) keeps its place in the list.
      let wasReady = threads[t.slot].isReady
      deliverIRQ(i, to: t)
      threads[t.slot].endReceive()
      // An alien has to be told at the end of its call: there is no shortcut for it, so it runs when it is its turn.
      if threads[t.slot].flags.contains(.alien) { return enqueueFront(t) }
      guard !wasReady, deblock(t, lazy: true) else { return }
      // The shortcut straight to user mode passes the trampoline of a triggered exception by (exregs/irq-trigger).
      threads[t.slot].flags.remove(.triggered)
      switchWithContext(to: t)
    } else if vcpuTakesMessage(t) {
      interruptVCPU(t, i)
    } else {
      enqueue(SenderID(irq: i), in: .thread(t))
      irqs[i].isQueued = true
    }
  }

  /// A virtual processor that does not wait finds the message in its state area, when it is its turn.
  private mutating func interruptVCPU(_ t: ThreadID, _ i: Int) {
    irqs[i].pending -= 1
    beginVCPUMessage(t, from: SenderID(irq: i))
    setVCPUMessage(t, tag: MessageTag(), label: irqs[i].label)
    record(.irqDelivered(object: irqs[i].object, to: t))
    enqueueFront(t)
  }

  /// The message of an IRQ: no words, the label given when it was bound. Models `Irq_sender::transfer_msg`.
  mutating func deliverIRQ(_ i: Int, to t: ThreadID) {
    irqs[i].pending -= 1
    if irqs[i].isQueued, irqs[i].pending == 0 {
      remove(SenderID(irq: i), from: .thread(t))
      irqs[i].isQueued = false
    }
    // The last but one in profile r67, where each trigger is a message.
    if irqs[i].pending == (profile.irqsCoalesce ? 0 : 1) { endOverrun(irqs[i].object) }
    threads[t.slot].tag = MessageTag()
    threads[t.slot].label = irqs[i].label
    threads[t.slot].phase = .none
    record(.irqDelivered(object: irqs[i].object, to: t))
    succeed(t)
  }

  mutating func destroyIRQ(_ i: Int) {
    unqueueIRQ(i)
    let thread = irqs[i].thread
    disconnect(irqs[i].object)
    unchainAll(from: i)
    dropRequests(irq: i)
    retireIRQ(i)
    if !thread.isNone, threads.contains(thread.slot) { dropInternalReference(thread) }
  }
}
