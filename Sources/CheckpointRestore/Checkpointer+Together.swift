import FiascoABI
import Genode

// A checkpoint of one component, or of several that stand still together: their threads wait for each other, and only
// images of one instant fit together. Everybody is stopped, then one component after the other is recorded and copied,
// then everybody goes on. Writes taking, parkedRuns, jobs.
extension Checkpointer {
  /// The first image has the name; those of other components have theirs added.
  mutating func startCheckpoint(of targets: [String], as name: String) {
    var runs: [CheckpointRun] = []
    for target in targets {
      guard let child = children.indices.last(where: { children[$0].name == target }) else {
        return refuse(.unknownTarget(target))
      }
      guard children[child].condition == .running else { return refuse(.targetNotRunning(target)) }
      if let obstacle = children[child].obstacle(besides: configuration.allowedServices) { return refuse(obstacle) }
      var run = CheckpointRun(
        name: runs.isEmpty ? name : "\(name).\(target)", child: child, threads: children[child].captures,
        image: CheckpointImage(componentName: target))
      run.member = runs.count
      runs.append(run)
    }
    guard !runs.isEmpty else { return }
    let strategy = configuration.strategy
    if runs.count > 1, strategy.copiesBeforeFreeze || strategy.copiesAfterThaw || strategy.mirrorsWrites {
      return refuse(.requestFailed("checkpointing several components together with this strategy"))
    }
    let group = runs.count > 1 ? runs.map(\.name) : []
    for index in runs.indices { runs[index].group = group }
    taking = runs[0]
    parkedRuns = runs.map { $0.member == 0 ? nil : $0 }
    jobs += runs.flatMap { [.turnTo($0.member), .preflight] }
  }

  /// Another one of the components that are checkpointed together.
  mutating func turn(to member: Int) {
    if let taking {
      guard taking.member != member else { return }
      parkedRuns[taking.member] = taking
    }
    taking = parkedRuns[member]
    parkedRuns[member] = nil
  }

  /// All of them, the current one in its place.
  var runs: [CheckpointRun] {
    parkedRuns.indices.compactMap { member in taking?.member == member ? taking : parkedRuns[member] }
  }

  mutating func forgetRuns() {
    taking = nil
    parkedRuns = []
  }

  mutating func beginFreeze(_ script: inout Script) throws(Suspension) {
    if configuration.quiescesFirst, run.quiescence == .notAsked { return beginQuiescing() }
    for member in runs.map(\.member) {
      turn(to: member)
      run.startedAt = try script.readClock()
      if run.preCopy == nil {
        outbox.append(.checkpointStarted(checkpoint: run.name, target: children[run.child].name))
      }
      run.isFrozen = true
      for session in children[run.child].sessions where session.isLive && session.provider == .foreign {
        outbox.append(.sessionLeftOut(checkpoint: run.name, service: session.service))
      }
      outbox.append(.phaseStarted(.frozen, of: run.name))
      outbox.append(.phaseStarted(.freeze, of: run.name))
    }
    for run in runs {
      jobs.append(.turnTo(run.member))
      jobs += run.threads.indices.map { run.quiescence == .notAsked ? .pause(thread: $0) : .stopForGood(thread: $0) }
      jobs.append(.endFreeze)
    }
    enqueueCapture(runs[0])
  }

  private mutating func enqueueCapture(_ run: CheckpointRun) {
    let all = run.threads.indices
    jobs.append(.turnTo(run.member))
    jobs += all.map { .readState(thread: $0) }
    if configuration.freeze == .triggerAndCancel {
      jobs.append(.attachStub(child: run.child))
      for index in all { jobs += [.saveUTCB(thread: index), .inspectCode(thread: index)] }
    }
    jobs += all.map { .classify(thread: $0) }
    if configuration.freeze == .triggerAndCancel { jobs.append(.detachStub(child: run.child)) }
    if configuration.findsOutsideCallers { jobs.append(.findOutsideCallers) }
    jobs += [.endStep(.registers), .askSignals, .drainSignals, .openCapabilityMap]
  }

  /// The current component is copied: the next one, or, after the last, everybody goes on.
  mutating func enqueueThaw() {
    jobs.append(.endDump)
    let all = runs
    if run.member + 1 < all.count { return enqueueCapture(all[run.member + 1]) }
    for run in all {
      guard !run.pendingSignals.isEmpty else { continue }
      jobs.append(.turnTo(run.member))
      jobs += run.pendingSignals.indices.map { .returnSignals(position: $0) }
    }
    if !has(.resumeForgotten) { jobs += continuation(of: all) }
    for run in all { jobs += [.turnTo(run.member), .endStep(.resume), .endFrozen] }
  }

  // MARK: Whose call comes first

  private static let issueAttempts = 8

  /// A call that was queued is queued again before the next thread goes on: the instruction pointer of a thread inside
  /// a system call is behind it.
  mutating func awaitIssue(
    _ thread: RPCCapability, at ip: UInt64, _ attempts: Int, _ script: inout Script
  ) throws(Suspension) {
    // Core hands the resume on to its pager; before that the thread still stands in its exception.
    _ = try script.invoke(KernelCall.sleep(.relative(microseconds: 1_000)))
    var capture = ThreadCapture(thread: 0)
    let isInside = try locate(thread, &capture, &script) && capture.pc != ip
    guard !isInside, attempts < Self.issueAttempts else { return }
    jobs.pushFront(.awaitIssue(thread, at: ip, attempts: attempts + 1))
  }

  /// A caller of another component is named with it.
  func name(
    of caller: CallerRelation.Place, besides holder: CallerRelation.Place, _ images: [CheckpointImage]
  ) -> String {
    let thread = images[caller.image].threads[caller.thread].name
    return caller.image == holder.image ? thread : "\(images[caller.image].componentName)/\(thread)"
  }
}
