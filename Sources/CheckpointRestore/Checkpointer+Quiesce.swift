import FiascoABI
import Genode

/// How far a child has been brought to a stand before its checkpoint.
enum Quiescence: Hashable, Sendable {
  case notAsked
  /// Threads stop by themselves at their next return to user mode; since when, microseconds, and whether anybody has
  /// looked at them.
  case asked(since: UInt64, looked: Bool)
  /// As quiet as it will get.
  case reached
}

// A checkpoint that waits for a good moment. A stop without cancel leaves system calls alone: whoever is in one
// finishes it and is stopped behind it, with its answer. So calls end, and only those who wait for something new stay
// blocked; the code before their system call tells who these are. A thread that serves must be among them: stopped
// anywhere else it may hold a request. Writes taking, jobs,
// commands.
extension Checkpointer {
  /// Microseconds: until a server has come to its wait, until a call is over, until nobody waits any longer. Assumed.
  private static let shortPeriod: UInt64 = 1_000
  private static let period: UInt64 = 4_000
  private static let patience: UInt64 = 100_000

  mutating func startOwnWork(_ work: TimedCommand.OwnWork) {
    switch work {
    case .period(let child, let session): jobs.append(.startPeriod(child: child, session: session))
    case .quiescence:
      guard let taking else { return }
      guard children[taking.child].condition == .running else {
        return abandon(.targetNotRunning(taking.image.componentName))
      }
      for index in taking.threads.indices { jobs += [.readState(thread: index), .findOperation(thread: index)] }
      jobs.append(.judgeQuiescence)
    }
  }

  mutating func beginQuiescing() {
    run.quiescence = .asked(since: 0, looked: false)
    jobs += run.threads.indices.map { .requestStop(thread: $0) }
    jobs.append(.judgeQuiescence)
  }

  mutating func quiesce(_ job: CheckpointerJob, _ script: inout Script) throws(Suspension) {
    switch job {
    case .requestStop(let index):
      guard isOurs(index) else { return }
      _ = try script.call(online(index).real, CPUThreadOpcode.pause)
    case .judgeQuiescence: try judgeQuiescence(&script)
    case .release(let index):
      run.threads[index].flags = []
      _ = try script.call(online(index).real, CPUThreadOpcode.resume)
    case .stopForGood(let index): try stopForGood(index, &script)
    case .checkQuiescence: checkQuiescence()
    default: preconditionFailure("this job belongs to another part of the checkpointer")
    }
  }

  /// Runs, and was not stopped by the child itself.
  func isOurs(_ index: Int) -> Bool { online(index).isStarted && !online(index).isPaused }

  /// By an RPC object, or by fetching the signals all others wait for.
  private func serves(_ index: Int) -> Bool {
    let thread = run.threads[index].thread
    if online(index).name == ComponentLayout.signalHandlerName { return true }
    return children[run.child].rpcObjects.contains { $0.isLive && $0.thread == thread }
  }

  /// Threads that serve and were stopped in user code are let go on, to come to their wait.
  private mutating func judgeQuiescence(_ script: inout Script) throws(Suspension) {
    guard case .asked(var since, let looked) = run.quiescence else { return }
    let ours = run.threads.indices.filter { isOurs($0) }
    // Whoever is called by a thread of the same component is brought together with it again.
    let held = run.threads.compactMap(\.calledThread)
    let busy = ours.filter { run.threads[$0].isStopped && serves($0) && !held.contains(run.threads[$0].thread) }
    let calling = ours.contains { !run.threads[$0].isStopped && !run.threads[$0].onlyWaits }
    let now = try script.readClock()
    if since == 0 { since = now }
    if looked, busy.isEmpty && !calling || now - since >= Self.patience {
      run.quiescence = .reached
      jobs.append(.preflight)
      return
    }
    run.quiescence = .asked(since: since, looked: true)
    schedule(.quiescence, at: now + (busy.isEmpty ? Self.period : Self.shortPeriod))
    // A thread that is let go on is asked to stop again at its next system call.
    for index in busy { jobs += [.release(thread: index), .requestStop(thread: index)] }
  }

  /// What is still inside a system call now waits for something new: it is cut off.
  private mutating func stopForGood(_ index: Int, _ script: inout Script) throws(Suspension) {
    guard isOurs(index) else { return }
    let state = try script.call(online(index).real, CPUThreadOpcode.state).words
    guard state.count == ThreadStateWords.count else { return }
    let flags = ThreadStateFlags(rawValue: state[ThreadStateWords.flags])
    if flags.contains(.inException) { return }
    // Core stops a paused thread no second time; its record, not the kernel, says that it is paused.
    let words = Array(state[ThreadStateWords.registers...])
    try setState(of: online(index).real, flags, state[ThreadStateWords.exceptions], words, &script)
    _ = try script.call(online(index).real, CPUThreadOpcode.pauseCancelling)
  }

  /// The cancel has shown who was inside a call after all, or may hold a request of somebody else.
  private mutating func checkQuiescence() {
    guard let thread = run.image.restlessThread else { return }
    jobs.removeAll()
    jobs += run.pendingSignals.indices.map { .returnSignals(position: $0) }
    jobs += run.threads.indices.map { .resume(thread: $0) }
    jobs.append(.abandonCheckpoint(.notQuiescent(thread: run.image.threads[thread].name)))
    outbox.append(.phaseEnded(.metadata, of: run.name, run.counts))
  }

}

extension CheckpointImage {
  /// A thread whose call or whose request would be lost or repeated although nobody in the component could mend it.
  public var restlessThread: Int? {
    let relations = callerRelations
    return threads.indices.first { index in
      let thread = threads[index]
      switch thread.situation {
      case .callReceivePhase where !relations.contains { $0.caller == index }: return true
      case .sendPhase where thread.sendTag == nil: return true
      case .openWait, .replyAndWait: return false
      default:
        let serves = rpcObjects.contains { $0.threadIndex == index }
        return thread.started && serves && !relations.contains { $0.holder == index }
      }
    }
  }
}

extension ThreadCapture {
  /// Blocked in a receive without a send, or in one whose send is over because it waits for anybody.
  fileprivate var onlyWaits: Bool {
    flags.contains(.unresolvedPageFault) || calledThread != nil
      || !operation.isEmpty && (!operation.contains(.send) || operation.contains(.openWait))
  }
}
