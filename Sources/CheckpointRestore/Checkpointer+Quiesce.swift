import FiascoABI
import Genode

/// How far a child has been brought to a stand before its checkpoint.
enum Quiescence: Hashable, Sendable {
  case notAsked
  /// Threads stop by themselves at their next return to user mode; looked at this often so far.
  case asked(looks: Int)
  /// As quiet as it will get.
  case reached
}

// A checkpoint that waits for a good moment. A stop without cancel leaves system calls alone: whoever is in one
// finishes it and is stopped behind it, with its answer. So calls end, and only those who wait for something new stay
// blocked. A thread that serves must be among these: stopped anywhere else it may hold a request. Writes taking, jobs,
// commands.
extension Checkpointer {
  /// Microseconds between two looks, and how many of them; assumed.
  private static let quiescencePeriod: UInt64 = 2_000
  private static let mostLooks = 25

  mutating func startOwnWork(_ work: TimedCommand.OwnWork) {
    switch work {
    case .period(let child, let session): jobs.append(.startPeriod(child: child, session: session))
    case .quiescence:
      guard let taking else { return }
      guard children[taking.child].condition == .running else {
        return abandon(.targetNotRunning(taking.image.componentName))
      }
      jobs += taking.threads.indices.map { .readState(thread: $0) }
      jobs.append(.judgeQuiescence)
    }
  }

  mutating func beginQuiescing() {
    run.quiescence = .asked(looks: 0)
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
  private func isOurs(_ index: Int) -> Bool { online(index).isStarted && !online(index).isPaused }

  private func serves(_ index: Int) -> Bool {
    let thread = run.threads[index].thread
    return children[run.child].rpcObjects.contains { $0.isLive && $0.thread == thread }
  }

  /// Threads that serve and were stopped in user code are let go on, to come to their wait.
  private mutating func judgeQuiescence(_ script: inout Script) throws(Suspension) {
    guard case .asked(let looks) = run.quiescence else { return }
    let busy = run.threads.indices.filter { isOurs($0) && run.threads[$0].isStopped && serves($0) }
    if looks > 0, busy.isEmpty || looks >= Self.mostLooks {
      run.quiescence = .reached
      jobs.append(.preflight)
      return
    }
    run.quiescence = .asked(looks: looks + 1)
    let now = try script.readClock()
    schedule(.quiescence, at: now + Self.quiescencePeriod)
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
  var restlessThread: Int? {
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
