// Writes: threads (continuation, entry), registers (results of system calls), memory (UTCB error word).
import FiascoABI
import RISCV

extension Kernel {
  /// An IPC failed: the tag shows the error, the UTCB the code.
  ///
  /// A failed send phase destroys the whole tag; a failed receive phase keeps the tag of the message sent.
  mutating func fail(_ t: ThreadID, _ error: IPCError) {
    disarm(t)
    record(.ipcFailed(t, error: error))
    setError(t, error)
    threads[t.slot].lastError = error
    // Where there is no reply slot the operation did not begin.
    let isReceivePhase = error.rawValue & 1 != 0 && error != .noReplyCapability
    threads[t.slot].tag = isReceivePhase ? threads[t.slot].tag.withError(true) : .failed
    threads[t.slot].phase = .none
    threads[t.slot].flags.subtract([.timeout, .cancel, .transferFailed])
    threads[t.slot].hasReceivePhase = false
    threads[t.slot].continuation = .finish
  }

  /// The receive phase is over with a message.
  mutating func succeed(_ t: ThreadID) {
    threads[t.slot].flags.subtract([.timeout, .cancel, .transferFailed])
    threads[t.slot].continuation = .finish
  }

  /// The operation is over: what was it for?
  mutating func finish(_ t: ThreadID) {
    let result = threads[t.slot].leaveOperation()
    switch result.purpose {
    case .user:
      break
    case .systemCall:
      registers[t.slot].a0 = result.tag.raw
      if let label = result.label { registers[t.slot].a3 = label }
      if recordsTrace { recordResult(of: t, result.tag) }
      if result.isAlien { finishAlienCall(t) }
    case .pageFault:
      finishPageFault(t)
    case .exception:
      finishException(t)
    case .vcpuResume:
      finishReceiveOnResume(t, result.tag, label: result.label)
    }
  }

  private mutating func recordResult(of t: ThreadID, _ tag: MessageTag) {
    let error = tag.hasError ? IPCError(rawValue: utcbWord(t, UTCB.error)) : nil
    record(.ipcReturned(t, tag: tag.raw, label: registers[t.slot].a3, error: error))
  }

  /// Runs what the current thread still has to do inside the kernel, and whoever gets the processor meanwhile,
  /// until a thread is back in user mode or nobody is ready.
  mutating func leave() {
    while !current.isNone, stopped == nil {
      let t = current
      let position = threads[t.slot].position
      let isUnfinished = position.continuation == .requestWait || position.continuation == .modifySenders
      if position.flags.contains(.dying), !isUnfinished {
        finishKill(t)
        continue
      }
      switch position.continuation {
      case .user:
        guard !threads[t.slot].task.isNone else {
          enterWithoutTask(t)
          continue
        }
        guard !position.flags.isDisjoint(with: [.triggered, .upcall]) else {
          charge(.leaveKernel)
          return
        }
        if position.flags.contains(.upcall) { enterPendingVCPU(t) } else { raiseTriggeredException(t) }
      case .receive: continueReceive(t)
      case .sendWait: continueSendWait(t)
      case .receiveWait: continueReceiveWait(t)
      case .gateWait: continueGateWait(t)
      case .semaphoreWait: continueSemaphoreWait(t)
      case .unblockGate: continueUnblocking(t)
      case .sendQueued: continueSendQueued(t)
      case .requestWait: continueRequestWait(t)
      case .modifySenders:
        isAtPreemptionPoint = true
        return
      case .finish: finish(t)
      case .raise:
        threads[t.slot].continuation = .user
        sendException(t)
      case .stranded: continueStranded(t)
      }
    }
  }
}
