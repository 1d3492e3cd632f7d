import Determinism
import FiascoKernel

/// What a component had of the processors.
public struct ProcessorUse: Hashable, Sendable {
  /// `core` stands for the root task, whose threads nobody names.
  public var component: String
  /// Over all cores.
  public var time: TimeSpan
  /// The part of it that fell into a pause of a checkpoint.
  public var whileFrozen: TimeSpan

  public init(component: String, time: TimeSpan, whileFrozen: TimeSpan = .zero) {
    self.component = component
    self.time = time
    self.whileFrozen = whileFrozen
  }
}

/// Adds up who had the processors, exact to the switch; the kernel's own statistics count whole ticks.
struct ProcessorAccount {
  private struct Occupied {
    var thread = ThreadID.none
    var component = ""
    var since = Instant.zero
  }

  private var cores: [Occupied] = []
  private var pauses = 0
  private(set) var uses: [ProcessorUse] = []

  mutating func switched(to thread: ThreadID, _ component: String, core: Int, at instant: Instant) {
    while cores.count <= core { cores.append(Occupied()) }
    settle(core, at: instant)
    cores[core] = Occupied(thread: thread, component: component, since: instant)
  }

  /// A target stands still from now on.
  mutating func pauseBegan(at instant: Instant) {
    settle(at: instant)
    pauses += 1
  }

  mutating func pauseEnded(at instant: Instant) {
    settle(at: instant)
    pauses = max(0, pauses - 1)
  }

  mutating func settle(at instant: Instant) {
    for core in cores.indices { settle(core, at: instant) }
  }

  private mutating func settle(_ core: Int, at instant: Instant) {
    let occupied = cores[core]
    guard !occupied.thread.isNone, occupied.since < instant else { return }
    cores[core].since = instant
    let span = instant - occupied.since
    let index = index(of: occupied.component)
    uses[index].time += span
    if pauses > 0 { uses[index].whileFrozen += span }
  }

  private mutating func index(of component: String) -> Int {
    if let index = uses.firstIndex(where: { $0.component == component }) { return index }
    uses.append(ProcessorUse(component: component, time: .zero))
    return uses.count - 1
  }
}
