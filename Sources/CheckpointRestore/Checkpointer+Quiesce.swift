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
      let all = runs
      if let gone = all.first(where: { children[$0.child].condition != .running }) {
        return abandon(.targetNotRunning(gone.image.componentName))
      }
      for run in all {
        jobs.append(.turnTo(run.member))
        for index in run.threads.indices {
          if run.threads[index].wasReleased { jobs.append(.requestStop(thread: index)) }
          jobs += [.readState(thread: index), .findOperation(thread: index)]
        }
      }
      if !all.isEmpty { jobs.append(.judgeQuiescence) }
    }
  }

  mutating func beginQuiescing() {
    for member in runs.map(\.member) {
      turn(to: member)
      run.quiescence = .asked(since: 0, looked: false)
      jobs.append(.turnTo(member))
      jobs += run.threads.indices.map { .requestStop(thread: $0) }
    }
    jobs.append(.judgeQuiescence)
  }

  mutating func quiesce(_ job: CheckpointerJob, _ script: inout Script) throws(Suspension) {
    switch job {
    case .requestStop(let index):
      run.threads[index].wasReleased = false
      guard isOurs(index) else { return }
      _ = try script.call(online(index).real, CPUThreadOpcode.pause)
    case .judgeQuiescence: try judgeQuiescence(&script)
    case .release(let index):
      run.threads[index].flags = []
      run.threads[index].wasReleased = true
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
    // Whoever is called by a thread of the same checkpoint is brought together with it again.
    let held = runs.flatMap { $0.threads.compactMap(\.called) }
    var busy: [CheckpointerJob] = []
    var (isCalling, isStopping) = (false, false)
    let members = runs.map(\.member)
    for member in members {
      turn(to: member)
      for index in run.threads.indices where isOurs(index) {
        let capture = run.threads[index]
        let called = CalledThread(child: run.child, thread: capture.thread)
        // It is asked to stop again at the next look: at once it would stop where it stands.
        if capture.isStopped, serves(index), !held.contains(called) {
          busy += [.turnTo(member), .release(thread: index)]
        }
        if !capture.isStopped, !capture.onlyWaits { isCalling = true }
        if !capture.isStopped, capture.operation.isEmpty, serves(index) { isStopping = true }
      }
    }
    let now = try script.readClock()
    if since == 0 { since = now }
    let isOver = looked && (busy.isEmpty && !isCalling || now - since >= Self.patience)
    for member in members {
      turn(to: member)
      run.quiescence = isOver ? .reached : .asked(since: since, looked: true)
    }
    if isOver { return jobs += members.flatMap { [.turnTo($0), .preflight] } }
    // Longer each time, so that it gets on; who has just been asked to stop is looked at again soon.
    let pause = busy.isEmpty ? (isStopping ? Self.shortPeriod : Self.period) : Self.shortPeriod << run.releases
    if !busy.isEmpty { run.releases = min(run.releases + 1, 4) }
    schedule(.quiescence, at: now + pause)
    jobs += busy
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
    let all = runs
    guard let restless = CheckpointImage.restlessThread(of: all.map(\.image)) else { return }
    jobs.removeAll()
    for run in all {
      jobs.append(.turnTo(run.member))
      jobs += run.pendingSignals.indices.map { .returnSignals(position: $0) }
    }
    jobs += continuation(of: all)
    jobs.append(.abandonCheckpoint(.notQuiescent(thread: all[restless.image].image.threads[restless.thread].name)))
    for run in all { outbox.append(.phaseEnded(.metadata, of: run.name, run.counts)) }
  }
}

extension CheckpointImage {
  /// A thread whose call or whose request would be lost or repeated although nobody in the component could mend it.
  public var restlessThread: Int? { Self.restlessThread(of: [self])?.thread }

  /// The same of components that are checkpointed together.
  static func restlessThread(of images: [CheckpointImage]) -> CallerRelation.Place? {
    let relations = CallerRelation.all(in: images)
    for (number, image) in images.enumerated() {
      for (index, thread) in image.threads.enumerated() {
        let place = CallerRelation.Place(image: number, thread: index)
        let isRestless =
          switch thread.situation {
          case .callReceivePhase where !relations.contains { $0.caller == place }: true
          case .sendPhase where thread.sendTag == nil: true
          case .openWait, .replyAndWait: false
          default:
            thread.started && image.rpcObjects.contains { $0.threadIndex == index }
              && !relations.contains { $0.holder == place }
          }
        if isRestless { return place }
      }
    }
    return nil
  }
}

extension ThreadCapture {
  /// Blocked in a receive without a send, or in one whose send is over because it waits for anybody.
  fileprivate var onlyWaits: Bool {
    flags.contains(.unresolvedPageFault) || called != nil
      || !operation.isEmpty && (!operation.contains(.send) || operation.contains(.openWait))
  }
}
