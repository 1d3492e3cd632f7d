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
    for core in 0..<coreCount { checkCore(core, processor(core), &findings) }
    let flagged = threads.indices.reduce(0) { $0 + (threads[$1].flags.contains(.listed) ? 1 : 0) }
    let members = (0..<coreCount).reduce(0) { $0 + listed(on: $1).count }
    findings.require(flagged == members, "\(flagged) threads say that they are listed, \(members) are")
    checkRequests(&findings)
    for index in threads.indices { checkThread(ThreadID(index), &findings) }
    checkSenderLists(&findings)
    checkReplyCapabilities(&findings)
    checkBindings(&findings)
    checkDeadlines(&findings)
    checkFPU(&findings)
    checkAreas(&findings)
    return findings.sentences
  }

  // MARK: Scheduling

  private func checkCore(_ core: Int, _ processor: Processor, _ findings: inout InvariantFindings) {
    checkReadyList(core, readyQueue(core), &findings)
    checkBackground(core, processor.background, &findings)
    checkCurrent(core, processor, &findings)
  }

  /// Members of a core's ready list that can be reached.
  private func listed(on core: Int) -> [ThreadID] {
    let ready = readyQueue(core)
    let background = processor(core).background
    var members = (background.fair.heap + background.deadlines.entries).map(\.thread)
    for priority in UInt8.min...UInt8.max {
      let head = ready[priority]
      var t = head
      while threads.contains(t.slot), members.count <= threads.count {
        members.append(t)
        t = threads[t.slot].readyNext
        if t == head { break }
      }
    }
    return members
  }

  private func checkReadyList(_ core: Int, _ ready: ReadyQueue, _ findings: inout InvariantFindings) {
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
        findings.require(Int(thread.core) == core, "\(t) is listed on core \(core) and at home on \(thread.core)")
        findings.require(!thread.isDead, "\(t) is dead and in the ready list")
        guard threads.contains(thread.readyNext.slot), threads[thread.readyNext.slot].readyPrevious == t else {
          return findings.add("the ready list does not lead back to \(t)")
        }
        members += 1
        guard members <= threads.count else { return findings.add("the ready list has no end") }
        t = thread.readyNext
      } while t != head
    }
    if let highest = (UInt8.min...UInt8.max).last(where: { !ready[$0].isNone }) {
      findings.require(ready.highestPriority == highest, "the ready list forgets its highest priority")
    } else {
      findings.require(ready.highestPriority == nil, "the empty ready list names a thread")
    }
  }

  private func checkCurrent(_ core: Int, _ processor: Processor, _ findings: inout InvariantFindings) {
    let (current, currentContext, sliceEnd) = (processor.current, processor.currentContext, processor.sliceEnd)
    if !currentContext.isNone {
      findings.require(threads.contains(currentContext.slot), "an absent thread's quantum is consumed")
    }
    findings.require(currentContext.isNone == (sliceEnd == .never), "a slice ends that nobody has")
    guard !current.isNone else { return }
    guard threads.contains(current.slot) else { return findings.add("the current thread is absent") }
    let thread = threads[current.slot]
    findings.require(Int(thread.core) == core, "\(current) runs on core \(core) and is at home on \(thread.core)")
    findings.require(thread.isReady, "the current \(current) is not ready")
    findings.require(thread.flags.contains(.placed), "the current \(current) has no processor")
    findings.require(thread.continuation == .user && thread.phase == .none, "\(current) is in user mode and in an IPC")
    findings.require(!thread.task.isNone, "\(current) is in user mode without a task")
    findings.require(
      thread.flags.isDisjoint(with: [.dying, .dead, .triggered, .upcall]), "\(current) should not be in user mode")
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
      let isFound =
        thread.flags.contains(.listed) || processor(Int(thread.core)).current == t || !thread.flags.contains(.placed)
      findings.require(isFound, "\(t) is ready and in no list")
    } else {
      // Woken from another core it stands where it will go on.
      let mayBlock = thread.continuation.blocks || thread.flags.contains(.wakePending)
      findings.require(mayBlock, "\(t) is blocked at \(thread.continuation)")
    }
    switch thread.phase {
    case .none: break
    case .sendWait:
      let isQueued = !thread.queuedAt.isNone || thread.queuedAtGate >= 0
      let isWoken = thread.isReady || thread.flags.contains(.wakePending)
      let wasAborted = isWoken || thread.flags.contains(.dying) || !profile.deathWakesSenders
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
    findings.require(isKept || t == processor(Int(thread.core)).current, "\(t) was killed and nobody refers to it")
  }

  /// Every armed timeout is in the queue; a waiting thread without one waits for ever.
  private func checkDeadlines(_ findings: inout InvariantFindings) {
    var armed: [(ThreadID, Instant, Int)] = []
    for core in 0..<coreCount {
      var queue = processor(core).timeouts
      while let event = queue.popNext() { armed.append((ThreadID(Int(event.payload)), event.instant, core)) }
    }
    for index in threads.indices where threads[index].deadline != .never {
      let t = ThreadID(index)
      let (deadline, home) = (threads[index].deadline, Int(threads[index].core))
      let isArmed = armed.contains { $0.0 == t && $0.1 == deadline && $0.2 == home }
      findings.require(isArmed || threads[index].flags.contains(.migrating), "the timeout of \(t) will never fire")
      findings.require(
        !threads[index].isReady || threads[index].flags.contains(.cancel), "\(t) is ready and has a timeout")
    }
  }
}

extension Continuation {
  /// A thread that does not run may stand here.
  var blocks: Bool {
    switch self {
    case .sendWait, .receiveWait, .gateWait, .semaphoreWait, .requestWait, .stranded: true
    case .user, .sendQueued, .receive, .finish, .raise, .unblockGate, .modifySenders: false
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
