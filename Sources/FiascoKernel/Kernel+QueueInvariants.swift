// Reads the tables of threads, gates, IRQs, semaphores and reply slots; writes nothing.
import FiascoABI

extension Kernel {
  // MARK: Sender queues

  /// Everybody who says that it is queued stands in that queue, once; and the queues hold nobody else.
  func checkSenderLists(_ findings: inout InvariantFindings) {
    for index in threads.indices {
      let t = ThreadID(index)
      for sender in checkOrder(.thread(t), "\(t)", &findings) {
        if let s = sender.thread {
          findings.require(threads[s.slot].queuedAt == t, "\(s) is queued at \(t) without knowing it")
          findings.require(threads[s.slot].phase == .sendWait, "\(s) is queued at \(t) without sending")
        } else if let i = sender.irq {
          findings.require(irqs[i].isQueued && irqs[i].thread == t, "IRQ \(i) is queued at \(t) without knowing it")
        }
      }
      checkQueued(t, &findings)
    }
    for g in gates.indices {
      let waiters = checkOrder(.gate(g), "gate \(g)", &findings)
      let isBeingWoken = threads.indices.contains {
        threads[$0].continuation == .unblockGate && threads[$0].waitedGate == Int32(g)
      }
      findings.require(waiters.isEmpty || gates[g].thread.isNone || isBeingWoken, "gate \(g) is bound and has waiters")
      checkWaiters(waiters, place: g, continuation: .gateWait, &findings)
    }
    for s in semaphores.indices {
      let waiters = checkOrder(.semaphore(s), "semaphore \(s)", &findings)
      findings.require(waiters.isEmpty || semaphores[s].count == 0, "semaphore \(s) has a count and waiters")
      checkWaiters(waiters, place: s, continuation: .semaphoreWait, &findings)
    }
  }

  private func checkQueued(_ t: ThreadID, _ findings: inout InvariantFindings) {
    let thread = threads[t.slot]
    if !thread.queuedAt.isNone {
      let isThere =
        threads.contains(thread.queuedAt.slot) && isQueued(SenderID(thread: t), in: .thread(thread.queuedAt))
      findings.require(isThere, "\(t) is not in the queue of \(thread.queuedAt)")
    }
    guard thread.queuedAtGate >= 0 else { return }
    let place = Int(thread.queuedAtGate)
    let isSemaphore = thread.continuation == .semaphoreWait
    let exists = isSemaphore ? semaphores.contains(place) : gates.contains(place)
    let isThere = exists && isQueued(SenderID(thread: t), in: isSemaphore ? .semaphore(place) : .gate(place))
    findings.require(isThere, "\(t) is not in the queue of its gate or semaphore")
  }

  private func checkWaiters(
    _ waiters: [SenderID], place: Int, continuation: Continuation, _ findings: inout InvariantFindings
  ) {
    for sender in waiters {
      guard let t = sender.thread else {
        findings.add("an IRQ waits at a gate or semaphore")
        continue
      }
      findings.require(
        Int(threads[t.slot].queuedAtGate) == place && threads[t.slot].continuation == continuation,
        "\(t) waits at \(place) without knowing it")
    }
  }

  /// Members of a queue, after a look at links and order.
  private func checkOrder(
    _ list: SenderList, _ name: String, _ findings: inout InvariantFindings
  ) -> [SenderID] {
    var members: [SenderID] = []
    var last = Int.max
    var cursor = firstSender(of: list)
    var before = SenderID.none
    while !cursor.isNone {
      guard let links = senderLinks(cursor) else {
        findings.add("an absent sender is queued at \(name)")
        return members
      }
      findings.require(links.previous == before, "the queue of \(name) does not lead back")
      findings.require(links.priority <= last, "the queue of \(name) is not in order of priority")
      last = links.priority
      members.append(cursor)
      guard members.count <= threads.count + irqs.count else {
        findings.add("the queue of \(name) has no end")
        return []
      }
      before = cursor
      cursor = links.next
    }
    return members
  }

  private func senderLinks(_ sender: SenderID) -> (previous: SenderID, next: SenderID, priority: Int)? {
    if let t = sender.thread, threads.contains(t.slot) {
      return (threads[t.slot].queuePrevious, threads[t.slot].queueNext, Int(threads[t.slot].queuedPriority))
    }
    if let i = sender.irq, irqs.contains(i) { return (irqs[i].queuePrevious, irqs[i].queueNext, 255) }
    return nil
  }

  // MARK: Reply capabilities

  /// Profile modern: whoever holds a reply capability is known to the caller, and the other way round.
  func checkReplyCapabilities(_ findings: inout InvariantFindings) {
    guard profile.tracksReplyCapability else { return }
    for index in threads.indices {
      let t = ThreadID(index)
      let caller = threads[index].caller
      if !caller.isNone {
        let knows =
          threads.contains(caller.slot) && threads[caller.slot].awaitedFrom == t
          && threads[caller.slot].awaitedEntry < 0
        findings.require(knows, "\(t) holds a reply capability of \(caller), who does not know")
      }
      checkAwaited(t, &findings)
    }
    for entry in replySlots.indices {
      let slot = replySlots[entry]
      let knows = threads.contains(slot.caller.slot) && threads[slot.caller.slot].awaitedEntry == Int32(entry)
      findings.require(knows, "reply slot \(slot.index) names \(slot.caller), who does not know")
      findings.require(tasks.contains(slot.task.slot), "reply slot \(slot.index) belongs to no task")
    }
  }

  private func checkAwaited(_ t: ThreadID, _ findings: inout InvariantFindings) {
    let thread = threads[t.slot]
    if thread.awaitedEntry >= 0 {
      let isThere = replySlots.contains(Int(thread.awaitedEntry)) && replySlots[Int(thread.awaitedEntry)].caller == t
      findings.require(isThere, "\(t) waits for an explicit reply slot that does not name it")
    } else if !thread.awaitedFrom.isNone {
      let holds = threads.contains(thread.awaitedFrom.slot) && threads[thread.awaitedFrom.slot].caller == t
      findings.require(holds, "\(t) waits for the reply of \(thread.awaitedFrom), who cannot reply")
    } else {
      return
    }
    findings.require(
      thread.phase == .receiveWait || thread.flags.contains(.dying), "\(t) awaits a reply and does not wait")
  }

  // MARK: Bindings

  func checkBindings(_ findings: inout InvariantFindings) {
    var references: [UInt32] = []
    func refer(_ t: ThreadID) {
      while references.count <= t.slot { references.append(0) }
      references[t.slot] += 1
    }
    for g in gates.indices where !gates[g].thread.isNone {
      findings.require(threads.contains(gates[g].thread.slot), "gate \(g) is bound to an absent thread")
      refer(gates[g].thread)
    }
    for i in irqs.indices {
      let irq = irqs[i]
      if irq.isQueued {
        let isThere =
          !irq.thread.isNone && threads.contains(irq.thread.slot)
          && isQueued(SenderID(irq: i), in: .thread(irq.thread))
        findings.require(isThere, "IRQ \(i) is not in the queue of \(irq.thread)")
        findings.require(irq.pending > 0, "IRQ \(i) is queued and not pending")
      }
      guard !irq.thread.isNone else { continue }
      findings.require(threads.contains(irq.thread.slot), "IRQ \(i) is bound to an absent thread")
      refer(irq.thread)
    }
    for index in threads.indices where threads[index].continuation == .modifySenders {
      if let target = threads[index].partner.thread { refer(target) }
    }
    for request in allRequests {
      for t in [request.subject, request.initiator] where !t.isNone { refer(t) }
    }
    for index in threads.indices {
      let counted = index < references.count ? references[index] : 0
      let kept = threads[index].internalReferences
      findings.require(kept == counted, "T\(index) counts \(kept) references where \(counted) are")
      let observer = threads[index].deletionObserver
      findings.require(
        observer.isNone
          || objects.contains(observer.slot)
            && line(of: observer).source == .deletion(at: ThreadID(index)),
        "T\(index) would trigger an absent IRQ")
    }
  }
}

extension Kernel {
  // MARK: Virtual processors

  /// State areas and their threads know each other; whoever is in user mode of a virtual processor has a task there.
  func checkAreas(_ findings: inout InvariantFindings) {
    for index in areas.indices {
      let t = areas[index].thread
      let knows = threads.contains(t.slot) && threads[t.slot].areas == Int32(index)
      findings.require(knows, "the kernel-user memory of \(t) belongs to nobody")
      let user = areas[index].userTask
      findings.require(user.isNone || tasks.contains(user.slot), "\(t) has an absent user task")
    }
    for index in threads.indices {
      let thread = threads[index]
      let flags = thread.flags
      guard thread.areas >= 0 else {
        let isPlain = flags.isDisjoint(with: [.vcpu, .vcpuUser, .upcall, .trampoline, .vcpuIRQsOff])
        findings.require(isPlain, "T\(index) has no state area and uses it")
        continue
      }
      guard areas.contains(Int(thread.areas)) else { return findings.add("T\(index) names an absent state area") }
      let area = areas[Int(thread.areas)]
      findings.require(flags.contains(.vcpu) == !area.vcpu.isNone, "T\(index) is half a virtual processor")
      findings.require(!flags.contains(.vcpuUser) || !area.userTask.isNone, "T\(index) runs in no user task")
      findings.require(flags.isDisjoint(with: [.upcall, .vcpuUser]) || flags.contains(.vcpu), "T\(index) is no vCPU")
      let both: ThreadFlags = [.upcall, .triggered]
      findings.require(!flags.isSuperset(of: both), "T\(index) is to do two things at the return to user mode")
    }
    for index in tasks.indices {
      let bound = threads.indices.count { threads[$0].task == TaskID(index) }
      let used = areas.indices.count { areas[$0].userTask == TaskID(index) }
      let counted = Int(tasks[index].boundThreads)
      findings.require(counted == bound + used, "task \(index) counts \(counted) threads where \(bound + used) are")
    }
  }
}
