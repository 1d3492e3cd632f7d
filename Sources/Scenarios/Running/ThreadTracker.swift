import Determinism
import FiascoABI
import FiascoKernel
import Simulation

/// Follows the kernel's threads by their records and gives them the names of the scenario.
///
/// The kernel knows slots only, and a slot is used again. Core reports a thread's name right after it has made the
/// kernel's object, and core works on one request at a time: so a name belongs to the youngest thread without one.
struct ThreadTracker {
  struct Tracked: BitwiseCopyable {
    /// Index of the record under the thread's name; threads of a component's later lives share it. -1 without a name.
    var record = -1
    var isStarted = false
    var isKilled = false
    var isExited = false
    /// Whom it was last seen to wait for or to send to.
    var partner = ThreadID.none
    /// The kernel sends a message for it, to its pager or handler; that is no IPC of the thread's own.
    var isInFault = false
    /// Instruction of its last page fault.
    var faultIP: UInt64 = 0
    /// When core had no answer to a fault of the thread that is still open.
    var strandedSince: Instant?
  }

  private(set) var threads: [Tracked] = []
  private(set) var records: [ThreadRecord] = []
  private var unnamed: [Int] = []
  /// The last exception of each thread that is not in its record.
  private var exceptions: [(thread: ThreadID, place: FaultPlace)] = []

  subscript(thread: ThreadID) -> Tracked {
    get { thread.slot >= 0 && thread.slot < threads.count ? threads[thread.slot] : Tracked() }
    set {
      guard thread.slot >= 0 else { return }
      while threads.count <= thread.slot { threads.append(Tracked()) }
      threads[thread.slot] = newValue
    }
  }

  /// The living thread of this name; the youngest, if an older one has not been cleaned up.
  func thread(named name: ThreadName) -> ThreadID? {
    guard let record = records.firstIndex(where: { $0.name == name }) else { return nil }
    return threads.indices.last { threads[$0].record == record && !threads[$0].isKilled }.map(ThreadID.init)
  }

  func name(of thread: ThreadID) -> ThreadName? {
    let record = self[thread].record
    return record < 0 ? nil : records[record].name
  }

  /// For sentences: also a thread without a name has to be called something.
  func title(of thread: ThreadID) -> String {
    name(of: thread)?.description ?? (thread.isNone ? "nobody" : "\(thread)")
  }

  mutating func created(_ thread: ThreadID) {
    self[thread] = Tracked()
    exceptions.removeAll { $0.thread == thread }
    unnamed.removeAll { $0 == thread.slot }
    unnamed.append(thread.slot)
  }

  /// A name for the youngest thread without one; returns which thread that is.
  mutating func named(_ name: ThreadName) -> ThreadID? {
    guard let slot = unnamed.popLast() else { return nil }
    let thread = ThreadID(slot)
    give(name, to: thread)
    return thread
  }

  mutating func give(_ name: ThreadName, to thread: ThreadID) {
    unnamed.removeAll { $0 == thread.slot }
    if let known = records.firstIndex(where: { $0.name == name }) {
      self[thread].record = known
    } else {
      self[thread].record = records.count
      records.append(ThreadRecord(name: name, standing: .neverStarted))
    }
  }

  mutating func update(_ thread: ThreadID, _ change: (inout ThreadRecord) -> Void) {
    let record = self[thread].record
    if record >= 0 { change(&records[record]) }
  }

  mutating func note(error: IPCError, of thread: ThreadID, at instant: Instant) {
    let code = Int(error.rawValue)
    update(thread) { record in
      if let index = record.errors.firstIndex(where: { $0.code == code }) {
        record.errors[index].count += 1
      } else {
        record.errors.append(ThreadRecord.SeenError(code: code, count: 1, first: instant))
      }
    }
  }

  /// Core has no answer to a page fault: the thread stays in it.
  mutating func note(fault address: UInt64, of name: ThreadName, at instant: Instant) {
    guard let index = records.firstIndex(where: { $0.name == name }) else { return }
    let thread = thread(named: name)
    records[index].strandedFaults.append(
      FaultPlace(at: instant, ip: thread.map { self[$0].faultIP } ?? 0, value: address))
    if let thread { self[thread].strandedSince = instant }
  }

  /// The fault core had no answer to has got one; gives the instant of the fault, nil if there was none.
  mutating func resolveFault(of thread: ThreadID) -> Instant? {
    guard let since = self[thread].strandedSince else { return nil }
    self[thread].strandedSince = nil
    update(thread) { $0.strandedFaults.removeAll { $0.at == since } }
    return since
  }

  mutating func raised(_ place: FaultPlace, by thread: ThreadID) {
    forgetException(of: thread)
    exceptions.append((thread, place))
  }

  /// What the thread raised before has been answered: it ran again.
  mutating func forgetException(of thread: ThreadID) { exceptions.removeAll { $0.thread == thread } }

  mutating func keepException(of thread: ThreadID) {
    guard let index = exceptions.firstIndex(where: { $0.thread == thread }) else { return }
    let place = exceptions.remove(at: index).place
    update(thread) { $0.exceptions.append(place) }
  }

  // MARK: The end of a run

  /// What every named thread is doing now.
  mutating func settle(in kernel: borrowing Kernel) {
    for index in records.indices { records[index].standing = .killed }
    for slot in threads.indices {
      let thread = ThreadID(slot)
      let standing = standing(of: thread, in: kernel)
      // Of several threads that had the name, the living one counts.
      if standing != .killed { update(thread) { $0.standing = standing } }
      if standing == .waitsForExceptionHandler || standing == .stranded { keepException(of: thread) }
    }
  }

  func standing(of thread: ThreadID, in kernel: borrowing Kernel) -> ThreadStanding {
    let tracked = self[thread]
    if tracked.isKilled { return .killed }
    if tracked.isExited { return .exited }
    guard kernel.threads.contains(thread.slot) else { return .killed }
    let block = kernel.threads[thread.slot]
    guard tracked.isStarted else { return .neverStarted }
    if block.isDead { return .killed }
    if block.continuation == .stranded { return .stranded }
    switch block.entry {
    // An answered one is ready to run, though it may not have got the processor yet.
    case .pageFault where block.phase != .none: return .waitsForPager(address: block.faultAddress)
    case .exception where block.phase != .none: return .waitsForExceptionHandler
    case .pageFault, .exception, .user, .systemCall, .vcpuResume: break
    }
    if block.continuation == .semaphoreWait { return .waitsForSemaphore }
    if block.continuation == .gateWait { return .atUnboundGate }
    switch block.phase {
    case .none: return .running
    case .sendWait: return .sendsTo(partner: title(of: tracked.partner))
    case .receiveWait: return receiving(thread, block, in: kernel)
    }
  }

  /// The operation is still in the register it was passed in.
  private func receiving(_ thread: ThreadID, _ block: Thread, in kernel: borrowing Kernel) -> ThreadStanding {
    let target = ObjectReference(raw: kernel.registers[thread.slot].a1)
    if target.operation.contains(.openWait) {
      return .waitsForAnybody(afterReply: target.operation.contains(.reply))
    }
    if target.operation == .receive, block.deadline != .never, tracked(thread).isNone {
      return .sleepsUntil(block.deadline)
    }
    if tracked(thread).isNone {
      return .waitsFor(partner: "an interrupt or itself", afterCall: false)
    }
    return .waitsFor(partner: title(of: tracked(thread)), afterCall: target.operation == .call)
  }

  private func tracked(_ thread: ThreadID) -> ThreadID {
    let partner = self[thread].partner
    return partner == thread ? .none : partner
  }
}
