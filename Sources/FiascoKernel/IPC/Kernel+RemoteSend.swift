// Writes: threads (phase, IPC fields).
import Determinism
import FiascoABI

extension Kernel {
  /// The receiver is at home on another core: that core shakes hands with it. There is no direct switch, and no
  /// donation of time.
  ///
  /// Models `Thread::remote_handshake_receiver`.
  mutating func sendRemotely(from t: ThreadID, to receiver: ThreadID) {
    ask(.send(t, to: receiver), for: t)
  }

  /// On the receiver's core: the message is delivered, or refused, or its sender queued; then the sender is told.
  ///
  /// Models `Thread::handle_remote_ipc_send` and `remote_ipc_send`.
  mutating func carryOutSend(from s: ThreadID, to r: ThreadID) -> Bool {
    var receiverMayRun = false
    if threads[r.slot].isDead {
      fail(s, .notExistent)
    } else {
      if profile.tracksReplyCapability { forgetCaller(of: s, ifItIs: r) }
      if threads[r.slot].accepts(SenderID(thread: s)) {
        receiverMayRun = deliverRequested(from: s, to: r)
      } else if vcpuTakesMessage(r) {
        receiverMayRun = interruptRequested(from: s, to: r)
      } else {
        queueRequested(s, at: r)
      }
    }
    return wake(s, lazy: false) || receiverMayRun
  }

  private mutating func deliverRequested(from s: ThreadID, to r: ThreadID) -> Bool {
    // Typed items are pulled: the receiver's core asks back and is asked again before it may go on.
    if threads[s.slot].tag.items > 0 { charge(.remoteRequest, count: 2) }
    let receiverWasOpen = threads[r.slot].partner.isNone
    let error = transfer(from: s, to: r, receiverWasOpen: receiverWasOpen)
    if let error { fail(s, error) } else { threads[s.slot].endSend() }
    return deblock(r, lazy: false)
  }

  private mutating func interruptRequested(from s: ThreadID, to r: ThreadID) -> Bool {
    beginVCPUMessage(r, from: SenderID(thread: s))
    if let error = transferToVCPU(from: s, to: r) { fail(s, error) } else { threads[s.slot].endSend() }
    return deblock(r, lazy: false)
  }

  private mutating func queueRequested(_ s: ThreadID, at r: ThreadID) {
    let timeout = threads[s.slot].timeouts.send
    if case .passed = deadline(of: timeout, for: s), timeout.isZero || profile.pastSendTimeoutFailsAtOnce {
      return fail(s, .sendTimeout)
    }
    enqueue(SenderID(thread: s), in: .thread(r))
    threads[s.slot].queuedAt = r
    threads[s.slot].phase = .sendWait
    threads[s.slot].continuation = .sendQueued
    record(.senderQueued(s, at: r))
  }

  /// Back on the sender's core, and not yet served: from here on it is a sender like any other. Its timeout counts from
  /// now.
  mutating func continueSendQueued(_ t: ThreadID) {
    threads[t.slot].continuation = .sendWait
    let flags = threads[t.slot].flags
    guard flags.isDisjoint(with: [.transferFailed, .cancel]) else { return continueSendWait(t) }
    switch deadline(of: threads[t.slot].timeouts.send, for: t) {
    case .never: block(t, until: .never)
    case .at(let instant): block(t, until: instant)
    case .passed where profile.pastSendTimeoutFailsAtOnce:
      threads[t.slot].flags.insert(.timeout)
      continueSendWait(t)
    case .passed: block(t, until: now)
    }
  }
}
