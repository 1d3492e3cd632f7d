// Writes: threads (priority, quantum, placement), console.
import Determinism
import FiascoABI

extension Kernel {
  /// Models `Scheduler::kinvoke`.
  mutating func invokeScheduler(by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    guard tag.label == KernelProtocol.scheduler else { return .refused(.badProtocol) }
    guard tag.words > 0 else { return .refused(tooShort) }
    switch utcbWord(t, 0) & 0xffff {
    case Opcode.Scheduler.info: return schedulerInfo(by: t, tag: tag)
    case Opcode.Scheduler.runThread: return runThread(by: t, tag: tag)
    case Opcode.Scheduler.idleTime: return idleTime(by: t, tag: tag)
    default: return .refused(.noSystemCall)
    }
  }

  private mutating func schedulerInfo(by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    guard tag.words >= 2 else { return .refused(tooShort) }
    guard utcbWord(t, 1) & 0xffff_ffff == 0 else { return .refused(.outOfRange) }
    setUTCBWord(t, 0, 1)
    setUTCBWord(t, 1, 1)
    guard profile.listsSchedulerClasses else { return .answer(label: 0, words: 2) }
    // Scheduler classes: bit 1 is fixed priority.
    setUTCBWord(t, 2, 2)
    return .answer(label: 0, words: 3)
  }

  private mutating func idleTime(by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    guard tag.words >= 3, utcbWord(t, 2) & 1 != 0 else { return .refused(.invalidArgument) }
    setUTCBWord(t, 0, UInt64(bitPattern: idle.microseconds) &+ 1)
    return .answer(label: 0, words: 1)
  }

  /// Sets priority and quantum, places the thread on a processor, and reschedules: this operation does preempt.
  ///
  /// MR1-2 processors, MR3 priority or class, MR4 quantum in microseconds or length of the class's parameters.
  private mutating func runThread(by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    guard tag.words >= 5 else { return .refused(.invalidArgument) }
    guard let argument = capabilityArgument(t, tag), objects[argument.object.slot].kind == .thread else {
      return .refused(.invalidArgument)
    }
    let target = ThreadID(Int(objects[argument.object.slot].index))
    let requested = Int64(bitPattern: utcbWord(t, 3))
    var priority = requested
    var quantum = utcbWord(t, 4)
    if requested < 0 {
      guard requested == -1 else { return .refused(.outOfRange) }
      guard quantum >= 48, tag.words >= 7 else { return .refused(.invalidArgument) }
      quantum = utcbWord(t, 5)
      priority = Int64(bitPattern: utcbWord(t, 6))
    }
    guard priority != 0 || !profile.checksSchedulerParameters else { return .refused(.invalidArgument) }
    charge(.runThread)
    let span = quantum == 0 ? TimeSpan.milliseconds(10) : TimeSpan.microseconds(Int64(min(quantum, 1 << 40)))
    // The answer is complete before anybody else runs.
    complete(t, .ok)
    setSchedule(target, priority: UInt8(clamping: priority), quantum: span)
    return .none
  }

  /// Models `Thread::set_sched_params` and the migration to the only processor.
  public mutating func setSchedule(_ target: ThreadID, priority: UInt8, quantum: TimeSpan) {
    let isFresh = !threads[target.slot].flags.contains(.placed)
    dequeue(target)
    threads[target.slot].priority = priority
    threads[target.slot].quantum = quantum
    threads[target.slot].left = quantum
    threads[target.slot].flags.insert(.placed)
    if currentContext == target { sliceEnd = now + quantum }
    guard threads[target.slot].isReady else { return }
    if isFresh, !profile.placementPreempts {
      enqueueFront(target)
    } else if target == current {
      enqueueFront(target)
      schedule()
    } else if deblock(target, lazy: false) {
      schedule()
    }
  }

  /// Models `Vlog`: the text starts at MR2, MR1 is its length; what is too long is dropped silently.
  mutating func invokeLog(_ capability: Capability, by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    guard tag.label == KernelProtocol.log else { return .refused(.badProtocol) }
    guard tag.words > 0 else { return .refused(tooShort) }
    switch utcbWord(t, 0) & 0xffff {
    case Opcode.Log.write: return writeLog(by: t, tag: tag)
    case Opcode.Log.read:
      guard capability.hasWrite else { return .refused(.permission) }
      // Nobody types: no character, and the bit that says so.
      setUTCBWord(t, 0, 1 << 31)
      return .answer(label: 0, words: 1)
    case Opcode.Log.setAttributes: return .ok
    case Opcode.Log.getAttributes:
      for (index, flags) in [0x100, 4, 8].enumerated() { setUTCBWord(t, index + 1, UInt64(flags)) }
      return .answer(label: 0, words: 4)
    default: return .refused(.noSystemCall)
    }
  }

  private mutating func writeLog(by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    guard tag.words >= 2 else { return .noReply }
    let length = utcbWord(t, 1)
    guard length <= UInt64((UTCB.messageRegisterCount - 2) * 8) else { return .noReply }
    record(.logWritten(t, bytes: UInt32(truncatingIfNeeded: length)))
    for index in 0..<Int(length) {
      console.append(UInt8(truncatingIfNeeded: utcbWord(t, 2 + index / 8) >> UInt64(index % 8 * 8)))
    }
    return .noReply
  }
}
