// Writes: threads (received tag and label, phase), registers (exception replies), memory (message registers).
import FiascoABI

extension Kernel {
  /// Copies a message and completes the receiver's receive phase. Returns what went wrong, as the sender sees it.
  ///
  /// On an error in the typed items the words are copied and the receiver's wait is over all the same.
  /// Models `Thread::transfer_msg`.
  mutating func transfer(from s: ThreadID, to r: ThreadID, receiverWasOpen: Bool) -> IPCError? {
    let message = threads[s.slot].message(to: r)
    let tag = message.tag
    copyPayload(tag, from: s, to: r)
    let error = takesItems(r, tag) ? transferItems(from: s, to: r, tag: tag, rights: message.rights) : nil
    if tag.flags.contains(.transferFPU), error == nil { transferFPU(message.rights, from: s, to: r) }
    if let error { setError(r, error.seenByReceiver) }
    if message.isCall, error == nil, receiverWasOpen || !profile.replyCapabilityOnlyInOpenWait {
      setReplyCapability(of: r, caller: s)
    }
    threads[r.slot].endReceive(tag: tag.withError(error != nil), label: message.label)
    record(.messageTransferred(from: s, to: r, tag: tag.raw))
    return error
  }

  /// Between two user messages; those of exceptions have rules of their own.
  private mutating func transferFPU(_ rights: UInt8, from s: ThreadID, to r: ThreadID) {
    guard rights & 2 != 0, threads[s.slot].entry != .exception, threads[r.slot].entry != .exception else { return }
    if inheritsFPU(r) { transferFPU(from: s, to: r) }
  }

  /// An answer to an exception that is too short for a register set is not looked at, its items neither.
  private func takesItems(_ r: ThreadID, _ tag: MessageTag) -> Bool {
    tag.items > 0 && (threads[r.slot].entry != .exception || tag.words >= ExceptionMessage.words)
  }

  /// As `transfer`, to a thread that does not wait: tag and label go to the state area of its virtual processor, so
  /// that what the thread may be about to return stays.
  mutating func transferToVCPU(from s: ThreadID, to r: ThreadID) -> IPCError? {
    let message = threads[s.slot].message(to: r)
    let tag = message.tag
    copyPayload(tag, from: s, to: r)
    let error = tag.items > 0 ? transferItems(from: s, to: r, tag: tag, rights: message.rights) : nil
    if let error { setError(r, error.seenByReceiver) }
    if message.isCall, error == nil { setReplyCapability(of: r, caller: s) }
    setVCPUMessage(r, tag: tag.withError(error != nil), label: message.label)
    record(.messageTransferred(from: s, to: r, tag: tag.raw))
    return error
  }

  /// Words go from UTCB to UTCB; an exception message comes from the trap state and its reply goes back there.
  private mutating func copyPayload(_ tag: MessageTag, from s: ThreadID, to r: ThreadID) {
    charge(.copyWords, count: tag.words)
    switch (threads[s.slot].entry == .exception, threads[r.slot].entry == .exception) {
    case (true, _): writeExceptionMessage(of: s, to: r)
    case (false, true): applyExceptionReply(tag, from: s, to: r)
    case (false, false): copyMessageRegisters(from: s, to: r, words: tag.words)
    }
  }
}
