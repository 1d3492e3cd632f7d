// Reads all tables; writes nothing.
import Determinism
import FiascoABI

extension Kernel {
  /// What contradicts itself in the kernel's tables, a sentence each; empty if all is well.
  ///
  /// To be asked between two entries of the kernel: inside one, threads are in transition. Walks everything, so it
  /// belongs into tests.
  public func checkInvariants() -> [String] {
    checkThreadInvariants() + (spaceDefect().map { [$0] } ?? [])
  }

  /// All but the spaces: much cheaper.
  public func checkThreadInvariants() -> [String] {
    var findings = InvariantFindings()
    checkReadyList(&findings)
    checkCurrent(&findings)
    for index in threads.indices { checkThread(ThreadID(index), &findings) }
    checkSenderLists(&findings)
    checkReplyCapabilities(&findings)
    checkBindings(&findings)
    checkDeadlines(&findings)
    checkFPU(&findings)
    return findings.sentences
  }

  // MARK: Scheduling

  private func checkReadyList(_ findings: inout InvariantFindings) {
    var members = 0
    for priority in UInt8.min...UInt8.max {
      let head = ready[priority]
      if head.isNone { continue }
      var t = head
      repeat {
        guard threads.contains(t.slot) else { return findings.add("the ready list names the absent \(t)") }
        let thread = threads[t.slot]
        findings.require(thread.flags.contains(.listed), "\(t) stands in the ready list without its flag")
        findings.require(thread.flags.contains(.placed), "\(t) is listed without having a processor")
        findings.require(thread.priority == priority, "\(t) is listed at \(priority), not at \(thread.priority)")
        findings.require(!thread.isDead, "\(t) is dead and in the ready list")
        guard threads.contains(thread.readyNext.slot), threads[thread.readyNext.slot].readyPrevious == t else {
          return findings.add("the ready list does not lead back to \(t)")
        }
        members += 1
        guard members <= threads.count else { return findings.add("the ready list has no end") }
        t = thread.readyNext
      } while t != head
    }
    let flagged = threads.indices.reduce(0) { $0 + (threads[$1].flags.contains(.listed) ? 1 : 0) }
    findings.require(flagged == members, "\(flagged) threads say that they are listed, \(members) are")
    if let highest = (UInt8.min...UInt8.max).last(where: { !ready[$0].isNone }) {
      findings.require(ready.highest == ready[highest], "the ready list forgets its highest priority")
    } else {
      findings.require(ready.highest.isNone, "the empty ready list names a thread")
    }
  }

  private func checkCurrent(_ findings: inout InvariantFindings) {
    if !currentContext.isNone {
      findings.require(threads.contains(currentContext.slot), "an absent thread's quantum is consumed")
    }
    findings.require(currentContext.isNone == (sliceEnd == .never), "a slice ends that nobody has")
    guard !current.isNone else { return }
    guard threads.contains(current.slot) else { return findings.add("the current thread is absent") }
    let thread = threads[current.slot]
    findings.require(thread.isReady, "the current \(current) is not ready")
    findings.require(thread.flags.contains(.placed), "the current \(current) has no processor")
    findings.require(thread.continuation == .user && thread.phase == .none, "\(current) is in user mode and in an IPC")
    findings.require(!thread.task.isNone, "\(current) is in user mode without a task")
    findings.require(
      thread.flags.isDisjoint(with: [.dying, .dead, .triggered]), "\(current) should not be in user mode")
  }

  // MARK: Threads

  private func checkThread(_ t: ThreadID, _ findings: inout InvariantFindings) {
    let thread = threads[t.slot]
    findings.require(registers.contains(t.slot), "\(t) has no registers")
    findings.require(objects.contains(thread.object.slot), "\(t) is no object")
    findings.require(thread.task.isNone || tasks.contains(thread.task.slot), "\(t) is bound to an absent task")
    if thread.isDead {
      checkDead(t, thread, &findings)
    } else if thread.isReady {
      // Nobody would ever find it again.
      let isFound = thread.flags.contains(.listed) || t == current || !thread.flags.contains(.placed)
      findings.require(isFound, "\(t) is ready and in no list")
    } else {
      findings.require(thread.continuation.blocks, "\(t) is blocked at \(thread.continuation)")
    }
    switch thread.phase {
    case .none: break
    case .sendWait:
      let isQueued = !thread.queuedAt.isNone || thread.queuedAtGate >= 0
      let wasAborted = thread.isReady || thread.flags.contains(.dying) || !profile.deathWakesSenders
      findings.require(isQueued || wasAborted, "\(t) waits to send and is queued nowhere")
    case .receiveWait:
      findings.require(thread.queuedAt.isNone, "\(t) waits to receive and is queued at a thread")
    }
    findings.require(thread.queuedAt.isNone || thread.queuedAtGate < 0, "\(t) is queued twice")
  }

  private func checkDead(_ t: ThreadID, _ thread: Thread, _ findings: inout InvariantFindings) {
    findings.require(thread.flags.isDisjoint(with: [.ready, .listed]), "\(t) is dead and can run")
    findings.require(thread.phase == .none && thread.continuation == .user, "\(t) is dead and in an IPC")
    findings.require(thread.queuedAt.isNone && thread.queuedAtGate < 0, "\(t) is dead and queued")
    guard thread.flags.contains(.dying) else { return }
    findings.require(thread.firstSender.isNone, "\(t) was killed and has senders")
    findings.require(thread.task.isNone, "\(t) was killed and has a task")
    let isKept = thread.internalReferences > 0 || !objects[thread.object.slot].isDying
    findings.require(isKept || t == current, "\(t) was killed and nobody refers to it")
  }

  /// Every armed timeout is in the queue; a waiting thread without one waits for ever.
  private func checkDeadlines(_ findings: inout InvariantFindings) {
    var queue = timeouts
    var armed: [(ThreadID, Instant)] = []
    while let event = queue.popNext() { armed.append((ThreadID(Int(event.payload)), event.instant)) }
    for index in threads.indices where threads[index].deadline != .never {
      let t = ThreadID(index)
      let isArmed = armed.contains { $0.0 == t && $0.1 == threads[index].deadline }
      findings.require(isArmed, "the timeout of \(t) will never fire")
      findings.require(
        !threads[index].isReady || threads[index].flags.contains(.cancel), "\(t) is ready and has a timeout")
    }
  }
}

extension Continuation {
  /// A thread that does not run may stand here.
  var blocks: Bool {
    switch self {
    case .sendWait, .receiveWait, .gateWait, .semaphoreWait, .stranded: true
    case .user, .receive, .finish, .raise: false
    }
  }
}

/// Collects sentences.
struct InvariantFindings {
  private(set) var sentences: [String] = []

  mutating func add(_ sentence: String) { sentences.append(sentence) }

  mutating func require(_ condition: Bool, _ sentence: @autoclosure () -> String) {
    if !condition { sentences.append(sentence()) }
  }
}
