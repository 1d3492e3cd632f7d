import Determinism
import FiascoABI

@testable import FiascoKernel

/// Tries every sequence of operations up to a depth, each state once.
struct Explorer {
  let menu: Menu
  /// States seen, each with the number of operations that were tried from there.
  private var visited: [UInt64: Int] = [:]
  private(set) var transitions = 0
  /// The first state in which something was wrong: what, and the way there.
  private(set) var finding: String?
  private var path: [Operation] = []

  init(menu: Menu) { self.menu = menu }

  var states: Int { visited.count }

  mutating func explore(_ world: inout SmallWorld, depth: Int) {
    let key = world.key.value
    if let tried = visited[key], tried >= depth { return }
    if visited[key] == nil {
      // Where the real kernel would have stopped nothing is promised any more.
      if world.kernel.stopped == nil { report(world.defects) }
    }
    visited[key] = depth
    guard depth > 0, finding == nil, world.kernel.stopped == nil else { return }
    let cores = world.kernel.coreCount
    let due = (0..<cores).map { world.nextTick(of: $0) }
    for core in 0..<cores {
      if !world.kernel.processor(core).current.isNone {
        for call in menu.calls { follow(.call(call, core: core), from: &world, depth: depth) }
      }
      if !world.kernel.processor(core).requests.isEmpty {
        follow(.requests(core: core), from: &world, depth: depth)
      }
      // Time is the same for all: who is due first acts first.
      if due[core] != .never, due[core] == due.min() { follow(.tick(core: core), from: &world, depth: depth) }
    }
  }

  private mutating func follow(_ operation: Operation, from world: inout SmallWorld, depth: Int) {
    guard finding == nil else { return }
    path.append(operation)
    transitions += 1
    var next = world.fork()
    next.perform(operation)
    explore(&next, depth: depth - 1)
    path.removeLast()
  }

  private mutating func report(_ defects: [String]) {
    guard finding == nil, !defects.isEmpty else { return }
    finding = (defects + path.map { "  \($0)" }).joined(separator: "\n")
  }
}

extension SmallWorld {
  /// Equal for states with equal futures: times count from now, and what only a user could read does not count.
  var key: StateDigest {
    var digest = StateDigest()
    kernel.objects.digest(into: &digest) { $0.digest(into: &$1) }
    for index in kernel.threads.indices {
      var thread = kernel.threads[index]
      let wait = thread.deadline == .never ? .max : thread.deadline.picoseconds &- kernel.now.picoseconds
      thread.deadline = .never
      thread.left = .zero
      thread.consumed = .zero
      thread.lastError = .notExistent
      if thread.continuation == .user { (thread.tag, thread.label, thread.timeouts) = (MessageTag(), 0, .never) }
      digest.combine(index)
      digest.combine(wait)
      thread.digest(into: &digest)
    }
    kernel.digestObjectTables(into: &digest)
    kernel.digestCapabilities(of: TaskID(0), slots: 11...31, into: &digest)
    for core in 0..<kernel.coreCount {
      let processor = kernel.processor(core)
      digest.combine(1, processor.current.index, processor.currentContext.index)
      kernel.readyQueue(core).digest(into: &digest)
      for request in processor.requests { request.digest(into: &digest) }
    }
    for debt in debts { digest.combine(UInt64(bitPattern: Int64(debt.count)), debt.caller.index, debt.server.index) }
    return digest
  }

  /// When the core has to look at its timeouts.
  mutating func nextTick(of core: Int) -> Instant {
    guard kernel.isMulticore else { return kernel.nextTick }
    let active = kernel.activeCore
    let now = kernel.now
    kernel.activate(core: core)
    kernel.now = max(now, kernel.now)
    defer { kernel.activate(core: active) }
    return kernel.nextTick
  }

  /// What must never be true, a sentence each.
  var defects: [String] {
    var found = kernel.checkThreadInvariants()
    if let defect = kernel.spaceDefect() { found.append(defect) }
    for index in kernel.threads.indices {
      if let lost = kernel.lostWakeUp(of: ThreadID(index)) { found.append(lost) }
    }
    for debt in debts where debt.count < 0 {
      found.append("\(debt.server) replied twice to one call of \(debt.caller)")
    }
    for index in kernel.factories.indices {
      let factory = kernel.factories[index]
      if factory.limit != .max, factory.used > factory.limit { found.append("factory \(index) is overdrawn") }
    }
    return found
  }
}

extension Kernel {
  /// Why a thread that sleeps should be awake, or one that is awake should sleep.
  func lostWakeUp(of t: ThreadID) -> String? {
    let thread = threads[t.slot]
    let reasons: ThreadFlags = [.cancel, .timeout, .transferFailed]
    guard !thread.isDead else { return nil }
    if thread.isReady {
      let isBlocked =
        thread.continuation == .receiveWait && thread.phase == .receiveWait
        || thread.continuation == .sendWait && thread.phase == .sendWait
      return isBlocked && thread.flags.isDisjoint(with: reasons) && !thread.flags.contains(.dying)
        ? "\(t) is ready and blocked" : nil
    }
    // Its core has been told, or another one still works for it.
    if thread.flags.contains(.wakePending) || thread.continuation == .requestWait { return nil }
    // Profile r67: a cancel that came before the wait at a gate is not looked at there.
    let isLateCancel = profile.cancelWaitsForNextIPC && thread.continuation == .gateWait
    if !thread.flags.isDisjoint(with: isLateCancel ? reasons.subtracting(.cancel) : reasons) {
      return "\(t) was woken and sleeps"
    }
    if thread.deadline < now { return "the time of \(t) was over, it sleeps" }
    switch thread.phase {
    // Without a handler a thread is blocked on itself, for ever.
    case .none: return thread.continuation == .stranded ? nil : "\(t) sleeps without waiting for anything"
    case .receiveWait:
      guard thread.continuation == .receiveWait else { return nil }
      return nextSender(for: t).isNone ? nil : "\(t) sleeps and somebody sends to it"
    case .sendWait:
      guard !thread.queuedAt.isNone else { return nil }
      let receiver = threads[thread.queuedAt.slot]
      let accepts = receiver.accepts(SenderID(thread: t)) && !receiver.flags.contains(.wakePending)
      // A receiver that has switched to somebody else takes the message when it runs again.
      return accepts && !receiver.isReady ? "\(t) sleeps and \(thread.queuedAt) listens" : nil
    }
  }

  func digestCapabilities(of task: TaskID, slots: ClosedRange<UInt64>, into digest: inout StateDigest) {
    for slot in slots {
      guard let found = capability(of: task, at: slot) else { continue }
      digest.combine(slot)
      digest.combine(UInt64(found.rights) << 8 | UInt64(found.attributes), found.object.index, 5)
    }
  }
}
