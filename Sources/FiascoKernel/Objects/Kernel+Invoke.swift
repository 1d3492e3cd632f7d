// Writes: threads (frame of the running system call), registers (program counter). The one dispatch of system calls.
import FiascoABI
import RISCV

extension Kernel {
  /// The current thread executed `ecall`: a0 tag, a1 object and operation, a2 timeouts, a3 label.
  ///
  /// Models `sys_ipc_wrapper` (syscalls.cpp).
  public mutating func systemCall() {
    let t = current
    precondition(!t.isNone, "a system call needs a running thread")
    charge(.enterKernel)
    let flags = threads[t.slot].takeTrap(keepsCancel: profile.cancelWaitsForNextIPC)
    if !flags.isDisjoint(with: [.alien, .vcpuUser]), !admitAlienCall(t) { return leave() }
    let call = registers[t.slot].takeSystemCall()
    threads[t.slot].enter(tag: call.tag, timeouts: call.timeouts, label: call.label)
    record(.ipcStarted(t, target: call.target.raw, tag: call.tag.raw, label: call.label))
    invoke(t, call.target)
    leave()
  }

  private mutating func invoke(_ t: ThreadID, _ reference: ObjectReference) {
    let operation = reference.operation
    let explicit = profile.explicitReplySlots && reference.namesReplySlot && !reference.isSpecial
    if explicit, operation.contains(.receive) {
      if !operation.contains(.reply), operation.contains(.openWait), reference.index >= Self.replySlotLimit {
        return fail(t, .noReplyCapability)
      }
      threads[t.slot].replySlot = Int32(truncatingIfNeeded: reference.index)
    }
    if operation.contains(.reply) {
      reply(t, operation, explicitSlot: explicit ? reference.index : nil)
    } else if reference.isSpecial || explicit {
      invokeThread(t, target: t, rights: 3, operation)
    } else if let capability = capability(of: threads[t.slot].task, at: reference.index) {
      invokeObject(t, capability, operation)
    } else {
      fail(t, .notExistent)
    }
  }

  /// The lookup of the reply capability consumes it; without a caller the whole operation fails, the wait included.
  private mutating func reply(_ t: ThreadID, _ operation: IPCOperation, explicitSlot: UInt64?) {
    let found: (caller: ThreadID, rights: UInt8)?
    if let explicitSlot {
      guard explicitSlot < Self.replySlotLimit else { return fail(t, .notExistent) }
      found = takeExplicitReply(task: threads[t.slot].task, index: UInt32(explicitSlot))
    } else {
      found = takeReplyCapability(of: t)
    }
    guard let found else {
      record(.replyCapabilityMissing(t))
      return fail(t, .notExistent)
    }
    threads[t.slot].sendRights = found.rights
    startThreadIPC(t, target: found.caller, operation)
  }

  private mutating func invokeObject(_ t: ThreadID, _ capability: Capability, _ operation: IPCOperation) {
    let object = objects[capability.object.slot]
    switch object.kind {
    case .thread:
      invokeThread(t, target: ThreadID(Int(object.index)), rights: capability.rights, operation)
    case .gate:
      invokeGate(t, Int(object.index), capability, operation)
    case .task:
      let tag = threads[t.slot].tag
      guard tag.label == KernelProtocol.task else { return complete(t, .refused(.badProtocol)) }
      charge(.objectInvocation)
      // Unmap writes its answer into the request, heard or not.
      answer(t, if: operation.contains(.receive), keepsWords: utcbWord(t, 0) != Opcode.Task.unmap) { kernel in
        kernel.invokeTask(capability.object, rights: capability.rights, by: t, tag: tag)
      }
    case .irq, .semaphore, .factory, .scheduler, .log, .icu, .rootPager, .inert:
      invokeServiceObject(t, capability, object, operation)
    }
  }

  /// Objects that behave like a server: the send phase is the operation, the receive phase its answer.
  ///
  /// Models `Kobject_h::invoke` (kobject_helper.cpp).
  private mutating func invokeServiceObject(
    _ t: ThreadID, _ capability: Capability, _ object: KernelObject, _ operation: IPCOperation
  ) {
    let partner: ReceivePhase =
      operation.contains(.openWait)
      ? .open : .closed(closedPartner(object) ?? SenderID(thread: t))
    guard operation.contains(.send) else {
      if operation.contains(.receive) { return startIPC(t, sendTo: nil, receive: partner) }
      // Neither phase: nothing happens and the tag stays (observed r22 on all kernels).
      return complete(t, .none)
    }
    charge(.objectInvocation)
    let tag = threads[t.slot].tag
    let waits = operation.contains(.receive)
    // Without a receive phase nothing is written to the message registers.
    let kept = waits || object.kind == .irq || object.kind == .semaphore ? [] : messageWords(t, count: 4)
    let answer = performService(capability, object, by: t, tag: tag, waits: waits)
    restoreMessageWords(t, kept)
    switch answer {
    case .none:
      return
    case .noReply:
      if operation.contains(.receive) { startIPC(t, sendTo: nil, receive: partner) }
    case .ipcError:
      complete(t, answer)
    case .answer:
      // Without a receive phase nobody listens: the tag stays as it was.
      if operation.contains(.receive) { complete(t, answer) }
    }
  }

  /// Only an IRQ object can be waited for; a muxer sends nothing.
  private func closedPartner(_ object: KernelObject) -> SenderID? {
    guard object.kind == .irq, !irqs[Int(object.index)].isMuxer else { return nil }
    return SenderID(irq: Int(object.index))
  }

  private mutating func performService(
    _ capability: Capability, _ object: KernelObject, by t: ThreadID, tag: MessageTag, waits: Bool
  ) -> InvocationOutcome {
    switch object.kind {
    case .irq: invokeIRQ(Int(object.index), capability, by: t, tag: tag)
    case .semaphore: invokeSemaphore(Int(object.index), capability, by: t, tag: tag)
    case .factory: waits ? invokeFactory(capability.object, rights: capability.rights, by: t, tag: tag) : .ok
    // Both are controllers with one input.
    case .scheduler where tag.label == KernelProtocol.irq:
      invokeController(InterruptPin.schedulerPin..<InterruptPin.schedulerPin + 1, by: t, tag: tag)
    case .log where tag.label == KernelProtocol.irq:
      invokeController(InterruptPin.logPin..<InterruptPin.logPin + 1, by: t, tag: tag)
    case .scheduler: invokeScheduler(by: t, tag: tag)
    case .log: invokeLog(capability, by: t, tag: tag)
    case .icu: invokeController(0..<InterruptPin.boardPins, by: t, tag: tag)
    case .rootPager: invokeRootPager(by: t, tag: tag, waits: waits)
    case .inert, .thread, .task, .gate: .refused(.badProtocol)
    }
  }

  /// Translates what an object answered to tag and UTCB: the only place where that happens.
  mutating func complete(_ t: ThreadID, _ outcome: InvocationOutcome) {
    switch outcome {
    case .answer(let label, let words, let items):
      threads[t.slot].tag = MessageTag(label: label, words: words, items: items)
      threads[t.slot].hasReceivePhase = false
      threads[t.slot].continuation = .finish
    case .ipcError(let error):
      fail(t, error)
      threads[t.slot].tag = .failed
    case .noReply:
      threads[t.slot].continuation = .finish
    case .none:
      break
    }
  }

  /// Carries an operation out; without a receive phase nobody listens, and the message registers stay as they were.
  /// Only an error of the message itself is told in any case.
  mutating func answer(
    _ t: ThreadID, if waits: Bool, keepsWords: Bool = true, _ operation: (inout Kernel) -> InvocationOutcome
  ) {
    if waits { return complete(t, operation(&self)) }
    let kept = messageWords(t, count: max(3, threads[t.slot].tag.words))
    switch operation(&self) {
    case .none: return
    case .ipcError(let error): complete(t, .ipcError(error))
    case .answer, .noReply: break
    }
    if keepsWords { restoreMessageWords(t, kept) }
  }

  private func messageWords(_ t: ThreadID, count: Int) -> [UInt64] {
    (0..<min(count, UTCB.messageRegisterCount)).map { utcbWord(t, $0) }
  }

  private mutating func restoreMessageWords(_ t: ThreadID, _ words: [UInt64]) {
    for (index, word) in words.enumerated() { setUTCBWord(t, index, word) }
  }

  /// What stands in a typed item of a request where a capability to an object of a certain kind is expected.
  enum CapabilityArgument {
    case found(Capability)
    case failed(InvocationOutcome)
  }

  /// The rights are those of the slot, whatever the flexpage says. Models `Ko::deref_next`.
  func argument(
    _ t: ThreadID, _ tag: MessageTag, kind: ObjectKind, or other: ObjectKind? = nil,
    ifEmpty empty: InvocationError = .invalidArgument
  ) -> CapabilityArgument {
    guard tag.items > 0, let (item, page) = sendItem(of: t, at: tag.words), item.raw != 0 else {
      return .failed(.refused(.invalidArgument))
    }
    guard page.kind == .object else { return .failed(.ipcError(.sendOverflow)) }
    guard let found = capability(of: threads[t.slot].task, at: page.slotIndex) else {
      return .failed(.refused(empty))
    }
    guard objects[found.object.slot].kind == kind || objects[found.object.slot].kind == other else {
      return .failed(.refused(.invalidArgument))
    }
    return .found(found)
  }

  /// What names nothing: an empty slot, an input that is not there.
  var emptyArgument: InvocationError { profile.emptyArgumentLacksRights ? .permission : .invalidArgument }

  /// The capability in a typed item, if there is one.
  func capabilityArgument(_ t: ThreadID, _ tag: MessageTag, item number: Int = 0) -> Capability? {
    guard number < tag.items, let (item, page) = sendItem(of: t, at: tag.words + 2 * number), item.raw != 0,
      page.kind == .object
    else { return nil }
    return capability(of: threads[t.slot].task, at: page.slotIndex)
  }
}

extension Registers {
  /// The four words of a system call; the program goes on behind the `ecall`.
  fileprivate mutating func takeSystemCall() -> (
    tag: MessageTag, target: ObjectReference, timeouts: IPCTimeouts, label: UInt64
  ) {
    pc &+= 4
    return (MessageTag(raw: a0), ObjectReference(raw: a1), IPCTimeouts(raw: a2), a3)
  }
}
