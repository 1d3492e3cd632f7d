// Writes: threads (flags), areas, registers (entry), memory (state area of the virtual processor).
import Determinism
import FiascoABI

/// Why a virtual processor enters its program, with the number the kernel's own trace uses.
public enum VCPUEntry: UInt8, BitwiseCopyable, Sendable { case message = 1, exception, pageFault, pendingMessage }

extension Kernel {
  /// Where the thread's instructions and data are: its task, or the user task of its virtual processor.
  ///
  /// Models `Context::vcpu_aware_space`.
  @inlinable @inline(__always)
  public func executedTask(of t: ThreadID) -> TaskID {
    threads[t.slot].flags.contains(.vcpuUser) ? userTask(of: t) : threads[t.slot].task
  }

  @usableFromInline func userTask(of t: ThreadID) -> TaskID { areas[Int(threads[t.slot].areas)].userTask }

  // MARK: The state area

  func vcpuPlace(_ t: ThreadID) -> KernelUserPlace { areas[Int(threads[t.slot].areas)].vcpu }

  func vcpuWord(_ t: ThreadID, _ index: Int) -> UInt64 { word(vcpuPlace(t), index) }

  mutating func setVCPUWord(_ t: ThreadID, _ index: Int, _ value: UInt64) { setWord(vcpuPlace(t), index, value) }

  /// What the thread takes as entries of its own; nothing without a virtual processor.
  func vcpuState(_ t: ThreadID) -> VCPUFlags {
    guard threads[t.slot].flags.contains(.vcpu) else { return [] }
    return VCPUFlags(rawValue: UInt16(truncatingIfNeeded: vcpuWord(t, VCPUState.flags)))
  }

  func vcpuSavedState(_ t: ThreadID) -> VCPUFlags {
    VCPUFlags(rawValue: UInt16(truncatingIfNeeded: vcpuWord(t, VCPUState.flags) >> 16))
  }

  mutating func setVCPUState(_ t: ThreadID, _ state: VCPUFlags, saved: VCPUFlags? = nil) {
    var word = vcpuWord(t, VCPUState.flags) & ~0xffff | UInt64(state.rawValue)
    if let saved { word = word & ~0xffff_0000 | UInt64(saved.rawValue) << 16 }
    setVCPUWord(t, VCPUState.flags, word)
  }

  func vcpuHasIRQPending(_ t: ThreadID) -> Bool {
    vcpuWord(t, VCPUState.flags) >> 32 & UInt64(VCPUState.irqPending) != 0
  }

  /// Somebody has queued at the thread, or nobody is queued any more. Models `vcpu_set_irq_pending` and
  /// `vcpu_update_state`.
  mutating func noteSenders(of t: ThreadID, queued: Bool) {
    guard queued || threads[t.slot].firstSender.isNone else { return }
    let word = vcpuWord(t, VCPUState.flags)
    let bit = UInt64(VCPUState.irqPending) << 32
    setVCPUWord(t, VCPUState.flags, queued ? word | bit : word & ~bit)
  }

  // MARK: Control

  /// MR1 names the state area. There is no way back, and no extended (virtualising) processor on this board.
  ///
  /// Models `Thread_object::sys_vcpu_control`.
  mutating func controlVCPU(_ target: ThreadID, by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    let address = tag.words >= 2 ? utcbWord(t, 1) : 0
    guard address != 0 else { return .refused(.invalidArgument) }
    guard utcbWord(t, 0) & 0x1_0000 == 0 else { return .refused(.noSystemCall) }
    guard let place = kernelUserPlace(threads[target.slot].task, address, bytes: VCPUState.bytes) else {
      return .refused(.invalidArgument)
    }
    areas[makeAreas(of: target)].vcpu = place
    setWord(place, VCPUState.version, VCPUState.currentVersion)
    setWord(place, VCPUState.hostSaved, word(place, VCPUState.hostSaved) & ~0xff)
    threads[target.slot].flags.insert(.vcpu)
    return .ok
  }

  // MARK: Entries

  /// The processor stops taking entries and leaves user mode. Models `Context::vcpu_enter_kernel_mode`.
  mutating func leaveVCPU(_ t: ThreadID) {
    guard threads[t.slot].flags.contains(.vcpu) else { return }
    let state = vcpuState(t)
    setVCPUState(t, state.subtracting([.traps, .userMode]), saved: state)
    let sp = state.contains(.userMode) ? vcpuWord(t, VCPUState.entryStackPointer) : registers[t.slot].sp
    setVCPUWord(t, VCPUState.stackPointer, sp)
    threads[t.slot].flags.subtract([.vcpuUser, .vcpuNoFPU])
  }

  /// An exception of a virtual processor that takes them: its program is entered at once.
  ///
  /// False if the exception goes to the handler. Models the vCPU part of `Thread::send_exception`.
  mutating func vcpuTakesException(_ t: ThreadID) -> Bool {
    guard vcpuState(t).contains(.exceptions) else { return false }
    // Something else is to happen at the return to user mode: that comes first, the exception will come again.
    guard threads[t.slot].flags.isDisjoint(with: [.triggered, .upcall]) else { return true }
    leaveVCPU(t)
    record(.vcpuEntered(t, .exception, state: vcpuSavedState(t).rawValue))
    saveTrapState(of: t, to: vcpuPlace(t), at: VCPUState.registers)
    enterVCPUProgram(t, sp: vcpuWord(t, VCPUState.stackPointer))
    return true
  }

  /// A page fault of a virtual processor that takes them. Models `Thread::vcpu_pagefault`.
  mutating func vcpuTakesPageFault(_ t: ThreadID) -> Bool {
    guard vcpuState(t).contains(.pageFaults) else { return false }
    leaveVCPU(t)
    record(.vcpuEntered(t, .pageFault, state: vcpuSavedState(t).rawValue))
    setVCPUWord(t, VCPUState.registers + ExceptionMessage.cause, threads[t.slot].faultCause)
    setVCPUWord(t, VCPUState.registers + ExceptionMessage.value, threads[t.slot].faultAddress)
    threads[t.slot].flags.insert(.upcall)
    return true
  }

  /// Whether a message may come although the thread does not wait. Models the test of `Receiver::vcpu_async_ipc`.
  func vcpuTakesMessage(_ t: ThreadID) -> Bool {
    threads[t.slot].flags.contains(.vcpu) && threads[t.slot].phase == .none && vcpuState(t).contains(.irqs)
  }

  /// The processor is made ready for a message into its state area; its program is entered when the thread next
  /// returns to user mode. A triggered exception is forgotten by that.
  mutating func beginVCPUMessage(_ t: ThreadID, from sender: SenderID) {
    leaveVCPU(t)
    record(.vcpuEntered(t, .message, state: vcpuSavedState(t).rawValue))
    setVCPUWord(t, VCPUState.registers + ExceptionMessage.cause, ExceptionCause.message)
    threads[t.slot].partner = sender
    threads[t.slot].replySlot = -1
    threads[t.slot].flags.remove(.triggered)
    threads[t.slot].flags.insert(.upcall)
  }

  mutating func setVCPUMessage(_ t: ThreadID, tag: MessageTag, label: UInt64) {
    setVCPUWord(t, VCPUState.messageTag, tag.raw)
    setVCPUWord(t, VCPUState.messageLabel, label)
  }

  /// The thread is about to return to user mode with an entry pending: its registers go to the state area.
  ///
  /// Models `leave_by_vcpu_upcall`.
  mutating func enterPendingVCPU(_ t: ThreadID) {
    threads[t.slot].flags.remove(.upcall)
    saveRegisters(of: t, to: vcpuPlace(t), at: VCPUState.registers)
    enterVCPUProgram(t, sp: vcpuWord(t, VCPUState.stackPointer))
  }

  /// The program begins at its entry with the state area in a0. gp and tp are the host's, all else is zero.
  ///
  /// Models `Thread::vcpu_return_to_kernel`.
  mutating func enterVCPUProgram(_ t: ThreadID, sp: UInt64) {
    if vcpuWord(t, VCPUState.hostSaved) & 0xff != 0 {
      registers[t.slot][4] = vcpuWord(t, VCPUState.hostThreadPointer)
      registers[t.slot][3] = vcpuWord(t, VCPUState.hostGlobalPointer)
      setVCPUWord(t, VCPUState.hostSaved, vcpuWord(t, VCPUState.hostSaved) & ~0xff)
    }
    for number in 1..<32 where number != 3 && number != 4 { registers[t.slot][number] = 0 }
    registers[t.slot].sp = sp
    registers[t.slot].a0 = vcpuPlace(t).address
    registers[t.slot].pc = vcpuWord(t, VCPUState.entryInstructionPointer) & ~1
  }

  // MARK: Kernel-made messages

  /// While the kernel sends a message for the thread no other may come in. Models `Context::vcpu_disable_irqs`.
  mutating func holdVCPUMessages(_ t: ThreadID) {
    let state = vcpuState(t)
    guard state.contains(.irqs) else { return }
    setVCPUState(t, state.subtracting(.irqs))
    threads[t.slot].flags.insert(.vcpuIRQsOff)
  }

  mutating func releaseVCPUMessages(_ t: ThreadID) {
    guard threads[t.slot].flags.contains(.vcpuIRQsOff) else { return }
    threads[t.slot].flags.remove(.vcpuIRQsOff)
    setVCPUState(t, vcpuState(t).union(.irqs))
  }
}
