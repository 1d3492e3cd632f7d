import CheckpointRestore
import Determinism
import FiascoKernel

/// Follows the checkpointer: phases, counts, and what restored threads meet.
struct CheckpointCollector {
  /// The restores the timeline orders, in its order: how blocked threads are to be treated is not in the records.
  private let orders: [(checkpoint: String, policy: BlockedThreadPolicy)]
  private(set) var checkpoints: [CheckpointRecord] = []
  private(set) var restores: [RestoreRecord] = []
  /// When phases began that have not ended.
  private var open: [(phase: CheckpointPhase, of: String, since: Instant)] = []
  /// Error words with which threads were captured, for those that see them after the restore.
  typealias Captured = (
    checkpoint: String, run: Int, thread: String, situation: ThreadImage.Situation, error: UInt64
  )
  var captured: [Captured] = []
  /// On a node that gets images: what the sending one knows of them, and the newest of each name that has arrived.
  var sender: Sender?
  var arrived: [(checkpoint: String, generation: UInt64)] = []
  /// Their checkpoints, in the order of arrival.
  var arrivals: [CheckpointRecord] = []
  private let node: Int
  private var watched = FateWatch()
  private var search = FaultSearch()

  init(scenario: Scenario, node: Int = 0) {
    self.node = node
    let standard = scenario.checkpointer?.blocked ?? .reissueReceiveHalf
    orders = scenario.timeline.compactMap { entry in
      guard case .restore(let order) = entry.action, order.memory == nil, order.runsOn == node else { return nil }
      return (order.checkpoint.text, order.blocked ?? standard)
    }
  }

  /// A checkpoint that an earlier run took: what is restored from it is judged as if this one had.
  mutating func give(_ image: CheckpointImage, as name: String) {
    var record = CheckpointRecord(
      name: name, component: image.componentName, at: Instant(picoseconds: image.takenAtPicoseconds))
    record.isGiven = true
    for thread in image.threads {
      record.threads.append(
        .init(name: ThreadName(image.componentName, thread.name), situation: thread.situation))
      captured.append((name, checkpoints.count, thread.name, thread.situation, thread.errorCode))
    }
    checkpoints.append(record)
  }

  // MARK: The checkpointer's records

  mutating func take(_ event: CheckpointEvent, at instant: Instant, tracker: ThreadTracker) {
    switch event {
    case .checkpointStarted(let name, let target):
      checkpoints.append(CheckpointRecord(name: name, component: target, at: instant))
    case .phaseStarted(let phase, let name): open.append((phase, name, instant))
    case .phaseEnded(let phase, let name, let totals): close(phase, name, totals, at: instant)
    case .stepEnded(let step, let name, _): end(step, name, at: instant)
    case .threadCaptured(let name, let thread, let situation, _, let error, _):
      captured.append((name, checkpoints.count - 1, thread, situation, error))
      guard let index = checkpoints.lastIndex(where: { $0.name == name }) else { return }
      let title = ThreadName(checkpoints[index].component, thread)
      checkpoints[index].threads.append(.init(name: title, situation: situation))
    case .restoreStarted(let name, let child, let mode):
      let earlier = restores.filter { $0.checkpoint == name }.count
      // Components that were checkpointed together are restored by one order.
      let policies = orders.filter { name == $0.checkpoint || name.hasPrefix($0.checkpoint + ".") }.map(\.policy)
      restores.append(
        RestoreRecord(
          checkpoint: name, component: child, at: instant, child: mode == .withoutELF ? .withoutELF : .bootstrap,
          policy: policies.indices.contains(earlier) ? policies[earlier] : .reissueReceiveHalf))
      restores[restores.count - 1].node = node
      restores[restores.count - 1].generation = arrived.last { $0.checkpoint == name }?.generation
    case .threadRestored(let name, let thread, let applied, _): restored(name, thread, applied, instant, tracker)
    case .threadStateIgnored(let name, let thread):
      guard let index = restores.lastIndex(where: { $0.checkpoint == name }) else { return }
      restores[index].ignoredStarts.append(thread)
    case .threadLost(let name, let thread):
      guard let index = restores.lastIndex(where: { $0.checkpoint == name }) else { return }
      let title = ThreadName(restores[index].component, thread)
      restores[index].threads.append(
        ThreadFate(name: title, situation: situation(thread, name), sight: .nothing, at: instant))
    case .threadContinued(let name, let thread, let applied, _): continued(name, thread, applied)
    case .callerRecreated(let name, let caller, let holder): recreated(name, caller, holder)
    case .roundEnded(let name, _, let bytes, let remaining):
      change(name) { $0.rounds.append(.init(bytes: bytes, remaining: remaining)) }
    case .roundsStopped(let name, let stop): change(name) { $0.stop = stop }
    case .imageWritten(let name, _): change(name) { $0.total = instant - $0.at }
    case .memoryMirrored(let child, _, let bytes):
      guard let index = checkpoints.lastIndex(where: { $0.component == child }) else { return }
      checkpoints[index].bytesMirrored += bytes
    case .faultSearchStarted, .partTouched, .accessEmulated, .faultSearchEnded:
      search.take(event, at: instant, &checkpoints, &restores)
    case .sessionLeftOut(let name, let service):
      change(name) { $0.leftOut.append(service) }
    case .imageSent(let name, let generation, _, _):
      guard let index = checkpoints.lastIndex(where: { $0.name == name }) else { return }
      checkpoints[index].generation = generation
      checkpoints[index].sent = instant
    case .imageReceived(let name, let generation, _): received(name, generation, at: instant)
    case .refused(let reason): refused(reason, at: instant)
    default: break
    }
  }

  private mutating func close(_ phase: CheckpointPhase, _ name: String, _ totals: CheckpointTotals, at instant: Instant)
  {
    guard let position = open.lastIndex(where: { $0.phase == phase && $0.of == name }) else { return }
    let since = open.remove(at: position).since
    if phase == .restore || phase == .postCopy {
      guard let index = restores.lastIndex(where: { $0.checkpoint == name }) else { return }
      if phase == .restore {
        restores[index].duration = instant - since
        restores[index].counts = totals
      } else {
        restores[index].complete = instant - restores[index].at
        restores[index].counts.raise(to: totals)
      }
      return
    }
    guard let index = checkpoints.lastIndex(where: { $0.name == name }) else { return }
    checkpoints[index].phases.append(.init(phase, from: since, duration: instant - since))
    checkpoints[index].counts.raise(to: totals)
  }

  private mutating func change(_ name: String, _ body: (inout CheckpointRecord) -> Void) {
    guard let index = checkpoints.lastIndex(where: { $0.name == name }) else { return }
    body(&checkpoints[index])
  }

  /// Steps follow one another without a gap, and begin with the freeze.
  private mutating func end(_ step: CheckpointStep, _ name: String, at instant: Instant) {
    guard let index = checkpoints.lastIndex(where: { $0.name == name }) else { return }
    let last = checkpoints[index].steps.last.map { $0.from + $0.duration }
    guard let from = last ?? open.last(where: { $0.phase == .frozen && $0.of == name })?.since else { return }
    checkpoints[index].steps.append(.init(step, from: from, duration: instant - from))
  }

  /// A refusal belongs to what was begun last and is not complete.
  private mutating func refused(_ reason: RefusalReason, at instant: Instant) {
    let sentence = reason.sentence
    if let index = restores.indices.last, restores[index].duration == nil {
      restores[index].failure = sentence
    } else if let index = checkpoints.indices.last, checkpoints[index].failure == nil,
      !checkpoints[index].phases.contains(where: { $0.part == .write })
    {
      checkpoints[index].failure = sentence
    } else {
      var record = CheckpointRecord(name: "", component: "", at: instant)
      record.failure = sentence
      checkpoints.append(record)
    }
    open.removeAll()
  }

  /// The initial thread is called as the component, and the restored component may have another name.
  private func capture(of thread: String, _ checkpoint: String) -> Captured? {
    var name = thread
    if restores.last(where: { $0.checkpoint == checkpoint })?.component == thread {
      name = (checkpoints + arrivals).last { $0.name == checkpoint }?.component ?? thread
    }
    return captured.last { $0.checkpoint == checkpoint && $0.thread == name }
  }

  private func situation(_ thread: String, _ checkpoint: String) -> ThreadImage.Situation {
    capture(of: thread, checkpoint)?.situation ?? .unknown
  }

  // MARK: What restored threads meet

  private mutating func restored(
    _ name: String, _ thread: String, _ applied: AppliedPolicy, _ instant: Instant, _ tracker: ThreadTracker
  ) {
    guard let index = restores.lastIndex(where: { $0.checkpoint == name }) else { return }
    let title = ThreadName(restores[index].component, thread)
    // Its registers and its UTCB hold the failure: that is what the thread looks at first.
    let sight = delivered(applied, thread, name).map { ThreadFate.FirstSight.error(code: $0) } ?? .nothing
    restores[index].threads.append(
      ThreadFate(name: title, situation: situation(thread, name), sight: sight, at: instant))
    if let id = tracker.thread(named: title) {
      watched.add(
        id, restore: index, fate: restores[index].threads.count - 1, situation: situation(thread, name))
    }
  }

  /// The error a thread was let go on with, if it was.
  private func delivered(_ applied: AppliedPolicy, _ thread: String, _ checkpoint: String) -> Int? {
    let error = captured.last { $0.checkpoint == checkpoint && $0.thread == thread }?.error ?? 0
    switch applied {
    case .resumedAtIP: return Int(error & 0x1f)
    // Bit 0 tells the phase.
    case .errorDelivered: return 4 | Int(error & 1)
    case .unchanged, .reissued, .reissuedWithoutTag, .reissuedReceiveHalf, .notStarted: return nil
    }
  }

  private mutating func continued(_ name: String, _ thread: String, _ applied: AppliedPolicy) {
    guard let index = checkpoints.lastIndex(where: { $0.name == name }) else { return }
    if let code = delivered(applied, thread, name) {
      checkpoints[index].delivered.append(.init(name: ThreadName(checkpoints[index].component, thread), code: code))
    }
    switch (applied, captured.last { $0.checkpoint == name && $0.thread == thread }?.situation) {
    case (.reissuedWithoutTag, _): checkpoints[index].repairs.append(.emptyMessage(thread: thread))
    case (.reissued, .callReceivePhase): checkpoints[index].repairs.append(.callRepeated(thread: thread))
    default: break
    }
  }

  /// A restore that is under way, or the original of a checkpoint, whose caller went on just before.
  private mutating func recreated(_ name: String, _ caller: String, _ holder: String) {
    if let index = restores.lastIndex(where: { $0.checkpoint == name && $0.duration == nil && $0.failure == nil }) {
      return restores[index].recreated.append(.init(caller: caller, holder: holder))
    }
    guard let index = checkpoints.lastIndex(where: { $0.name == name }) else { return }
    // The caller may belong to a component that was checkpointed together with this one.
    for other in checkpoints.indices {
      let component = checkpoints[other].component
      checkpoints[other].repairs.removeAll {
        guard case .callRepeated(let thread) = $0 else { return false }
        return other == index && thread == caller || "\(component)/\(thread)" == caller
      }
    }
    checkpoints[index].repairs.append(.callerRecreated(caller: caller, holder: holder))
  }

  mutating func take(_ event: KernelEvent, at instant: Instant) { watched.take(event, at: instant, &restores) }

  /// At the end: a thread that is blocked without having seen anything is waiting or sending.
  mutating func settle(_ tracker: ThreadTracker, _ kernel: borrowing Kernel) {
    watched.settle(&restores) { tracker.standing(of: $0, in: kernel) }
  }
}

extension CheckpointTotals {
  /// Phases count different things: the whole is the most of each.
  fileprivate mutating func raise(to other: CheckpointTotals) {
    threads = max(threads, other.threads)
    objects = max(objects, other.objects)
    capabilities = max(capabilities, other.capabilities)
    regions = max(regions, other.regions)
    pages = max(pages, other.pages)
    bytes = max(bytes, other.bytes)
    nodes = max(nodes, other.nodes)
    lines = max(lines, other.lines)
    bytesWritten = max(bytesWritten, other.bytesWritten)
    bytesHeld = max(bytesHeld, other.bytesHeld)
    rounds = max(rounds, other.rounds)
    partsAwaited = max(partsAwaited, other.partsAwaited)
  }
}
