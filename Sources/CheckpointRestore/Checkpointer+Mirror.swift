import FiascoABI
import Genode

// Redundant memory: which dataspaces are mirrored, and how a checkpoint of them is made. Writes mirrors, taking,
// background, children[].dataspaces.

extension Checkpointer {
  func mirror(of row: Int, _ child: Int) -> Int? { mirrors.firstIndex { $0.row == row && $0.child == child } }

  mutating func carryOutMirror(_ job: CheckpointerJob, _ script: inout Script) throws(Suspension) {
    switch job {
    case .openMirror(let row): try openMirror(of: row, &script)
    case .attachMirrored(let row, let part): try attachMirrored(part, of: row, &script)
    case .flatten(let row, let page): try flatten(page, of: row, &script)
    case .searchMirror(let child, let thread): try searchMirror(thread, of: child, &script)
    case .emulate(let child, let thread): try emulate(thread, of: child, &script)
    case .endMirrorSearch: outbox.append(.faultSearchEnded)
    case .dropMirror(let child, let row): dropMirrors(of: child) { $0 == row }
    default: preconditionFailure("this job belongs to another part of the checkpointer")
    }
  }

  /// What the component allocated for itself and sees directly: neither its program's data, in which the capability map
  /// lies, nor stacks, which are used by every instruction.
  func mayMirror(_ row: Int, of child: Int) -> Bool {
    guard configuration.strategy.mirrorsWrites, !children[child].isNested(row) else { return false }
    let badge = children[child].dataspaces[row].real.badge
    let regions = children[child].maps[0].regions.filter { $0.dataspace == badge }
    return !regions.isEmpty && !regions.contains(where: \.executable)
      && children[child].place(of: run.capabilityMapAddress)?.dataspace != row
  }

  /// For the dataspaces of a first checkpoint, while the target stands still: two empty snapshots, and every part in
  /// the checkpointer's own address space for good.
  private mutating func openMirror(of row: Int, _ script: inout Script) throws(Suspension) {
    let dataspace = children[run.child].dataspaces[row]
    var snapshots: [Mirror.Snapshot] = []
    for _ in 0..<2 {
      guard let snapshot = try allocateHere(dataspace.size, &script) else {
        return try abortForRAM(dataspace.size, &script)
      }
      guard let address = try attachHere(snapshot, &script) else {
        return abort(.requestFailed("attaching a snapshot"))
      }
      let pages = Int(dataspace.size / ComponentLayout.pageSize)
      snapshots.append(.init(dataspace: snapshot, address: address, written: Mirror.nothing(pages)))
    }
    if let map = dataspace.managed?.map {
      _ = try script.call(map, RegionMapOpcode.faultHandler, [], [signals.mirrored])
    }
    mirrors.append(Mirror(child: run.child, row: row, parts: [], snapshots: snapshots))
    outbox.append(.memoryMirrored(child: children[run.child].name, badge: dataspace.real.badge, bytes: dataspace.size))
    jobs.pushFront((0..<dataspace.pieceCount).map { .attachMirrored(dataspace: row, part: $0) })
  }

  private mutating func attachMirrored(
    _ part: Int, of row: Int, _ script: inout Script
  ) throws(Suspension) {
    guard let index = mirror(of: row, run.child) else { return }
    let piece = children[run.child].dataspaces[row].piece(part)
    guard let address = try attachHere(piece.dataspace, &script) else {
      return abort(.requestFailed("attaching mirrored memory"))
    }
    mirrors[index].parts.append(address)
    children[run.child].dataspaces[row].managed?.isMirrored = true
  }

  /// The snapshot that took the writes is closed; from here on the other one does. No byte is copied.
  mutating func seal(_ row: Int) {
    guard let index = mirror(of: row, run.child) else { return }
    run.sealed.append(row)
    mirrors[index].active = 1 - mirrors[index].active
  }

  /// Copied and ready to be mirrored from now on, or already so.
  mutating func arrangeMirror(of row: Int, copiesAll: Bool) {
    if mirror(of: row, run.child) == nil {
      if mayMirror(row, of: run.child) { jobs.append(.openMirror(dataspace: row)) }
    } else if copiesAll {
      clearMirror(
        of: row, run.child, pages: 0..<Int(children[run.child].dataspaces[row].size / ComponentLayout.pageSize))
    } else {
      seal(row)
    }
  }

  /// A checkpoint that copies everything begins with nothing written.
  mutating func clearMirror(of row: Int, _ child: Int, pages: Range<Int>) {
    guard let index = mirror(of: row, child) else { return }
    mirrors[index].forget(pages)
  }

  /// What a closed snapshot has goes into the copy, one page at a time. Models the flattener.
  mutating func startFlattening() {
    for row in run.sealed {
      guard let place = run.dataspaces.firstIndex(of: row) else { continue }
      let work = flattening(of: row, run.child)
      background += work
      for case .flatten(_, let page) in work {
        run.stretches[place].append(
          MemoryStretch(offset: UInt64(page) * ComponentLayout.pageSize, size: ComponentLayout.pageSize))
      }
    }
  }

  /// What is left of it.
  private func flattening(of row: Int, _ child: Int) -> [CheckpointerJob] {
    guard let taking, taking.child == child, taking.sealed.contains(row), let index = mirror(of: row, child) else {
      return []
    }
    return mirrors[index].pages(of: 1 - mirrors[index].active).map { .flatten(dataspace: row, page: $0) }
  }

  /// The target frees it: first what the checkpoint still needs, then the snapshots.
  mutating func closeMirror(of row: Int, _ child: Int) {
    guard mirror(of: row, child) != nil else { return }
    jobs.pushFront(flattening(of: row, child) + [.dropMirror(child: child, dataspace: row)])
  }

  private mutating func flatten(_ page: Int, of row: Int, _ script: inout Script) throws(Suspension) {
    guard let index = mirror(of: row, run.child), let place = run.dataspaces.firstIndex(of: row),
      let copy = run.copies[place]
    else { return }
    let closed = 1 - mirrors[index].active
    guard mirrors[index].pages(of: closed).contains(page) else { return }
    let offset = UInt64(page) * ComponentLayout.pageSize
    guard
      let base = try attach(
        copy, to: environment.addressSpace, size: ComponentLayout.pageSize, offset: offset, payer: environment.pd,
        &script)
    else { return abort(.requestFailed("attaching a copy")) }
    let new = try script.read(mirrors[index].snapshots[closed].address + offset, count: Mirror.wordsPerPage)
    var words = try script.read(base, count: Mirror.wordsPerPage)
    for word in words.indices where mirrors[index].isWritten(word, of: page, in: closed) { words[word] = new[word] }
    try script.write(base, words)
    try detachHere(base, &script)
    mirrors[index].snapshots[closed].written[page] = Mirror.nothing(1)[0]
    run.counts.pages += 1
    run.counts.bytes += ComponentLayout.pageSize
  }

  /// The dataspace or the child is gone, and core has detached everything that was attached here.
  mutating func dropMirrors(of child: Int, where isGone: (Int) -> Bool = { _ in true }) {
    let gone = mirrors.filter { $0.child == child && isGone($0.row) }
    mirrors.removeAll { $0.child == child && isGone($0.row) }
    jobs += gone.flatMap(\.snapshots).map { .freeCopy($0.dataspace) }
  }
}
