// Writes: threads (flags, entry), areas (user task), registers, memory (state area), and what map operations write.
import FiascoABI

extension Kernel {
  /// The program of a virtual processor lets it go on where its state area says, in the user task or in its own.
  ///
  /// There is an answer only if that is refused. Models `Thread_object::sys_vcpu_resume`.
  mutating func resumeVCPU(_ t: ThreadID, target: ThreadID) {
    let tag = threads[t.slot].tag
    guard target == t, threads[t.slot].flags.contains(.vcpu) else {
      return refuseResume(t, .refused(.invalidArgument))
    }
    if let refusal = chooseUserTask(t) { return refuseResume(t, .refused(refusal)) }
    if let outcome = mapIntoUserTask(t, tag) { return refuseResume(t, outcome) }
    if vcpuSavedState(t).contains(.irqs), vcpuHasIRQPending(t) {
      receiveOnResume(t)
    } else {
      completeResume(t)
    }
  }

  /// Without a receive phase nobody hears a refusal; an error of the message is told in any case.
  private mutating func refuseResume(_ t: ThreadID, _ outcome: InvocationOutcome) {
    let waits = ObjectReference(raw: registers[t.slot].a1).operation.contains(.receive)
    threads[t.slot].entry = .systemCall
    if case .ipcError = outcome { return complete(t, outcome) }
    complete(t, waits ? outcome : .noReply)
  }

  /// A new selector is looked up once and marked so; operation bits 8 take the task away.
  private mutating func chooseUserTask(_ t: ThreadID) -> InvocationError? {
    let selector = ObjectReference(raw: vcpuWord(t, VCPUState.userTask))
    if !selector.isSpecial, selector.operation == [] {
      var task = TaskID.none
      if let found = capability(of: threads[t.slot].task, at: selector.index),
        objects[found.object.slot].kind == .task
      {
        guard found.hasStrong else { return .permission }
        task = TaskID(Int(objects[found.object.slot].index))
      }
      setUserTask(t, task)
      setVCPUWord(t, VCPUState.userTask, selector.raw | IPCOperation.send.rawValue)
    } else if selector.operation == .reply {
      setUserTask(t, .none)
    }
    return nil
  }

  private mutating func setUserTask(_ t: ThreadID, _ task: TaskID) {
    let index = Int(threads[t.slot].areas)
    let old = areas[index].userTask
    guard task != old else { return }
    if !task.isNone { retainTask(task) }
    areas[index].userTask = task
    if !old.isNone { releaseTask(old) }
  }

  /// Typed items of the call are mapped into the user task, wherever they say. An outcome ends the operation.
  private mutating func mapIntoUserTask(_ t: ThreadID, _ tag: MessageTag) -> InvocationOutcome? {
    let task = areas[Int(threads[t.slot].areas)].userTask
    guard !task.isNone else { return nil }
    for number in 0..<tag.items {
      guard let (item, page) = sendItem(of: t, at: tag.words + 2 * number) else { break }
      guard !tasks[task.slot].isDead else { return .refused(.noEntry) }
      let outcome = map(item, page, from: threads[t.slot].task, to: task, window: .everything)
      if let failure = outcome.failure { return .ipcError(failure) }
    }
    return nil
  }

  // MARK: A message that is pending already

  /// Messages would be let in now and one is waiting: it is received without a wait, and the program entered again.
  private mutating func receiveOnResume(_ t: ThreadID) {
    let selector = ObjectReference(raw: vcpuWord(t, VCPUState.messageSelector))
    threads[t.slot].replySlot = -1
    if profile.explicitReplySlots, selector.namesReplySlot {
      guard selector.index < Self.replySlotLimit else {
        setError(t, .noReplyCapability)
        setVCPUWord(t, VCPUState.messageTag, MessageTag.failed.raw)
        return completeResume(t)
      }
      threads[t.slot].replySlot = Int32(truncatingIfNeeded: selector.index)
    }
    threads[t.slot].entry = .vcpuResume
    threads[t.slot].timeouts = IPCTimeouts(send: .zero, receive: .zero)
    threads[t.slot].tag = MessageTag(raw: vcpuWord(t, VCPUState.messageTag))
    startIPC(t, sendTo: nil, receive: .open)
  }

  /// The receive is over. Even if the message has gone meanwhile the program is entered; a cancel lets it go on.
  mutating func finishReceiveOnResume(_ t: ThreadID, _ tag: MessageTag, label: UInt64?) {
    setVCPUWord(t, VCPUState.messageTag, tag.raw)
    if !tag.hasError, let label { setVCPUWord(t, VCPUState.messageLabel, label) }
    threads[t.slot].hasReceivePhase = false
    guard !tag.hasError || threads[t.slot].lastError == .receiveTimeout else { return completeResume(t) }
    setVCPUWord(t, VCPUState.registers + ExceptionMessage.cause, ExceptionCause.message)
    record(.vcpuEntered(t, .pendingMessage, state: vcpuState(t).rawValue))
    leaveSystemCall(t)
    enterVCPUProgram(t, sp: pendingEntryStack(t))
  }

  /// A message that came instead of user mode enters on the entry's own stack.
  func pendingEntryStack(_ t: ThreadID) -> UInt64 {
    vcpuWord(t, vcpuSavedState(t).contains(.userMode) ? VCPUState.entryStackPointer : VCPUState.registers + 2)
  }

  // MARK: Going on

  private mutating func completeResume(_ t: ThreadID) {
    let state = vcpuSavedState(t)
    setVCPUState(t, state)
    guard state.contains(.userMode) else {
      // In its own task the program keeps its global and its thread pointer.
      setVCPUWord(t, VCPUState.registers + 3, registers[t.slot][3])
      setVCPUWord(t, VCPUState.registers + 4, registers[t.slot][4])
      return goOn(t, state, in: threads[t.slot].task)
    }
    let task = areas[Int(threads[t.slot].areas)].userTask
    guard !task.isNone else { return refuseResume(t, .refused(.noEntry)) }
    setVCPUWord(t, VCPUState.hostThreadPointer, registers[t.slot][4])
    setVCPUWord(t, VCPUState.hostGlobalPointer, registers[t.slot][3])
    setVCPUWord(t, VCPUState.hostSaved, vcpuWord(t, VCPUState.hostSaved) & ~0xff | 1)
    setVCPUState(t, state.union(.traps))
    threads[t.slot].flags.insert(.vcpuUser)
    if !state.contains(.fpuEnabled) { threads[t.slot].flags.insert(.vcpuNoFPU) }
    goOn(t, state, in: task)
  }

  private mutating func goOn(_ t: ThreadID, _ state: VCPUFlags, in task: TaskID) {
    record(.vcpuResumed(t, task: task, state: state.rawValue))
    leaveSystemCall(t)
    loadRegisters(of: t, from: vcpuPlace(t), at: VCPUState.registers)
  }

  /// The call gives no result and what was to happen at its end does not happen: the thread is in user mode at once.
  private mutating func leaveSystemCall(_ t: ThreadID) {
    threads[t.slot].continuation = .user
    threads[t.slot].entry = .user
    threads[t.slot].hasReceivePhase = false
    threads[t.slot].alienReturn = false
    threads[t.slot].replySlot = -1
    threads[t.slot].flags.subtract([.triggered, .upcall])
  }
}
