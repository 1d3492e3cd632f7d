// Writes: threads (phase, IPC fields), irqs (pending).
import Determinism
import FiascoABI

extension Kernel {
  /// Whom a thread in its receive phase would serve next: the partner if it is queued, or the head of the queue.
  ///
  /// Models `Thread::get_next_sender`.
  func nextSender(for t: ThreadID) -> SenderID {
    let (first, partner) = threads[t.slot].queue
    if partner.isNone || first.isNone || first == partner { return first }
    return isQueued(partner, in: .thread(t)) ? partner : .none
  }

  /// The receive phase: take a queued message, or sleep until one comes.
  ///
  /// Models `Thread::do_ipc` from step 3 on, and `do_receive_wait`.
  mutating func continueReceive(_ t: ThreadID) {
    charge(.ipcReceive)
    guard threads[t.slot].phase == .receiveWait else { return succeed(t) }
    let next = nextSender(for: t)
    if !next.isNone {
      pull(next, into: t)
      return
    }
    if threads[t.slot].flags.contains(.cancel) { return abortReceive(t, .receiveCanceled) }
    let timeout = threads[t.slot].timeouts.receive
    switch deadline(of: timeout, for: t) {
    case .passed:
      yieldIfToSelf(t)
      abortReceive(t, .receiveTimeout)
    case .never:
      sleepReceiving(t, until: .never)
    case .at(let instant):
      sleepReceiving(t, until: instant)
    }
  }

  private mutating func sleepReceiving(_ t: ThreadID, until deadline: Instant) {
    threads[t.slot].continuation = .receiveWait
    record(.receiveBlocked(t, partner: threads[t.slot].partner.thread ?? .none))
    block(t, until: deadline)
  }

  /// A zero-timeout receive from oneself is `l4_thread_yield`: profile r67 goes to the tail, today's kernel does nothing.
  private mutating func yieldIfToSelf(_ t: ThreadID) {
    guard profile.yieldReschedules, threads[t.slot].partner == SenderID(thread: t) else { return }
    dequeue(t)
    enqueueTail(t)
    invalidateContext()
    abortReceive(t, .receiveTimeout)
    schedule()
  }

  /// Woken while receiving: by a message, a cancel, or the timeout.
  mutating func continueReceiveWait(_ t: ThreadID) {
    guard threads[t.slot].phase == .receiveWait else { return succeed(t) }
    if threads[t.slot].flags.contains(.cancel) {
      abortReceive(t, .receiveCanceled)
    } else if threads[t.slot].flags.contains(.timeout) {
      abortReceive(t, .receiveTimeout)
    } else {
      block(t, until: threads[t.slot].deadline)
    }
  }

  /// Serves a queued sender in the receiver's context.
  ///
  /// Models `Sender::ipc_send_msg`: the sender becomes ready; if its operation has a receive phase it is waiting for
  /// the reply already, although it has not run yet.
  private mutating func pull(_ sender: SenderID, into t: ThreadID) {
    if let irq = sender.irq {
      deliverIRQ(irq, to: t)
      return
    }
    guard let s = sender.thread else { preconditionFailure("a queued sender is a thread or an IRQ") }
    remove(sender, from: .thread(t))
    threads[s.slot].queuedAt = .none
    disarm(s)
    let open = threads[t.slot].partner.isNone
    if let error = transfer(from: s, to: t, receiverWasOpen: open) {
      failQueued(s, error)
    } else {
      threads[s.slot].endSend()
    }
    threads[s.slot].flags.remove(.timeout)
    if wake(s, lazy: true) { switchWithContext(to: s) }
  }

  /// The items of a queued message failed. Profile r67 does not tell a caller, which waits for its reply.
  private mutating func failQueued(_ s: ThreadID, _ error: IPCError) {
    if profile.queuedItemFailureAborts { return fail(s, error) }
    if threads[s.slot].hasReceivePhase { return threads[s.slot].endSend() }
    let tag = threads[s.slot].tag
    fail(s, error)
    threads[s.slot].tag = tag.withError(true)
  }

  /// The receive phase ends without a message. The caller of a tracked reply capability is forgotten by its callee.
  mutating func abortReceive(_ t: ThreadID, _ error: IPCError) {
    if profile.tracksReplyCapability { withdrawReplyCapability(of: t) }
    fail(t, error)
  }
}
