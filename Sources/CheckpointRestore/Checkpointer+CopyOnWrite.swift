import Genode

// Memory copied while the target runs again, from which it is kept away until then. Writes taking, background,
// children[].dataspaces.

extension Checkpointer {
  /// Takes a part away so that it is gone for everybody.
  ///
  /// Core of 2016 finds the pages of a managed dataspace in an address space, but not through a further map, as a stack's
  /// are. The end of an attachment of the checkpointer's own takes a page from everybody who has it: two more calls, for
  /// such dataspaces only.
  mutating func takeAway(_ part: Int, of row: Int, _ child: Int, _ script: inout Script) throws(Suspension) {
    guard let managed = children[child].dataspaces[row].managed, managed.parts[part].isAttached else { return }
    try script.detach(UInt64(part) * managed.granularity, from: managed.map)
    children[child].dataspaces[row].managed?.parts[part].isAttached = false
    guard children[child].isNested(row), let here = try attachHere(managed.parts[part].dataspace, &script) else {
      return
    }
    try detachHere(here, &script)
  }

  /// From here on nobody gets a part before it is copied.
  mutating func setPending(_ isPending: Bool) {
    for index in run.dataspaces.indices where run.copies[index] != nil {
      guard let row = run.dataspaces[index] else { continue }
      let parts = children[run.child].dataspaces[row].managed?.parts ?? []
      for part in parts.indices { children[run.child].dataspaces[row].managed?.parts[part].isPending = isPending }
    }
  }

  mutating func startCopyingBehind() {
    outbox.append(.phaseStarted(.copyOnWrite, of: run.name))
    for index in run.dataspaces.indices where run.copies[index] != nil { background += copiesBehind(of: index) }
    background.append(.endCopyingBehind)
  }

  private func copiesBehind(of index: Int) -> [CheckpointerJob] {
    let parts = run.dataspaces[index].flatMap { children[run.child].dataspaces[$0].managed?.parts } ?? []
    return parts.indices.filter { parts[$0].isPending }.map { .copyBehind(dataspace: index, part: $0) }
  }

  mutating func copyBehind(_ part: Int, of index: Int, _ script: inout Script) throws(Suspension) {
    guard let row = run.dataspaces[index], let managed = children[run.child].dataspaces[row].managed,
      managed.parts[part].isPending
    else { return }
    children[run.child].dataspaces[row].managed?.parts[part].isPending = false
    try copyOut(index, part, &script)
  }

  mutating func endCopyingBehind() { outbox.append(.phaseEnded(.copyOnWrite, of: run.name, run.counts)) }

  /// The checkpoint is given up: everybody gets everything back at the next touch.
  mutating func stopCopyingBehind() {
    guard configuration.strategy.copiesAfterThaw else { return }
    setPending(false)
    signals.hasFault = true
  }

  /// A dataspace that the target frees is copied first, if that has not been done.
  mutating func settleBeforeLoss(of row: Int, _ child: Int) {
    closeMirror(of: row, child)
    guard let taking, taking.child == child, taking.isThawed, configuration.strategy.copiesAfterThaw,
      let index = taking.dataspaces.firstIndex(of: row)
    else { return }
    jobs.pushFront(copiesBehind(of: index))
  }

  /// Somebody waits for a part whose bytes are still needed, or are still missing.
  mutating func settlePending(
    _ part: Int, of row: Int, _ child: Int, _ script: inout Script
  ) throws(Suspension) {
    guard let managed = children[child].dataspaces[row].managed, managed.parts[part].isPending else { return }
    if postCopying?.child == child {
      postCopying?.counts.partsAwaited += 1
      return try load(part, of: row, &script)
    }
    guard let taking, taking.child == child, let index = taking.dataspaces.firstIndex(of: row) else { return }
    run.counts.partsAwaited += 1
    try copyBehind(part, of: index, &script)
  }
}
