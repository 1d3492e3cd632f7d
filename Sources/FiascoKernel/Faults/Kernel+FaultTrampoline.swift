// Writes: threads (flags), areas, registers, memory (trampoline area, message registers).
import FiascoABI

extension Kernel {
  /// A page-fault handler inside the thread itself (profile `modern`): set up, switched on and off by anybody who has
  /// the thread's capability, left by the thread alone.
  ///
  /// Models `Thread_object::sys_pf_tramp_control`.
  mutating func controlFaultTrampoline(_ target: ThreadID, by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    guard tag.items == 0 else { return .refused(.messageTooLong) }
    switch utcbWord(t, 0) & ~0xffff {
    case FaultTrampoline.setup: return setUpFaultTrampoline(target, by: t, tag: tag)
    case FaultTrampoline.resume: return leaveFaultTrampoline(target, by: t, tag: tag, reflects: false)
    case FaultTrampoline.reflect: return leaveFaultTrampoline(target, by: t, tag: tag, reflects: true)
    case FaultTrampoline.disable:
      guard tag.words <= 1 else { return .refused(.messageTooLong) }
      setUTCBWord(t, 0, threads[target.slot].flags.contains(.trampoline) ? 1 : 0)
      threads[target.slot].flags.remove(.trampoline)
      return .answer(label: 0, words: 1)
    case FaultTrampoline.enable:
      guard tag.words <= 1 else { return .refused(.messageTooLong) }
      guard trampolinePlace(target) != nil else { return .refused(.invalidArgument) }
      threads[target.slot].flags.insert(.trampoline)
      return .ok
    default: return .refused(.noSystemCall)
    }
  }

  private func trampolinePlace(_ t: ThreadID) -> KernelUserPlace? {
    guard threads[t.slot].areas >= 0 else { return nil }
    let place = areas[Int(threads[t.slot].areas)].trampoline
    return place.isNone ? nil : place
  }

  private mutating func setUpFaultTrampoline(
    _ target: ThreadID, by t: ThreadID, tag: MessageTag
  ) -> InvocationOutcome {
    guard tag.words >= 2 else { return .refused(.messageTooShort) }
    guard tag.words == 2 else { return .refused(.messageTooLong) }
    guard let place = kernelUserPlace(threads[target.slot].task, utcbWord(t, 1), bytes: FaultTrampoline.bytes) else {
      return .refused(.invalidArgument)
    }
    areas[makeAreas(of: target)].trampoline = place
    threads[target.slot].flags.insert(.trampoline)
    return .ok
  }

  /// The thread goes on at the handler in its trampoline area; the fault that the handler itself takes goes to the
  /// pager. Models `Thread::handle_page_fault_trampoline`.
  mutating func enterFaultTrampoline(_ t: ThreadID) -> Bool {
    guard threads[t.slot].flags.contains(.trampoline), let place = trampolinePlace(t) else { return false }
    threads[t.slot].flags.remove(.trampoline)
    saveTrapState(of: t, to: place, at: FaultTrampoline.registers)
    setWord(place, FaultTrampoline.savedMessage, utcbWord(t, 0))
    setWord(place, FaultTrampoline.flags, word(place, FaultTrampoline.flags) | FaultTrampoline.inProgress)
    registers[t.slot].pc = word(place, FaultTrampoline.instructionPointer) & ~1
    registers[t.slot].a0 = place.address
    registers[t.slot].a1 = faultMessageWord(t)
    return true
  }

  /// The handler is done: the thread repeats the instruction that faulted, or its exception handler hears of the
  /// fault (`reflects`), or of an exception that somebody wanted meanwhile.
  private mutating func leaveFaultTrampoline(
    _ target: ThreadID, by t: ThreadID, tag: MessageTag, reflects: Bool
  ) -> InvocationOutcome {
    guard tag.words <= 1 else { return .refused(.messageTooLong) }
    guard target == t else { return .refused(.permission) }
    guard let place = trampolinePlace(t), !threads[t.slot].flags.contains(.trampoline) else {
      return .refused(.invalidArgument)
    }
    threads[t.slot].flags.insert(.trampoline)
    setUTCBWord(t, 0, word(place, FaultTrampoline.savedMessage))
    let flags = word(place, FaultTrampoline.flags)
    let wanted = FaultTrampoline.inProgress | FaultTrampoline.triggerAfterwards
    setWord(place, FaultTrampoline.flags, flags & ~wanted)
    loadRegisters(of: t, from: place, at: FaultTrampoline.registers)
    threads[t.slot].entry = .user
    threads[t.slot].continuation = .user
    threads[t.slot].alienReturn = false
    if reflects {
      threads[t.slot].faultCause = word(place, FaultTrampoline.registers + ExceptionMessage.cause)
      threads[t.slot].faultAddress = word(place, FaultTrampoline.registers + ExceptionMessage.value)
      threads[t.slot].continuation = .raise
    } else if flags & FaultTrampoline.triggerAfterwards != 0 {
      threads[t.slot].faultCause = ExceptionCause.triggered
      threads[t.slot].faultAddress = 0
      threads[t.slot].continuation = .raise
    }
    return .none
  }
}
