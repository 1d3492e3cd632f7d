// Writes: threads (priority, quantum, placement).
import Determinism
import FiascoABI

extension Kernel {
  /// Models `Scheduler::kinvoke`.
  mutating func invokeScheduler(by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    guard tag.label == KernelProtocol.scheduler else { return .refused(.badProtocol) }
    guard tag.words > 0 else { return .refused(tooShort) }
    switch utcbWord(t, 0) {
    case Opcode.Scheduler.info: return schedulerInfo(by: t, tag: tag)
    case Opcode.Scheduler.runThread: return runThread(by: t, tag: tag)
    case Opcode.Scheduler.idleTime: return idleTime(by: t, tag: tag)
    default: return .refused(.noSystemCall)
    }
  }

  private mutating func schedulerInfo(by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    guard tag.words >= 2 else { return .refused(tooShort) }
    let set = utcbWord(t, 1) & 0xffff_ffff
    guard CoreSet(descriptor: set, map: .max).offset < coreCount else { return .refused(.outOfRange) }
    setUTCBWord(t, 0, CoreSet.online(descriptor: set, count: coreCount))
    setUTCBWord(t, 1, UInt64(coreCount))
    guard profile.listsSchedulerClasses else { return .answer(label: 0, words: 2) }
    setUTCBWord(t, 2, profile.scheduler.classes)
    return .answer(label: 0, words: 3)
  }

  private mutating func idleTime(by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    guard tag.words >= 3,
      let core = CoreSet(descriptor: utcbWord(t, 1), map: utcbWord(t, 2)).first(below: coreCount)
    else { return .refused(.invalidArgument) }
    setUTCBWord(t, 0, UInt64(bitPattern: idleTime(of: core).microseconds) &+ 1)
    return .answer(label: 0, words: 1)
  }

  /// A core that sleeps has not counted the time since it last acted.
  private func idleTime(of core: Int) -> TimeSpan {
    let other = processor(core)
    guard core != activeCore, other.current.isNone, now > other.now else { return other.idle }
    return other.idle + (now - other.now)
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
    guard isRemote(target) else { return applySchedule(to: target, by: t, tag: tag) }
    ask(.runThread(target, by: t), for: t)
    return .none
  }

  /// On the core of the thread: reads the parameters from the caller's UTCB and applies them.
  mutating func applySchedule(to target: ThreadID, by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    let parameters: SchedulingParameters?
    do throws(InvocationError) {
      parameters = try schedulingParameters(by: t, tag: tag)
    } catch {
      return .refused(error)
    }
    charge(.runThread)
    // The answer is complete before anybody else runs.
    complete(t, .ok)
    let core = core(in: CoreSet(descriptor: utcbWord(t, 1), map: utcbWord(t, 2)), for: target, by: t)
    setSchedule(target, parameters ?? threads[target.slot].schedulingParameters, core: core)
    return .none
  }

  public mutating func setSchedule(_ target: ThreadID, priority: UInt8, quantum: TimeSpan, core: Int = 0) {
    setSchedule(target, .fixed(priority: priority, quantum: quantum), core: core)
  }

  /// Models `Thread::set_sched_params` and `Thread::do_migration`.
  public mutating func setSchedule(_ target: ThreadID, _ parameters: SchedulingParameters, core: Int = 0) {
    let isFresh = !threads[target.slot].flags.contains(.placed)
    dequeue(target)
    threads[target.slot].schedulingParameters = parameters
    threads[target.slot].left = parameters.quantum
    if isMulticore, core != activeCore || threads[target.slot].flags.contains(.migrating) {
      return migrate(target, to: core)
    }
    threads[target.slot].flags.insert(.placed)
    if currentContext == target { sliceEnd = now + parameters.quantum }
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
}
