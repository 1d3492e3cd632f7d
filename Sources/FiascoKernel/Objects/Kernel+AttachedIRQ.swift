// Writes: irqs (thread, label, chain). The IRQ objects of profile r67: attached once, counted, chained to muxers.
import FiascoABI

extension Kernel {
  /// One label for everything, and no rights are asked for. Models `Irq_sender::kinvoke`.
  mutating func invokeAttachedIRQ(_ i: Int, by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    guard tag.label == KernelProtocol.irq else { return .refused(.badProtocol) }
    guard tag.words > 0 else { return .refused(.invalidArgument) }
    let operation = utcbWord(t, 0) & 0xffff
    if operation == Opcode.IRQ.trigger {
      triggerIRQ(i)
      return .noReply
    }
    if irqs[i].isMuxer { return operation == Opcode.IRQ.chain ? chain(to: i, by: t, tag) : .refused(.invalidArgument) }
    switch operation {
    case Opcode.IRQ.endOfInterrupt, 0: return endInterrupt(i)
    case Opcode.IRQ.attach: return attachIRQ(i, by: t, tag: tag)
    default: return .refused(.invalidArgument)
    }
  }

  /// A muxer triggers another IRQ object from now on. Models `Irq_muxer::sys_attach`.
  private mutating func chain(to muxer: Int, by t: ThreadID, _ tag: MessageTag) -> InvocationOutcome {
    guard case .found(let argument) = interruptArgument(t, tag) else { return .refused(.invalidArgument) }
    // A muxer that fires itself would never come to an end: the original does not look.
    guard !isChained(irqs[muxer].object, below: argument.object) else { return .refused(.invalidArgument) }
    disconnect(argument.object)
    connect(argument.object, to: .muxer(irqs[muxer].object))
    return .ok
  }

  /// To a thread (its own if no thread capability is given), or off the one it has if no item is given.
  ///
  /// Detaching is always right; attaching twice is not, even if the thread has died meanwhile. Models `sys_attach`.
  private mutating func attachIRQ(_ i: Int, by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    guard tag.items > 0 else {
      if !irqs[i].thread.isNone { unbindIRQ(i) }
      return .ok
    }
    guard irqs[i].thread.isNone else { return .refused(.invalidArgument) }
    var thread = t
    if let argument = capabilityArgument(t, tag), objects[argument.object.slot].kind == .thread {
      thread = ThreadID(Int(objects[argument.object.slot].index))
    }
    irqs[i].thread = thread
    irqs[i].label = utcbWord(t, 1)
    irqs[i].pending = 0
    threads[thread.slot].internalReferences += 1
    return .ok
  }
}
