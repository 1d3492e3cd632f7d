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
    digest.combine(1, current.index, currentContext.index)
    digest.combine(sliceEnd.picoseconds)
    digest.combine(accountedTicks)
    digest.combine(UInt64(bitPattern: idle.picoseconds))
    digest.combine(pendingCycles)
    timeouts.digest(into: &digest)
    digestSpaces(into: &digest)
    memory.digest(into: &digest)
  }

  func digestObjectTables(into digest: inout StateDigest) {
    gates.digest(into: &digest) { gate, digest in
      digest.combine(2, gate.thread.index, gate.firstWaiter.raw)
      digest.combine(gate.label)
    }
    irqs.digest(into: &digest) { irq, digest in
      digest.combine(3, irq.thread.index, Int32(bitPattern: irq.pending))
      digest.combine(irq.label)
      digest.combine(irq.isQueued ? 1 : 0, irq.queueNext.raw, irq.queuePrevious.raw)
      digest.combine(8, irq.controller.index, irq.pin)
    }
    semaphores.digest(into: &digest) { digest, into in
      into.combine(4, Int32(bitPattern: digest.count), digest.firstWaiter.raw)
    }
    factories.digest(into: &digest) { factory, digest in
      digest.combine(factory.limit)
      digest.combine(factory.used)
    }
    replySlots.digest(into: &digest) { slot, digest in
      digest.combine(UInt64(slot.index), slot.task.index, slot.caller.index)
    }
  }
}

extension KernelObject {
  func digest(into digest: inout StateDigest) {
    digest.combine(UInt64(kind.rawValue), index, payer.index)
    digest.combine(UInt64(countedReferences) << 32 | UInt64(firstCapability))
    digest.combine(bytes << 1 | (isDying ? 1 : 0))
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
    digest.combine(UInt64(callerRights), awaitedFrom.index, awaitedSlot)
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
    digest.combine(UInt64(priority), readyNext.index, readyPrevious.index)
    digest.combine(UInt64(bitPattern: quantum.picoseconds))
    digest.combine(UInt64(bitPattern: left.picoseconds))
    digest.combine(deadline.picoseconds)
    digest.combine(UInt64(internalReferences), deletionIRQ, Int32(utcbFrame))
    digest.combine(UInt64(bitPattern: consumed.picoseconds))
  }
}
