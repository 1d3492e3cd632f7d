// Reads every table: the kernel's part of the state digest.
import Determinism
import FiascoABI

extension Kernel {
  /// Feeds the whole kernel state, RAM included, into a digest. Equal states have equal digests in every process.
  public func digest(into digest: inout StateDigest) {
    precondition(outbox.isEmpty, "records must have left the kernel before it is digested")
    objects.digest(into: &digest) { $0.digest(into: &$1) }
    threads.digest(into: &digest) { $0.digest(into: &$1) }
    registers.digest(into: &digest) { registers, digest in
      for number in 0..<32 { digest.combine(registers[number]) }
      digest.combine(registers.pc)
    }
    digestObjectTables(into: &digest)
    digestFPU(into: &digest)
    digest.combine(1, current.index, currentContext.index)
    digest.combine(sliceEnd.picoseconds)
    ready.digest(into: &digest)
    background.digest(into: &digest)
    digest.combine(accountedTicks)
    digest.combine(UInt64(bitPattern: idle.picoseconds))
    digest.combine(pendingCycles)
    digest.combine(rootPager.showsClock ? rootPager.shownTick : 1 << 63)
    digest.combine(together: logAttributes.input, logAttributes.output, logAttributes.local)
    timeouts.digest(into: &digest)
    if isMulticore { digestProcessors(into: &digest) }
    digestSpaces(into: &digest)
    memory.digest(into: &digest)
  }

  /// Which core acts is part of the state, and so is what the others have before them.
  private func digestProcessors(into digest: inout StateDigest) {
    digest.combine(9, Int32(activeCore), Int32(coreCount))
    digest.combine(interruptedCores)
    for core in 0..<coreCount {
      let processor = processor(core)
      digest.combine(10, processor.current.index, processor.currentContext.index)
      digest.combine(processor.sliceEnd.picoseconds)
      readyQueue(core).digest(into: &digest)
      processor.background.digest(into: &digest)
      digest.combine(processor.accountedTicks)
      digest.combine(UInt64(bitPattern: processor.idle.picoseconds))
      processor.timeouts.digest(into: &digest)
      digest.combine(processor.requests.count)
      for request in processor.requests { request.digest(into: &digest) }
    }
  }

  func digestObjectTables(into digest: inout StateDigest) {
    gates.digest(into: &digest) { gate, digest in
      digest.combine(2, gate.thread.index, gate.firstWaiter.raw)
      digest.combine(gate.label)
    }
    irqs.digest(into: &digest) { irq, digest in
      digest.combine(3, irq.thread.index, Int32(bitPattern: irq.pending))
      digest.combine(irq.label)
      digest.combine((irq.isQueued ? 1 : 0) | (irq.isInFlight ? 2 : 0), irq.queueNext.raw, irq.queuePrevious.raw)
      digest.combine(irq.line.digestWord)
      digest.combine(8, irq.firstChained.index, irq.maskedChained << 1 | (irq.isMuxer ? 1 : 0))
    }
    semaphores.digest(into: &digest) { digest, into in
      into.combine(UInt64(bitPattern: digest.count))
      into.combine(digest.line.digestWord)
      into.combine(4, 0, digest.firstWaiter.raw)
    }
    factories.digest(into: &digest) { factory, digest in
      digest.combine(factory.limit)
      digest.combine(factory.used)
    }
    areas.digest(into: &digest) { area, digest in
      digest.combine(9, area.thread.index, area.userTask.index)
      for place in [area.vcpu, area.trampoline] {
        digest.combine(place.address)
        digest.combine(10, place.frames.0, place.frames.1)
      }
    }
    replySlots.digest(into: &digest) { slot, digest in
      digest.combine(UInt64(slot.index), slot.task.index, slot.caller.index)
    }
    pins.digest(into: &digest) { pin, digest in
      digest.combine(9, pin.bound.index, (pin.isRequested ? 1 : 0) | (pin.isAsserted ? 2 : 0))
    }
    digest.combine(10, interruptRequested ? 1 : 0, 0)
    digest.combine(together: logAttributes.input, logAttributes.output, logAttributes.local)
  }
}

extension KernelObject {
  func digest(into digest: inout StateDigest) {
    digest.combine(UInt64(kind.rawValue), index, payer.index)
    digest.combine(UInt64(countedReferences) << 32 | UInt64(firstCapability))
    digest.combine(bytes << 1 | (isDying ? 1 : 0), droppedReferences, 0)
  }
}

extension Thread {
  func digest(into digest: inout StateDigest) {
    digest.combine(UInt64(flags.rawValue), task.index, Int32(phase.rawValue))
    digest.combine(UInt64(entry.rawValue) << 8 | UInt64(continuation.rawValue), partner.raw, replySlot)
    digest.combine(tag.raw)
    digest.combine(label)
    digest.combine(timeouts.raw << 16 | UInt64(sendRights) << 8 | (hasReceivePhase ? 1 : 0))
    digest.combine(UInt64(queuedPriority), queuedAt.index, queuedAtGate)
    digest.combine(6, queueNext.raw, queuePrevious.raw)
    digest.combine(7, firstSender.raw, caller.index)
    if !nextModified.isNone { digest.combine(11, nextModified.raw, 0) }
    digest.combine(Int(fpuState))
    digest.combine(UInt64(callerRights), awaitedFrom.index, awaitedEntry)
    digest.combine(pager)
    digest.combine(exceptionHandler)
    digest.combine(faultAddress)
    digest.combine(faultCause)
    digest.combine(utcbAddress)
    digest.combine(saved.message0)
    digest.combine(saved.message1)
    digest.combine(saved.descriptor)
    digest.combine(saved.buffer0)
    digest.combine(saved.buffer1)
    digest.combine(UInt64(priority) | UInt64(core) << 8, readyNext.index, readyPrevious.index)
    digest.combine(UInt64(bitPattern: quantum.picoseconds))
    digest.combine(UInt64(schedulingClass.rawValue) << 56 ^ weight)
    digest.combine(rank)
    digest.combine(UInt64(bitPattern: left.picoseconds))
    digest.combine(deadline.picoseconds)
    digest.combine(UInt64(internalReferences), deletionObserver.index, Int32(utcbFrame))
    digest.combine(alienReturn ? 12 : 13, areas, waitedGate)
    digest.combine(UInt64(bitPattern: consumed.picoseconds))
  }
}
