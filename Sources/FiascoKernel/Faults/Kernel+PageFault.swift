// Writes: threads (fault fields, saved registers), memory (UTCB of the faulter).
import FiascoABI

/// What kind of access has no translation.
public enum FaultAccess: UInt8, BitwiseCopyable, Sendable {
  case load, store, fetch

  var cause: UInt64 {
    switch self {
    case .load: ExceptionCause.loadPageFault
    case .store: ExceptionCause.storePageFault
    case .fetch: ExceptionCause.instructionPageFault
    }
  }
}

extension Kernel {
  /// User addresses end here (Sv39); higher ones are no page faults but exceptions.
  public static var userLimit: UInt64 { 1 << 38 }

  /// The current thread touched memory without a translation: the kernel calls its pager for it.
  ///
  /// Models `Thread::handle_page_fault` and `handle_page_fault_pager`.
  public mutating func pageFault(address: UInt64, access: FaultAccess) {
    let t = current
    precondition(!t.isNone, "a page fault needs a running thread")
    charge(.pageFaultEntry)
    if profile.faultForgetsCancel { threads[t.slot].flags.remove(.cancel) }
    threads[t.slot].faultAddress = address
    threads[t.slot].faultCause = access.cause
    record(.pageFaulted(t, address: address, ip: registers[t.slot].pc))
    if vcpuTakesPageFault(t) {
      // Its program is entered on the way out.
    } else if address >= Self.userLimit {
      sendException(t)
    } else if enterFaultTrampoline(t) {
      // It goes on in its own handler.
    } else if threads[t.slot].flags.contains(.alien) {
      // An alien's faults are exceptions like everything else it does.
      sendException(t)
    } else {
      callPager(t)
    }
    leave()
  }

  private mutating func callPager(_ t: ThreadID) {
    holdVCPUMessages(t)
    saveDisplacedRegisters(t)
    setUTCBWord(t, 0, faultMessageWord(t))
    setUTCBWord(t, 1, registers[t.slot].pc)
    threads[t.slot].entry = .pageFault
    threads[t.slot].tag = MessageTag(label: KernelProtocol.pageFault, words: 2)
    sendFaultMessage(t, to: threads[t.slot].pager)
  }

  /// Address and kind of the fault in one word.
  func faultMessageWord(_ t: ThreadID) -> UInt64 {
    let cause = threads[t.slot].faultCause
    // Bit 0: the hardware does not tell whether something was mapped, so it is always set on this architecture.
    let bits: UInt64 =
      1 | (cause == ExceptionCause.storePageFault ? 2 : 0) | (cause == ExceptionCause.instructionPageFault ? 4 : 0)
    return threads[t.slot].faultAddress & ~7 | bits
  }

  /// A call on behalf of the thread, to whatever stands in the named slot of its own task.
  mutating func sendFaultMessage(_ t: ThreadID, to selector: UInt64) {
    threads[t.slot].timeouts = .never
    threads[t.slot].label = 0
    threads[t.slot].replySlot = -1
    guard let target = faultTarget(t, selector) else { return missingFaultTarget(t) }
    switch target {
    case .thread(let handler):
      startIPC(t, sendTo: handler, receive: .closed(SenderID(thread: handler)))
    case .rootPager:
      askRootPager(t)
    case .unboundGate(let gate):
      sleepAtGate(t, gate, until: .never)
    }
  }

  private enum FaultTarget { case thread(ThreadID), unboundGate(Int), rootPager }

  private mutating func faultTarget(_ t: ThreadID, _ selector: UInt64) -> FaultTarget? {
    let reference = ObjectReference(raw: selector)
    guard let found = capability(of: threads[t.slot].task, at: reference.index) else {
      return nil
    }
    threads[t.slot].sendRights = found.rights
    let object = objects[found.object.slot]
    switch object.kind {
    case .thread: return .thread(ThreadID(Int(object.index)))
    case .gate:
      let gate = Int(object.index)
      guard !gates[gate].thread.isNone else { return .unboundGate(gate) }
      threads[t.slot].label = gates[gate].label | UInt64(found.rights & 3)
      return .thread(gates[gate].thread)
    case .rootPager: return threads[t.slot].entry == .pageFault ? .rootPager : nil
    case .task, .irq, .semaphore, .factory, .scheduler, .log, .icu, .inert: return nil
    }
  }

  /// No pager: today's kernel kills the thread, the one of 2016 lets it sleep for ever. No handler: it sleeps in both.
  private mutating func missingFaultTarget(_ t: ThreadID) {
    if threads[t.slot].entry == .pageFault {
      record(.pageFaultUnanswered(t, address: threads[t.slot].faultAddress))
      if profile.missingPagerKills {
        threads[t.slot].flags.insert(.dying)
        return
      }
    }
    if threads[t.slot].entry == .exception {
      if recordsTrace { record(.exceptionUnanswered(t, handler: threads[t.slot].exceptionHandler)) }
    }
    threads[t.slot].continuation = .stranded
    block(t, until: .never)
  }

  /// A thread that was started without having been bound has the kernel's own task: nothing is mapped there, and no
  /// pager can be named.
  mutating func enterWithoutTask(_ t: ThreadID) {
    threads[t.slot].entry = .pageFault
    threads[t.slot].faultAddress = registers[t.slot].pc
    threads[t.slot].faultCause = ExceptionCause.instructionPageFault
    record(.pageFaulted(t, address: registers[t.slot].pc, ip: registers[t.slot].pc))
    missingFaultTarget(t)
  }

  /// Only a cancel ends this wait: a fault is then taken again, an exception is forgotten.
  mutating func continueStranded(_ t: ThreadID) {
    guard threads[t.slot].flags.contains(.cancel) else { return block(t, until: .never) }
    fail(t, .sendCanceled)
  }

  /// The pager has answered, or could not be asked.
  mutating func finishPageFault(_ t: ThreadID) {
    let tag = threads[t.slot].tag
    let refusedByWord = utcbWord(t, 0) == .max
    if recordsTrace {
      let error = tag.hasError ? threads[t.slot].lastError : nil
      record(.pageFaultAnswered(t, address: threads[t.slot].faultAddress, error: error))
    }
    restoreDisplacedRegisters(t)
    releaseVCPUMessages(t)
    if tag.hasError {
      // A cancelled fault counts as handled: the thread faults again unless its ip was changed.
      if threads[t.slot].lastError == .notExistent { sendException(t) }
    } else if profile.pagerRefusesByLabel ? tag.label < 0 : refusedByWord {
      sendException(t)
    }
  }

  /// The kernel uses MR0, MR1 and the receive buffers of the thread for its own message (`Pf_msg_utcb_saver`).
  mutating func saveDisplacedRegisters(_ t: ThreadID) {
    threads[t.slot].saved.message0 = utcbWord(t, 0)
    threads[t.slot].saved.message1 = utcbWord(t, 1)
    saveBuffers(t)
  }

  mutating func saveBuffers(_ t: ThreadID) {
    threads[t.slot].saved.descriptor = utcbWord(t, UTCB.bufferDescriptor)
    threads[t.slot].saved.buffer0 = utcbWord(t, UTCB.bufferRegisters)
    threads[t.slot].saved.buffer1 = utcbWord(t, UTCB.bufferRegisters + 1)
    // One buffer for everything, with FPU inheritance: what a checkpointer sees in the UTCB of a stopped thread.
    setUTCBWord(t, UTCB.bufferDescriptor, UTCB.inheritFPU)
    setUTCBWord(t, UTCB.bufferRegisters, 8)
    setUTCBWord(t, UTCB.bufferRegisters + 1, FlexPage.everything.raw)
    threads[t.slot].flags.insert(.savedBuffers)
  }

  private mutating func restoreDisplacedRegisters(_ t: ThreadID) {
    setUTCBWord(t, 0, threads[t.slot].saved.message0)
    setUTCBWord(t, 1, threads[t.slot].saved.message1)
    restoreBuffers(t)
  }

  mutating func restoreBuffers(_ t: ThreadID) {
    guard threads[t.slot].flags.contains(.savedBuffers) else { return }
    setUTCBWord(t, UTCB.bufferDescriptor, threads[t.slot].saved.descriptor)
    setUTCBWord(t, UTCB.bufferRegisters, threads[t.slot].saved.buffer0)
    setUTCBWord(t, UTCB.bufferRegisters + 1, threads[t.slot].saved.buffer1)
    threads[t.slot].flags.remove(.savedBuffers)
  }
}
