// Writes: irqs (thread, label, chain). The IRQ objects of profile r67: attached once, counted, chained to muxers.
import FiascoABI

extension Kernel {
  /// One label for everything, and no rights are asked for. Models `Irq_sender::kinvoke` and `Irq_muxer::kinvoke`.
  mutating func invokeAttachedIRQ(_ i: Int, by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    guard tag.label == KernelProtocol.irq else { return .refused(.badProtocol) }
    guard tag.words > 0 else { return .refused(.invalidArgument) }
    switch utcbWord(t, 0) & 0xffff {
    case Opcode.IRQ.trigger:
      triggerIRQ(i)
      return .noReply
    case Opcode.IRQ.endOfInterrupt where !irqs[i].isMuxer, 0 where !irqs[i].isMuxer: return .noReply
    case Opcode.IRQ.attach where !irqs[i].isMuxer: return attachIRQ(i, by: t, tag: tag)
    case Opcode.IRQ.chain where irqs[i].isMuxer: return chainIRQ(to: i, by: t, tag: tag)
    default: return .refused(.invalidArgument)
    }
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

  // MARK: Muxers

  /// Puts an IRQ into the chain of a muxer, in front; it leaves its pin or its former muxer. Models `Irq_muxer::sys_attach`.
  private mutating func chainIRQ(to muxer: Int, by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    guard let argument = capabilityArgument(t, tag), objects[argument.object.slot].kind == .irq else {
      return .refused(.invalidArgument)
    }
    let i = Int(objects[argument.object.slot].index)
    guard i != muxer, !irqs[i].isMuxer else { return .refused(.invalidArgument) }
    unchain(i)
    irqs[i].controller = .none
    irqs[i].muxer = Int32(truncatingIfNeeded: muxer)
    irqs[i].nextChained = irqs[muxer].firstChained
    irqs[muxer].firstChained = Int32(truncatingIfNeeded: i)
    return .ok
  }

  /// Everything in the chain, the last chained first. Models `Irq_muxer::handle`.
  mutating func triggerChained(_ muxer: Int) {
    var next = irqs[muxer].firstChained
    while next >= 0 {
      let i = Int(next)
      next = irqs[i].nextChained
      triggerIRQ(i)
    }
  }

  /// Takes an IRQ out of its muxer's chain, or lets a muxer's chain go.
  mutating func unchain(_ i: Int) {
    var chained = irqs[i].firstChained
    while chained >= 0 {
      let next = irqs[Int(chained)].nextChained
      irqs[Int(chained)].muxer = -1
      irqs[Int(chained)].nextChained = -1
      chained = next
    }
    irqs[i].firstChained = -1
    guard irqs[i].muxer >= 0 else { return }
    let muxer = Int(irqs[i].muxer)
    if irqs[muxer].firstChained == Int32(i) {
      irqs[muxer].firstChained = irqs[i].nextChained
    } else {
      var before = Int(irqs[muxer].firstChained)
      while irqs[before].nextChained != Int32(i) { before = Int(irqs[before].nextChained) }
      irqs[before].nextChained = irqs[i].nextChained
    }
    irqs[i].muxer = -1
    irqs[i].nextChained = -1
  }
}
