import Genode

/// Memory copied before the target is stopped.
struct PreCopyRun: Hashable, Sendable {
  struct Copy: Hashable, BitwiseCopyable, Sendable {
    /// Row of the child's dataspace table.
    var row: Int
    var copy: RPCCapability
  }
  private(set) var copies = ChunkedList<Copy>()
  var round = 0
  /// Touched at the end of the last round, bytes.
  var remaining: UInt64 = 0
  var stalls = 0

  mutating func add(_ copy: RPCCapability, of row: Int) { copies.append(Copy(row: row, copy: copy)) }

  func copy(of row: Int) -> RPCCapability? { copies.elements.first { $0.row == row }?.copy }
}

// Rounds of copying while the target runs, each step one piece of background work. Writes taking, background, jobs,
// children[].dataspaces.

extension Checkpointer {
  mutating func carryOutBehind(_ job: CheckpointerJob, _ script: inout Script) throws(Suspension) {
    switch job {
    case .allocateEarly(let row): try allocateEarly(row, &script)
    case .copyEarly(let row, let part): try copyEarly(part, of: row, &script)
    case .endRound: endRound()
    case .copyBehind(let index, let part): try copyBehind(part, of: index, &script)
    case .endCopyingBehind: endCopyingBehind()
    case .fetch(let row, let part): try fetch(part, of: row, &script)
    case .endPostCopy: endPostCopy()
    default: preconditionFailure("this job belongs to another part of the checkpointer")
    }
  }

  mutating func startRounds() {
    run.preCopy = PreCopyRun()
    outbox.append(.checkpointStarted(checkpoint: run.name, target: children[run.child].name))
    outbox.append(.phaseStarted(.preCopy, of: run.name))
    startRound()
  }

  /// What was touched since it was copied, and what has no copy yet.
  private mutating func startRound() {
    for row in children[run.child].rowsOfRAM {
      let isNew = run.preCopy?.copy(of: row) == nil
      if isNew { background.append(.allocateEarly(dataspace: row)) }
      let parts = children[run.child].dataspaces[row].managed?.parts ?? []
      background += parts.indices.filter { isNew || parts[$0].isAttached }.map { .copyEarly(dataspace: row, part: $0) }
    }
    background.append(.endRound)
  }

  private mutating func allocateEarly(_ row: Int, _ script: inout Script) throws(Suspension) {
    let dataspace = children[run.child].dataspaces[row]
    guard dataspace.isLive else { return }
    guard let copy = try allocateHere(dataspace.size, &script) else { return try abortForRAM(dataspace.size, &script) }
    run.preCopy?.add(copy, of: row)
    run.ownCopies.append(copy)
  }

  /// First taken away, then copied: whoever touches it meanwhile or later is noticed, and it is copied once more.
  private mutating func copyEarly(_ part: Int, of row: Int, _ script: inout Script) throws(Suspension) {
    let dataspace = children[run.child].dataspaces[row]
    guard dataspace.isLive, let copy = run.preCopy?.copy(of: row) else { return }
    try takeAway(part, of: row, run.child, &script)
    try copyOut(dataspace.piece(part), copy, &script)
  }

  private mutating func endRound() {
    guard var state = run.preCopy else { return }
    state.round += 1
    let rules = configuration.preCopy
    let before = state.remaining
    let left = bytesLeft
    state.remaining = left
    state.stalls = state.round > 1 && left >= before ? state.stalls + 1 : 0
    run.preCopy = state
    run.counts.rounds = state.round
    outbox.append(
      .roundEnded(checkpoint: run.name, round: state.round, bytes: run.counts.bytes, remaining: left))
    guard let stop = rules.stop(state, copied: run.counts.bytes, of: children[run.child].bytesOfRAM) else {
      return startRound()
    }
    outbox.append(.roundsStopped(checkpoint: run.name, stop))
    outbox.append(.phaseEnded(.preCopy, of: run.name, run.counts))
    run.threads = children[run.child].captures
    jobs.append(.preflight)
  }

  private var bytesLeft: UInt64 {
    children[run.child].rowsOfRAM.reduce(0) { sum, row in
      let dataspace = children[run.child].dataspaces[row]
      guard let managed = dataspace.managed, run.preCopy?.copy(of: row) != nil else { return sum + dataspace.size }
      return managed.parts.indices.filter { managed.parts[$0].isAttached }.reduce(sum) {
        $0 + dataspace.piece($1).size
      }
    }
  }

  /// What was true when the checkpoint was ordered need not be true after the rounds.
  mutating func mayFreeze() -> Bool {
    let child = children[run.child]
    if child.condition != .running {
      abandon(.targetNotRunning(child.name))
    } else if let obstacle = child.obstacle {
      abandon(obstacle)
    } else {
      return true
    }
    return false
  }
}

extension PreCopyRules {
  func stop(_ run: PreCopyRun, copied: UInt64, of memory: UInt64) -> PreCopyStop? {
    if run.remaining <= remaining { return .remaining }
    if run.round >= rounds { return .rounds }
    if run.stalls >= stalls { return .stalls }
    return copied >= UInt64(volume) * memory ? .volume : nil
  }
}

extension CheckpointRun {
  /// Copies of dataspaces that were freed before the freeze.
  var unusedCopies: [RPCCapability] {
    let used = copies.elements
    return (preCopy?.copies.elements ?? []).map(\.copy).filter { copy in !used.contains { $0 == copy } }
  }
}

extension TargetChild {
  var rowsOfRAM: [Int] { dataspaces.indices.filter { dataspaces[$0].isLive && dataspaces[$0].kind == .ram } }
  var bytesOfRAM: UInt64 { rowsOfRAM.reduce(0) { $0 + dataspaces[$1].size } }
  /// A place for what will be taken of each thread.
  var captures: ChunkedList<ThreadCapture> {
    ChunkedList(threads.indices.filter { threads[$0].isLive }.map { ThreadCapture(thread: $0) })
  }

  /// Visible in the address space through another map only, as stacks are.
  func isNested(_ row: Int) -> Bool {
    let badge = dataspaces[row].real.badge
    return maps.dropFirst().contains { $0.isLive && $0.regions.contains { $0.dataspace == badge } }
  }
}
