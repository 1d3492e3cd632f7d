// Writes: threads (exception state), registers (from a handler's reply), memory (message registers of the handler).
import FiascoABI
import RISCV

extension Kernel {
  /// The current thread executed something that traps: its handler is called with the whole register set.
  public mutating func exception(cause: UInt64, value: UInt64) {
    let t = current
    precondition(!t.isNone, "an exception needs a running thread")
    charge(.exceptionEntry)
    threads[t.slot].faultCause = cause
    threads[t.slot].faultAddress = value
    sendException(t)
    leave()
  }

  /// ex_regs asked for it: raised when the thread is about to return to user mode. The value is that of the last trap.
  mutating func raiseTriggeredException(_ t: ThreadID) {
    threads[t.slot].flags.remove(.triggered)
    threads[t.slot].faultCause = ExceptionCause.triggered
    charge(.exceptionEntry)
    sendException(t)
  }

  /// Calls the exception handler. This is the only way to read *and* write a thread's registers.
  ///
  /// Models `Thread::send_exception`.
  mutating func sendException(_ t: ThreadID) {
    record(.exceptionRaised(t, cause: threads[t.slot].faultCause, ip: registers[t.slot].pc))
    if vcpuTakesException(t) { return }
    holdVCPUMessages(t)
    saveBuffers(t)
    threads[t.slot].flags.remove(.cancel)
    threads[t.slot].entry = .exception
    threads[t.slot].flags.insert(.inException)
    threads[t.slot].tag = MessageTag(
      label: KernelProtocol.exception, words: ExceptionMessage.words, flags: .transferFPU)
    sendFaultMessage(t, to: threads[t.slot].exceptionHandler)
  }

  /// Trap state to the handler's message registers; the faulter's own message registers are not touched. A handler that
  /// wants floating-point state takes it away from the faulter.
  ///
  /// Models `Thread::copy_ts_to_utcb`.
  mutating func writeExceptionMessage(of t: ThreadID, to handler: ThreadID) {
    setUTCBWord(handler, ExceptionMessage.returnWork, 0)
    for number in 1..<32 { setUTCBWord(handler, number, registers[t.slot][number]) }
    setUTCBWord(handler, ExceptionMessage.instructionPointer, registers[t.slot].pc)
    setUTCBWord(handler, ExceptionMessage.status, Self.userStatus | fpuStatus(of: t))
    setUTCBWord(handler, ExceptionMessage.cause, threads[t.slot].faultCause)
    setUTCBWord(handler, ExceptionMessage.value, threads[t.slot].faultAddress)
    setUTCBWord(handler, ExceptionMessage.words - 1, 0)
    if inheritsFPU(handler), threads[t.slot].sendRights & 2 != 0 { transferFPU(from: t, to: handler) }
  }

  /// A reply of fewer than 37 words changes nothing; cause and value of a full one are ignored.
  ///
  /// Models `Thread::copy_utcb_to_ts`.
  mutating func applyExceptionReply(_ tag: MessageTag, from handler: ThreadID, to t: ThreadID) {
    guard tag.words >= ExceptionMessage.words else { return }
    for number in 1..<32 { registers[t.slot][number] = utcbWord(handler, number) }
    registers[t.slot].pc = utcbWord(handler, ExceptionMessage.instructionPointer) & ~1
    if tag.flags.contains(.transferFPU), threads[handler.slot].sendRights & 2 != 0 {
      transferFPU(from: handler, to: t)
    }
  }

  /// Answered or aborted: errors of the exception message are ignored, the thread goes back to user mode.
  mutating func finishException(_ t: ThreadID) {
    threads[t.slot].flags.remove(.inException)
    restoreBuffers(t)
    releaseVCPUMessages(t)
    if !threads[t.slot].tag.hasError, threads[t.slot].tag.label == 1, threads[t.slot].flags.contains(.alien) {
      threads[t.slot].flags.insert(.alienPermitted)
    }
  }

  /// `sstatus` of every user thread: interrupts on after return, 64-bit user mode.
  static var userStatus: UInt64 { 0x2_0000_0020 }

  // MARK: Alien threads

  /// Whether an alien thread's system call may proceed; otherwise its handler is told first, with pc at the call.
  mutating func admitAlienCall(_ t: ThreadID) -> Bool {
    if threads[t.slot].flags.contains(.alienPermitted) {
      threads[t.slot].flags.remove(.alienPermitted)
      threads[t.slot].alienReturn = true
      return true
    }
    threads[t.slot].faultCause = ExceptionCause.systemCall
    sendException(t)
    return false
  }

  mutating func finishAlienCall(_ t: ThreadID) {
    threads[t.slot].alienReturn = false
    threads[t.slot].faultCause = ExceptionCause.alienAfterSystemCall
    sendException(t)
  }
}
