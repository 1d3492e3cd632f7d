// Writes: threads (phase, IPC fields).
import Determinism
import FiascoABI

/// From whom an operation receives after its send phase.
enum ReceivePhase: Equatable {
  case none
  case open
  case closed(SenderID)
}

extension Kernel {
  /// Starts an IPC operation of the current thread: the send phase to `receiver` (if any), then the receive phase.
  ///
  /// Tag, label, timeouts and rights stand in the thread already. Models `Thread::do_ipc`.
  mutating func startIPC(_ t: ThreadID, sendTo receiver: ThreadID?, receive: ReceivePhase) {
    threads[t.slot].begin(receive)
    if let receiver {
      send(from: t, to: receiver)
    } else {
      threads[t.slot].phase = .receiveWait
      threads[t.slot].continuation = .receive
    }
  }

  /// Hands the sender's message to the receiver, or blocks the sender until that is possible.
  private mutating func send(from t: ThreadID, to receiver: ThreadID) {
    charge(.ipcSend)
    guard threads.contains(receiver.slot), !threads[receiver.slot].isDead || isRemote(receiver) else {
      return fail(t, .notExistent)
    }
    if isRemote(receiver) { return sendRemotely(from: t, to: receiver) }
    if profile.tracksReplyCapability { forgetCaller(of: t, ifItIs: receiver) }
    if threads[receiver.slot].accepts(SenderID(thread: t)) {
      deliver(from: t, to: receiver)
    } else if vcpuTakesMessage(receiver) {
      deliverToVCPU(from: t, to: receiver)
    } else {
      waitForReceiver(t, receiver)
    }
  }

  private mutating func waitForReceiver(_ t: ThreadID, _ receiver: ThreadID) {
    let timeout = threads[t.slot].timeouts.send
    var until = Instant.never
    switch deadline(of: timeout, for: t) {
    case .never: break
    case .at(let instant): until = instant
    case .passed:
      if timeout.isZero || profile.pastSendTimeoutFailsAtOnce { return fail(t, .sendTimeout) }
      until = wheelReaches(utcbWord(t, UTCB.bufferRegisters + timeout.bufferRegister))
    }
    // Only profile r67 comes here with a cancel pending.
    if threads[t.slot].flags.contains(.cancel) { return fail(t, .sendCanceled) }
    enqueue(SenderID(thread: t), in: .thread(receiver))
    threads[t.slot].queuedAt = receiver
    threads[t.slot].phase = .sendWait
    threads[t.slot].continuation = .sendWait
    record(.senderQueued(t, at: receiver))
    block(t, until: until)
  }

  /// The receiver takes the message at once; then it is decided who runs.
  private mutating func deliver(from t: ThreadID, to receiver: ThreadID) {
    let receiverWasOpen = threads[receiver.slot].partner.isNone
    let error = transfer(from: t, to: receiver, receiverWasOpen: receiverWasOpen)
    if let error { fail(t, error) } else { threads[t.slot].endSend() }
    activate(receiver, after: t, sent: error == nil)
  }

  /// The receiver is a virtual processor that does not wait: it is interrupted. A thread may do that to itself.
  private mutating func deliverToVCPU(from t: ThreadID, to receiver: ThreadID) {
    beginVCPUMessage(receiver, from: SenderID(thread: t))
    let error = transferToVCPU(from: t, to: receiver)
    if let error { fail(t, error) } else { threads[t.slot].endSend() }
    if receiver != t { activate(receiver, after: t, sent: error == nil) }
  }

  /// Lets the receiver of a message run: directly on the sender's context, by preemption, or later.
  ///
  /// Models the end of the send phase in `Thread::do_ipc`.
  private mutating func activate(_ receiver: ThreadID, after t: ThreadID, sent: Bool) {
    let phase = threads[t.slot].receivePhase
    let receives = sent && phase.isThere
    let isCall = receives && phase.isClosed
    let donates = isCall || currentContext != t
    let nobodyWaits = !receives || nextSender(for: t).isNone
    let staysAway = !(receives && profile.zeroReceiveTimeoutSkipsSwitch && phase.timeout.isZero)
    if sent, donates, nobodyWaits, staysAway, !threads[t.slot].tag.flags.contains(.schedule),
      threads[receiver.slot].flags.contains(.placed)
    {
      switchExecution(to: receiver)
    } else if deblock(receiver, lazy: true) {
      switchWithContext(to: receiver)
    }
  }

  /// A thread blocked in its send phase was woken without having been served.
  ///
  /// Models `Thread::do_send_wait`.
  mutating func continueSendWait(_ t: ThreadID) {
    let flags = threads[t.slot].flags
    if flags.contains(.transferFailed) {
      fail(t, .sendCanceled)
    } else if threads[t.slot].queuedAt.isNone, !flags.isDisjoint(with: [.cancel, .timeout]) {
      // Its receiver has died (profile r67): it is in no queue, so the abort takes the message for delivered.
      disarm(t)
      threads[t.slot].phase = .none
      succeed(t)
    } else if flags.contains(.cancel) {
      leaveSenderQueue(t)
      fail(t, .sendCanceled)
    } else if flags.contains(.timeout) {
      leaveSenderQueue(t)
      fail(t, .sendTimeout)
    } else {
      block(t, until: threads[t.slot].deadline)
    }
  }
}
