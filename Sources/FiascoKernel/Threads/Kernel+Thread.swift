// Writes: threads (control fields).
import Determinism
import FiascoABI

extension Kernel {
  /// An operation on a thread capability: ordinary IPC with the thread, or one of the kernel's thread operations.
  ///
  /// Models `Thread_object::invoke`.
  mutating func invokeThread(_ t: ThreadID, target: ThreadID, rights: UInt8, _ operation: IPCOperation) {
    let tag = threads[t.slot].tag
    guard operation.contains(.send), tag.label == KernelProtocol.thread else {
      threads[t.slot].sendRights = rights
      return startThreadIPC(t, target: target, operation)
    }
    charge(.objectInvocation)
    guard tag.words > 0 || !profile.distinguishesMessageLength else { return complete(t, .refused(.messageTooShort)) }
    switch utcbWord(t, 0) & 0xffff {
    case Opcode.Thread.switchTo: switchToThread(t, target)
    case Opcode.Thread.vcpuResume: resumeVCPU(t, target: target)
    case let opcode where isDoneAtHome(opcode) && isRemote(target):
      let waits = operation.contains(.receive)
      ask(.operate(on: target, by: t, opcode: UInt16(opcode), rights: rights, waits: waits), for: t)
    case let opcode:
      answer(t, if: operation.contains(.receive)) { kernel in
        kernel.operate(opcode, on: target, rights: rights, by: t, tag: tag)
      }
    }
  }

  /// Operations on the state of a thread that its own core may be using.
  private func isDoneAtHome(_ opcode: UInt64) -> Bool {
    opcode == Opcode.Thread.exchangeRegisters || opcode == Opcode.Thread.statistics
  }

  mutating func operate(
    _ opcode: UInt64, on target: ThreadID, rights: UInt8, by t: ThreadID, tag: MessageTag
  ) -> InvocationOutcome {
    switch opcode {
    case Opcode.Thread.control: controlThread(target, rights: rights, by: t, tag: tag)
    case Opcode.Thread.exchangeRegisters: exchangeRegisters(of: target, by: t, tag: tag)
    case Opcode.Thread.statistics: threadStatistics(target, by: t)
    case Opcode.Thread.registerDeletionIRQ: registerDeletionIRQ(target, by: t, tag: tag)
    case Opcode.Thread.modifySenders: modifySenders(of: target, by: t, tag: tag)
    case Opcode.Thread.vcpuControl: controlVCPU(target, by: t, tag: tag)
    case Opcode.Thread.faultTrampoline where profile.hasFaultTrampoline:
      controlFaultTrampoline(target, by: t, tag: tag)
    default: .refused(.noSystemCall)
    }
  }

  /// IPC with a thread: who is sent to, from whom is received. Models `Thread::check_sys_ipc` as well.
  mutating func startThreadIPC(_ t: ThreadID, target: ThreadID, _ requested: IPCOperation) {
    let operation = requested == [] && !profile.operationZeroFails ? IPCOperation.call : requested
    let receive: ReceivePhase =
      !operation.contains(.receive) ? .none : operation.contains(.openWait) ? .open : .closed(SenderID(thread: target))
    if !operation.contains(.send), receive == .none { return fail(t, .notExistent) }
    startIPC(t, sendTo: operation.contains(.send) ? target : nil, receive: receive)
  }

  /// Sets pager, handler and alien state, and binds the thread to a task; the old selectors come back.
  ///
  /// The binding is tried first: if it fails, the pager stays as it was. Models `Thread_object::sys_control`.
  private mutating func controlThread(
    _ target: ThreadID, rights: UInt8, by t: ThreadID, tag: MessageTag
  ) -> InvocationOutcome {
    guard rights & 2 != 0 else { return .refused(.permission) }
    guard tag.words >= 6 else { return .refused(.invalidArgument) }
    let flags = utcbWord(t, 0)
    if flags & ThreadControl.bind != 0, let refusal = bind(target, by: t, tag: tag) { return refusal }
    let old = (threads[target.slot].pager, threads[target.slot].exceptionHandler)
    if flags & ThreadControl.setPager != 0 { threads[target.slot].pager = utcbWord(t, 1) & ~0xfff }
    if flags & ThreadControl.setHandler != 0 { threads[target.slot].exceptionHandler = utcbWord(t, 2) & ~0xfff }
    if flags & ThreadControl.alien != 0 {
      if utcbWord(t, 4) & ThreadControl.alien != 0 {
        threads[target.slot].flags.insert(.alien)
        threads[target.slot].flags.remove(.alienPermitted)
      } else {
        threads[target.slot].flags.remove(.alien)
      }
    }
    setUTCBWord(t, 1, old.0)
    setUTCBWord(t, 2, old.1)
    return .answer(label: 0, words: 3)
  }

  /// A thread can be bound once; its UTCB must lie in kernel-user memory of the task. Models `Thread::bind`.
  private mutating func bind(_ target: ThreadID, by t: ThreadID, tag: MessageTag) -> InvocationOutcome? {
    switch argument(t, tag, kind: .task, ifEmpty: emptyArgument) {
    case .failed(let outcome): return outcome
    case .found(let found):
      guard found.hasStrong else { return .refused(.permission) }
      let task = TaskID(Int(objects[found.object.slot].index))
      return bindThread(target, to: task, utcb: utcbWord(t, 5)) ? nil : .refused(.invalidArgument)
    }
  }

  /// Binds without asking for rights; also used to set up the first task.
  @discardableResult
  public mutating func bindThread(_ target: ThreadID, to task: TaskID, utcb address: UInt64) -> Bool {
    guard threads[target.slot].task.isNone, address & 7 == 0,
      let place = kernelUserPage(task, address, bytes: UTCB.size)
    else { return false }
    threads[target.slot].task = task
    nextSerial += 1
    threads[target.slot].serial = nextSerial
    threads[target.slot].utcbAddress = address
    threads[target.slot].utcbFrame = Int32(place.frame)
    threads[target.slot].utcbOffset = UInt16(place.offset)
    retainTask(task)
    setUTCBWord(target, UTCB.ownAddress, address)
    return true
  }

  /// Donates the rest of the slice to a ready thread; otherwise merely reschedules.
  ///
  /// Models `Thread_object::sys_thread_switch`.
  private mutating func switchToThread(_ t: ThreadID, _ target: ThreadID) {
    complete(t, .ok)
    guard target != t, !isRemote(target) else { return }
    if threads[target.slot].isReady, threads[target.slot].flags.contains(.placed) {
      switchExecution(to: target)
    } else {
      schedule()
    }
  }

  private mutating func threadStatistics(_ target: ThreadID, by t: ThreadID) -> InvocationOutcome {
    account()
    setUTCBWord(t, 0, UInt64(bitPattern: threads[target.slot].consumed.microseconds))
    return .answer(label: 0, words: 1)
  }

  /// The typed argument fires when a gate to the thread dies. Models `Observer_irq::register_irq`.
  private mutating func registerDeletionIRQ(_ target: ThreadID, by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    let argument: Capability
    switch interruptArgument(t, tag) {
    case .found(let found): argument = found
    case .failed(let outcome): return outcome
    }
    guard argument.hasWrite else { return .refused(.permission) }
    guard threads[target.slot].deletionObserver.isNone || profile.replacesDeletionIRQ else { return .refused(.busy) }
    disconnect(argument.object)
    connect(argument.object, to: .deletion(at: target))
    return .ok
  }
}
