// Writes: threads (received tag and label, phase), registers (exception replies), memory (message registers).
import FiascoABI

extension Kernel {
  /// Copies a message and completes the receiver's receive phase. Returns what went wrong, as the sender sees it.
  ///
  /// On an error in the typed items the words are copied and the receiver's wait is over all the same.
  /// Models `Thread::transfer_msg`.
  mutating func transfer(from s: ThreadID, to r: ThreadID, receiverWasOpen: Bool) -> IPCError? {
    let tag = threads[s.slot].tag.withError(false)
    let calls = threads[s.slot].hasReceivePhase && threads[s.slot].partner == SenderID(thread: r)
    var error = copyPayload(tag, from: s, to: r)
    if error == nil, tag.items > 0 {
      error = transferItems(from: s, to: r, tag: tag, rights: threads[s.slot].sendRights)
    }
    threads[r.slot].tag = tag.withError(error != nil)
    threads[r.slot].label = threads[s.slot].label
    if let error { setError(r, error.seenByReceiver) }
    if calls, error == nil, receiverWasOpen || !profile.replyCapabilityOnlyInOpenWait {
      setReplyCapability(of: r, caller: s)
    }
    endReceive(r)
    record(.messageTransferred(from: s, to: r, tag: tag.raw))
    return error
  }

  /// The receiver's wait is over: it is ready and finishes its operation when it runs.
  mutating func endReceive(_ r: ThreadID) {
    threads[r.slot].phase = .none
    threads[r.slot].continuation = .finish
    threads[r.slot].flags.insert(.ready)
    threads[r.slot].flags.subtract([.timeout, .cancel])
    // A reply ends the call: nobody owes this thread an answer any more.
    threads[r.slot].awaitedFrom = .none
    threads[r.slot].awaitedSlot = -1
    disarm(r)
  }

  /// Words go from UTCB to UTCB; an exception message comes from the trap state and its reply goes back there.
  private mutating func copyPayload(_ tag: MessageTag, from s: ThreadID, to r: ThreadID) -> IPCError? {
    charge(.copyWords, count: tag.words)
    switch (threads[s.slot].entry == .exception, threads[r.slot].entry == .exception) {
    case (true, _): writeExceptionMessage(of: s, to: r)
    case (false, true): applyExceptionReply(tag, from: s, to: r)
    case (false, false): copyMessageRegisters(from: s, to: r, words: tag.words)
    }
    return nil
  }
}
