// Writes: threads (caller, awaitedFrom), replySlots.
import FiascoABI

extension Kernel {
  /// Remembers who has to be answered: in the receiver's implicit slot, or in the explicit one its wait named.
  ///
  /// Models `Receiver::set_caller` (r67) and `set_reply_cap` (modern).
  mutating func setReplyCapability(of r: ThreadID, caller: ThreadID) {
    let rights = threads[caller.slot].sendRights & 3
    guard profile.tracksReplyCapability else {
      threads[r.slot].caller = caller
      threads[r.slot].callerRights = rights
      return
    }
    let slot = threads[r.slot].replySlot
    var entry: Int32 = -1
    if slot < 0 {
      releaseCaller(threads[r.slot].caller)
      threads[r.slot].caller = caller
      threads[r.slot].callerRights = rights
    } else {
      entry = setExplicitReply(task: threads[r.slot].task, index: UInt32(slot), caller: caller, rights: rights)
    }
    threads[caller.slot].awaitedFrom = r
    threads[caller.slot].awaitedEntry = entry
  }

  /// Consumes the implicit reply capability: the lookup clears it, whatever becomes of the reply.
  ///
  /// Models `Obj_cap::deref` with the reply bit.
  mutating func takeReplyCapability(of t: ThreadID) -> (caller: ThreadID, rights: UInt8)? {
    let caller = threads[t.slot].caller
    guard !caller.isNone, threads.contains(caller.slot) else {
      // Observed a44 r55: a trap in the kernel; r56: the answer reaches whoever got the memory.
      if caller != .none { stop("\(t) answers a caller that was deleted: its reply capability is a stale pointer") }
      return nil
    }
    let rights = threads[t.slot].callerRights
    threads[t.slot].caller = .none
    releaseCaller(caller)
    return (caller, rights)
  }

  /// A direct message to a thread that waits for our reply is that reply: the capability is gone (modern).
  mutating func forgetCaller(of t: ThreadID, ifItIs receiver: ThreadID) {
    guard threads[receiver.slot].awaitedFrom == t, threads[receiver.slot].phase == .receiveWait else { return }
    withdrawReplyCapability(of: receiver)
  }

  /// A caller stops waiting (timeout, cancel, death): whoever holds its reply capability loses it (modern).
  ///
  /// Models `Receiver::reset_partner_reply_cap`.
  mutating func withdrawReplyCapability(of caller: ThreadID) {
    let (holder, entry) = (threads[caller.slot].awaitedFrom, threads[caller.slot].awaitedEntry)
    if entry >= 0 {
      // The slot belongs to a task: it is there although the thread that received the call may be gone.
      removeReplySlot(Int(entry))
    } else if !holder.isNone, threads.contains(holder.slot), threads[holder.slot].caller == caller {
      threads[holder.slot].caller = .none
    }
    releaseCaller(caller)
  }

  private mutating func releaseCaller(_ caller: ThreadID) {
    guard !caller.isNone, threads.contains(caller.slot) else { return }
    threads[caller.slot].awaitedFrom = .none
    threads[caller.slot].awaitedEntry = -1
  }

  // MARK: Explicit slots (profile modern)

  /// How many explicit reply slots a task has.
  static var replySlotLimit: UInt64 { 1 << 16 }

  /// The occupied slots of a task are in a list; a server has as many as it has clients that wait.
  func explicitReply(task: TaskID, index: UInt32) -> Int? {
    var entry = Int(tasks[task.slot].firstReplySlot)
    while entry >= 0, replySlots[entry].index != index { entry = Int(replySlots[entry].next) }
    return entry >= 0 ? entry : nil
  }

  private mutating func setExplicitReply(
    task: TaskID, index: UInt32, caller: ThreadID, rights: UInt8
  ) -> Int32 {
    if let entry = explicitReply(task: task, index: index) {
      // The previous client waits for ever; the real kernel only warns.
      releaseCaller(replySlots[entry].caller)
      replySlots[entry].caller = caller
      replySlots[entry].callerRights = rights
      return Int32(entry)
    }
    let first = tasks[task.slot].firstReplySlot
    let slot = ReplySlot(task: task, index: index, caller: caller, callerRights: rights, next: first)
    let entry = Int32(replySlots.insert(slot))
    if first >= 0 { replySlots[Int(first)].previous = entry }
    tasks[task.slot].firstReplySlot = entry
    return entry
  }

  private mutating func removeReplySlot(_ entry: Int) {
    let slot = replySlots[entry]
    if slot.previous >= 0 {
      replySlots[Int(slot.previous)].next = slot.next
    } else {
      tasks[slot.task.slot].firstReplySlot = slot.next
    }
    if slot.next >= 0 { replySlots[Int(slot.next)].previous = slot.previous }
    replySlots.remove(entry)
  }

  mutating func takeExplicitReply(task: TaskID, index: UInt32) -> (caller: ThreadID, rights: UInt8)? {
    guard let entry = explicitReply(task: task, index: index) else { return nil }
    let slot = replySlots[entry]
    removeReplySlot(entry)
    releaseCaller(slot.caller)
    return (slot.caller, slot.callerRights)
  }

  /// The task is freed: its clients wait for ever.
  mutating func dropReplySlots(of task: TaskID) {
    while tasks[task.slot].firstReplySlot >= 0 {
      let entry = Int(tasks[task.slot].firstReplySlot)
      releaseCaller(replySlots[entry].caller)
      removeReplySlot(entry)
    }
  }
}
