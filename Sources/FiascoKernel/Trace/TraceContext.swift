import Determinism
import FiascoABI

/// What surrounded a record: the common header of the kernel's trace buffer, and words that belong to its payload but
/// that only a trace needs.
///
/// Models `Tb_entry`. An event stays as small as the paths that record it thousands of times want it; what can be
/// looked up is looked up here, at the moment of the record.
public struct TraceContext: BitwiseCopyable, Sendable {
  /// Cycles of kernel work since the kernel was entered.
  public var cycles: UInt64 = 0
  public var core: UInt32 = 0
  /// Who executed; none while the processor idled.
  public var thread = ThreadID.none
  /// Whose scheduling context was consumed: the donor's after a direct switch.
  public var scheduled = ThreadID.none
  public var task = TaskID.none
  public var priority: UInt8 = 0
  /// Where the thread left user mode.
  public var ip: UInt64 = 0
  /// Meaning by event: see `Kernel.traceWords(of:)`.
  public var words: InlineArray<5, UInt64> = [0, 0, 0, 0, 0]
}

extension Kernel {
  /// From now on records come with their context. What is in the outbox already happened before the first thread ran.
  public mutating func beginTrace() {
    recordsTrace = true
    for index in traceContexts.count..<outbox.count {
      var context = TraceContext()
      context.words = traceWords(of: outbox[index])
      traceContexts.append(context)
    }
  }

  /// Whoever has taken the records of the outbox throws both away.
  public mutating func discardRecords() {
    outbox.removeAll()
    traceContexts.removeAll(keepingCapacity: true)
  }

  // Not inlined: it would make every place that records larger.
  @inline(never)
  mutating func recordContext(of event: KernelEvent) {
    guard traceContexts.count < outbox.count else { return }
    var context = TraceContext()
    context.cycles = pendingCycles
    context.core = UInt32(activeCore)
    context.thread = current
    context.scheduled = currentContext
    if !current.isNone {
      context.task = threads[current.slot].task
      context.priority = threads[current.slot].priority
      context.ip = registers[current.slot].pc
    }
    context.words = traceWords(of: event)
    traceContexts.append(context)
  }

  /// What the payload of some events adds:
  ///
  /// - a request: MR0, MR1, the object it names (-1 none), timeouts, the absolute receive timeout
  /// - its result: MR0, MR1, the selector of the operation
  /// - a loaded or saved scheduling context: priority, quantum in microseconds
  /// - a page fault and a missing pager: cause, selector of the pager
  /// - a created object: the factory that paid (-1 none), bytes
  /// - an entry or a resume of a virtual processor: where it goes on, its stack, the task it is in then
  /// - an IRQ: what makes it fire beside software (0 nothing, 1 a pin, 2 a thread's deletion, 3 a muxer), and which
  private func traceWords(of event: KernelEvent) -> InlineArray<5, UInt64> {
    switch event {
    case .ipcStarted(let t, let target, _, _): requestWords(t, ObjectReference(raw: target))
    case .ipcReturned(let t, _, _, _): [utcbWord(t, 0), utcbWord(t, 1), registers[t.slot].a1, 0, 0]
    case .contextLoaded(let t, _), .contextSaved(let t, _): contextWords(t)
    case .pageFaulted(let t, _, _), .pageFaultUnanswered(let t, _):
      [threads[t.slot].faultCause, threads[t.slot].pager, 0, 0, 0]
    case .objectCreated(let object, _, _):
      [Self.word(objects[object.slot].payer), objects[object.slot].bytes, 0, 0, 0]
    case .irqTriggered(let object): irqWords(object)
    case .vcpuEntered(let t, let entry, _): entryWords(t, entry)
    case .vcpuResumed(let t, let task, _):
      [
        vcpuWord(t, VCPUState.registers + ExceptionMessage.instructionPointer), vcpuWord(t, VCPUState.registers + 2),
        UInt64(bitPattern: Int64(task.index)), 0, 0,
      ]
    case .contextSwitched, .ipcFailed, .messageTransferred, .senderQueued, .receiveBlocked, .timeoutExpired,
      .irqDelivered, .exceptionRaised, .registersExchanged, .objectDestroyed, .threadStarted, .threadKilled,
      .objectsMapped, .pagesMapped, .unmapped, .sliceExpired, .replyCapabilityMissing, .logWritten, .gateInvoked,
      .contextInvalidated, .pageFaultAnswered, .exceptionUnanswered, .timerTicked, .taskMapRequested,
      .taskUnmapRequested, .objectReleased, .threadMigrated, .requestPosted, .requestHandled:
      [0, 0, 0, 0, 0]
    }
  }

  private func requestWords(_ t: ThreadID, _ target: ObjectReference) -> InlineArray<5, UInt64> {
    let thread = threads[t.slot]
    var object = ObjectID.none
    if target.isSpecial {
      object = thread.object
    } else if let found = capability(of: thread.task, at: target.index) {
      object = found.object
    }
    let receive = thread.timeouts.receive
    let isAbsolute = receive.isAbsolute && receive.bufferRegister < UTCB.bufferRegisterCount
    return [
      utcbWord(t, 0), utcbWord(t, 1), Self.word(object), thread.timeouts.raw,
      isAbsolute ? utcbWord(t, UTCB.bufferRegisters + receive.bufferRegister) : 0,
    ]
  }

  private func contextWords(_ t: ThreadID) -> InlineArray<5, UInt64> {
    [UInt64(threads[t.slot].priority), UInt64(threads[t.slot].quantum.microseconds), 0, 0, 0]
  }

  private func entryWords(_ t: ThreadID, _ entry: VCPUEntry) -> InlineArray<5, UInt64> {
    [
      vcpuWord(t, VCPUState.entryInstructionPointer),
      entry == .pendingMessage ? pendingEntryStack(t) : vcpuWord(t, VCPUState.stackPointer),
      UInt64(bitPattern: Int64(threads[t.slot].task.index)), 0, 0,
    ]
  }

  private func irqWords(_ object: ObjectID) -> InlineArray<5, UInt64> {
    switch irqs[Int(objects[object.slot].index)].line.source {
    case .software: [0, 0, 0, 0, 0]
    case .pin(let pin): [1, UInt64(bitPattern: Int64(pin)), 0, 0, 0]
    case .deletion(let thread): [2, UInt64(bitPattern: Int64(thread.index)), 0, 0, 0]
    case .muxer(let object): [3, Self.word(object), 0, 0, 0]
    }
  }

  private static func word(_ object: ObjectID) -> UInt64 { UInt64(bitPattern: Int64(object.index)) }
}
