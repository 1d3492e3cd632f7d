// Writes: threads (home core, migration flag), current, currentContext.
import Determinism
import FiascoABI

extension Kernel {
  /// Sends a thread at home here (or nowhere yet) to another core; a running one leaves at once.
  ///
  /// What it does inside the kernel, its place in sender queues and its timeout go with it. Models
  /// `Thread::migrate_away`.
  mutating func migrate(_ t: ThreadID, to core: Int) {
    guard core != activeCore || threads[t.slot].flags.contains(.migrating) else { return }
    threads[t.slot].core = UInt8(core)
    // On its way already: it is sent on when it arrives.
    guard !threads[t.slot].flags.contains(.migrating) else { return }
    dequeue(t)
    releaseFPU(of: t)
    threads[t.slot].flags.remove(.placed)
    threads[t.slot].flags.insert(.migrating)
    post(.arrive(t), to: core)
    let ran = current == t || currentContext == t
    if recordsTrace { record(.threadMigrated(t, from: UInt8(activeCore), to: UInt8(core))) }
    if currentContext == t { invalidateContext() }
    if ran { schedule() }
  }

  /// The thread has come: its timeout is armed here, and it competes for this core. Returns whether it may run now.
  ///
  /// Models `Thread::migrate_to` and what `Thread_finish_migration` makes the thread do.
  mutating func finishMigration(_ t: ThreadID) -> Bool {
    threads[t.slot].flags.remove(.migrating)
    threads[t.slot].flags.insert(.placed)
    let deadline = threads[t.slot].deadline
    if deadline != .never { arm(t, deadline) }
    return threads[t.slot].isReady && deblock(t, lazy: false)
  }

  /// The core a set of cores means for a thread: where it is, else where the caller is, else the first one named.
  ///
  /// A set without a core of this machine changes nothing (conformance sched/05 shows that it is no error).
  func core(in set: CoreSet, for t: ThreadID, by caller: ThreadID) -> Int {
    let here = Int(threads[caller.slot].core)
    let hasHome = !threads[t.slot].flags.isDisjoint(with: [.placed, .migrating])
    let home = hasHome ? Int(threads[t.slot].core) : here
    if set.contains(home) { return home }
    if set.contains(here) { return here }
    return set.first(below: coreCount) ?? home
  }
}

/// A set of cores as user programs write it: a map whose bits stand for groups of `1 << granularity` cores, from
/// `offset` on. Models `L4_cpu_set`.
struct CoreSet: Equatable {
  let offset: Int
  let granularity: Int
  let map: UInt64

  init(descriptor: UInt64, map: UInt64) {
    granularity = Int(descriptor >> 24 & 63)
    offset = granularity > 23 ? 0 : Int(descriptor & 0xff_ffff) & ~((1 << granularity) - 1)
    self.map = map
  }

  func contains(_ core: Int) -> Bool {
    guard core >= offset else { return false }
    let group = (core - offset) >> granularity
    return group < 64 && map >> UInt64(group) & 1 != 0
  }

  func first(below count: Int) -> Int? { (0..<count).first(where: contains) }

  /// Which groups have a core of a machine with `count` cores.
  static func online(descriptor: UInt64, count: Int) -> UInt64 {
    let all = CoreSet(descriptor: descriptor, map: .max)
    var result: UInt64 = 0
    for core in 0..<count where all.contains(core) { result |= 1 << UInt64((core - all.offset) >> all.granularity) }
    return result
  }
}
