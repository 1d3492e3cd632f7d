import FiascoABI
import Genode

// Stopping all threads of a child, reading what they are doing, and letting them go on. Writes taking,
// children[].threads.

extension Checkpointer {
  mutating func carryOutFreeze(_ job: CheckpointerJob, _ script: inout Script) throws(Suspension) {
    switch job {
    case .preflight: try preflight(&script)
    case .pause(let index): try pause(index, &script)
    case .endFreeze: endFreeze()
    case .readState(let index): try readState(index, &script)
    case .attachStub(let child): try attachStub(to: child, &script)
    case .saveUTCB(let index): try saveUTCB(index, &script)
    case .awaitSave(let index): try awaitSave(index, &script)
    case .inspectCode(let index): try inspectCode(index, &script)
    case .classify(let index): classify(index)
    case .detachStub(let child): try detachStub(from: child, &script)
    case .resume(let index): try resume(index, &script)
    case .endFrozen: endFrozen()
    default: preconditionFailure("this job belongs to another part of the checkpointer")
    }
  }

  /// Everything that can be refused is refused before the first thread stands still.
  private mutating func preflight(_ script: inout Script) throws(Suspension) {
    let child = run.child
    if let known = children[child].nativePD {
      run.nativePD = known
    } else {
      let slot = slots.take()
      run.nativePD = try script.call(children[child].pd, PDOpcode.nativePD, receiveInto: [slot]).capability
      children[child].nativePD = run.nativePD
    }
    if let native = run.nativePD {
      run.capabilityMapAddress = try script.call(native, NativePDOpcode.capMapInfo).word(0)
    }
    guard children[child].place(of: run.capabilityMapAddress) != nil else { return abandon(.capabilityMapUnknown) }
    let limit = try script.call(environment.ram, RAMOpcode.quota).word(0)
    let used = try script.call(environment.ram, RAMOpcode.used).word(0)
    // Members before this one have taken nothing yet.
    let needed = runs.filter { $0.member <= run.member }.reduce(0) {
      $0 + children[$1.child].bytesWithoutCopy($1.preCopy)
    }
    guard limit - min(limit, used) > needed else {
      return abandon(.notEnoughRAM(needed: needed, available: limit - min(limit, used)))
    }
    if configuration.strategy.copiesBeforeFreeze {
      guard run.preCopy != nil else { return startRounds() }
      guard mayFreeze() else { return }
    }
    if run.member + 1 == runs.count { jobs.append(.beginFreeze) }
  }

  /// Before anything was done for it.
  mutating func abandon(_ reason: RefusalReason) {
    let copies = runs.flatMap { $0.ownCopies.elements }
    forgetRuns()
    jobs.removeAll {
      switch $0 {
      case .turnTo, .preflight, .beginFreeze: true
      default: false
      }
    }
    jobs += copies.map { .freeCopy($0) }
    refuse(reason)
  }

  func online(_ index: Int) -> OnlineThread { children[run.child].threads[run.threads[index].thread] }

  private mutating func pause(_ index: Int, _ script: inout Script) throws(Suspension) {
    let thread = online(index)
    guard thread.isStarted, !thread.isPaused else { return }
    let opcode = configuration.freeze == .trigger ? CPUThreadOpcode.pause : .pauseCancelling
    _ = try script.call(thread.real, opcode)
    if has(.ownPauseRecorded) { children[run.child].threads[run.threads[index].thread].isPaused = true }
    try logCall(&script)
  }

  /// The function that was just carried out says so in the verbose log.
  private mutating func logCall(_ script: inout Script) throws(Suspension) {
    var work = ListWork(configuration.metadata)
    work.lines += 1
    try settle(work, &script)
  }

  private mutating func endFreeze() {
    end(.pause)
    run.counts.threads = run.threads.count
    run.heldOutputs = children[run.child].held.count
    outbox.append(.phaseEnded(.freeze, of: run.name, run.counts))
    outbox.append(.phaseStarted(.metadata, of: run.name))
  }

  /// Everybody runs again; what is left is done when there is nothing else to do.
  private mutating func endFrozen() {
    outbox.append(.phaseEnded(.frozen, of: run.name, run.counts))
    run.isThawed = true
    if !run.group.isEmpty { background.append(.turnTo(run.member)) }
    if configuration.strategy.copiesAfterThaw { startCopyingBehind() }
    startFlattening()
    background += run.image.dataspaces.indices.filter { run.copies[$0] != nil }.map { .openCopy(dataspace: $0) }
    background.append(.finishImage)
    serveFaults()
  }

  private mutating func readState(_ index: Int, _ script: inout Script) throws(Suspension) {
    let state = try script.call(online(index).real, CPUThreadOpcode.state).words
    guard state.count == ThreadStateWords.count else { return }
    run.threads[index].flags = ThreadStateFlags(rawValue: state[ThreadStateWords.flags])
    run.threads[index].exceptions = state[ThreadStateWords.exceptions]
    run.threads[index].words = Array(state[ThreadStateWords.registers...])
  }

  // MARK: Going on

  /// A thread whose system call was cut off for the checkpoint needs the same repair as a restored one.
  mutating func resume(_ index: Int, _ script: inout Script) throws(Suspension) {
    let capture = run.threads[index]
    let thread = online(index)
    guard thread.isStarted, let image = capture.image else { return }
    if thread.isPaused, !has(.ownPauseRecorded) { return try stayPaused(index, image, &script) }
    children[run.child].threads[capture.thread].isPaused = false
    var applied = AppliedPolicy.unchanged
    var ip = capture.pc
    if configuration.freeze == .triggerAndCancel, capture.isStopped {
      let resumption = continuePolicy.resumption(of: image)
      let words = ThreadImage.exceptionWords(
        registers: resumption.registers, pc: resumption.pc, status: image.status)
      try setState(of: thread.real, capture.flags, capture.exceptions, words, &script)
      (applied, ip) = (resumption.applied, resumption.pc)
    }
    _ = try script.call(thread.real, CPUThreadOpcode.resume)
    if image.situation == .sendPhase, capture.isStopped, ordersQueue {
      jobs.pushFront(.awaitIssue(thread.real, at: ip, attempts: 0))
    }
    try logCall(&script)
    outbox.append(.threadContinued(checkpoint: run.name, thread: thread.name, applied, ip: ip))
  }

  /// The component itself had stopped the thread; it gets its registers back, for whenever it is resumed.
  private mutating func stayPaused(
    _ index: Int, _ image: ThreadImage, _ script: inout Script
  ) throws(Suspension) {
    let capture = run.threads[index]
    guard capture.isStopped else { return }
    let words = ThreadImage.exceptionWords(registers: image.registers, pc: image.pc, status: image.status)
    try setState(of: online(index).real, capture.flags, capture.exceptions, words, &script)
  }
}
