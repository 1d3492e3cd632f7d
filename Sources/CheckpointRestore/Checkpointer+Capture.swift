import FiascoABI
import Genode

// What a stopped thread can tell: its UTCB, the instruction it stands behind, and what follows from both. Writes
// taking, children[].threads.

extension Checkpointer {
  mutating func attachStub(to child: Int, _ script: inout Script) throws(Suspension) {
    guard let stub = children[child].stub,
      let place = try attach(stub, to: children[child].addressSpace, payer: children[child].pd, &script)
    else {
      let what = "page for UTCBs cannot be attached"
      return progress.isEmpty ? fail(child, what) : abort(.requestFailed("\(children[child].name): \(what)"))
    }
    if !progress.isEmpty { run.stubPlace = place }
    if restoring != nil { restoring?.stubPlace = place }
  }

  mutating func detachStub(from child: Int, _ script: inout Script) throws(Suspension) {
    let place = progress.isEmpty ? restoring?.stubPlace ?? 0 : run.stubPlace
    if !progress.isEmpty {
      if let code = run.code { try detachHere(code.address, &script) }
      run.code = nil
      run.stubPlace = 0
    }
    try script.detach(place, from: children[child].addressSpace)
  }

  /// Lets a stopped thread run the code that writes its own UTCB into the page.
  mutating func saveUTCB(_ index: Int, _ script: inout Script) throws(Suspension) {
    guard run.threads[index].isStopped else { return }
    let thread = run.threads[index].thread
    try reportExceptions(of: thread, run.child, &script)
    try script.write(
      children[run.child].stubAddress + UTCBStub.image + 8 * UInt64(UTCB.ownAddress), [online(index).utcb])
    var words = run.threads[index].words
    words[ExceptionMessage.instructionPointer] = run.stubPlace + UTCBStub.save
    words[ThreadStateWords.stackPointerRegister] = run.stubPlace + UTCBStub.image
    try setState(of: online(index).real, run.threads[index].flags, run.threads[index].exceptions, words, &script)
    _ = try script.call(online(index).real, CPUThreadOpcode.resume)
    run.attempts = 0
    jobs.pushFront(.awaitSave(thread: index))
  }

  /// Exceptions of the thread are told to us from now on, so that its trap need not be polled for.
  mutating func reportExceptions(of thread: Int, _ child: Int, _ script: inout Script) throws(Suspension) {
    if children[child].threads[thread].reportsToUs { return }
    _ = try script.call(children[child].threads[thread].real, CPUThreadOpcode.exceptionSigh, [], [signals.context])
    children[child].threads[thread].reportsToUs = true
  }

  /// Gives the child's own handler back, if it had one.
  mutating func returnExceptions(of thread: Int, _ child: Int, _ script: inout Script) throws(Suspension) {
    let handler = children[child].threads[thread].exceptionHandler
    guard handler != 0, let context = children[child].contexts.first(where: { $0.isLive && $0.real.badge == handler })
    else { return }
    _ = try script.call(children[child].threads[thread].real, CPUThreadOpcode.exceptionSigh, [], [context.real])
    children[child].threads[thread].reportsToUs = false
  }

  func setState(
    of thread: RPCCapability, _ flags: ThreadStateFlags, _ exceptions: UInt64, _ words: [UInt64], _ script: inout Script
  ) throws(Suspension) {
    _ = try script.call(
      thread, CPUThreadOpcode.setState, [flags.subtracting(.paused).rawValue, exceptions] + words)
  }

  /// How long a thread may take to a trap a few hundred instructions away, and how many foreign signals may come first.
  private static let trapTimeout = IPCTimeout.relative(microseconds: 1_000_000)
  private static let trapAttempts = 8

  /// Waits until the thread stands at `trap`; nil while something else was signalled, false when it never comes.
  mutating func awaitTrap(
    of thread: RPCCapability, at trap: UInt64, attempts: Int, _ script: inout Script
  ) throws(Suspension) -> Bool? {
    guard let irq = signals.irq, signals.source != nil, attempts < Self.trapAttempts else { return false }
    var wait = KernelCall.awaitIRQ(irq.slot)
    wait.timeouts = IPCTimeouts(send: .never, receive: Self.trapTimeout)
    if try script.invoke(wait).tag.hasError { return false }
    try fetchSignals(&script)
    return try stands(thread, at: trap, &script) ? true : nil
  }

  func stands(_ thread: RPCCapability, at trap: UInt64, _ script: inout Script) throws(Suspension) -> Bool {
    let state = try script.call(thread, CPUThreadOpcode.state).words
    guard state.count == ThreadStateWords.count else { return false }
    return ThreadStateFlags(rawValue: state[ThreadStateWords.flags]).contains(.inException)
      && state[ThreadStateWords.registers + ExceptionMessage.instructionPointer] == trap
  }

  mutating func awaitSave(_ index: Int, _ script: inout Script) throws(Suspension) {
    let child = run.child
    let trap = run.stubPlace + UTCBStub.saveTrap
    let arrived = try awaitTrap(of: online(index).real, at: trap, attempts: run.attempts, &script)
    switch arrived {
    case nil:
      run.attempts += 1
      jobs.pushFront(.awaitSave(thread: index))
    case false?: outbox.append(.threadLost(checkpoint: run.name, thread: online(index).name))
    case true?:
      run.threads[index].utcb = try script.read(children[child].stubAddress + UTCBStub.image, count: UTCB.words)
      try returnExceptions(of: run.threads[index].thread, child, &script)
    }
  }

  // MARK: Classification

  private static let systemCallInstruction: UInt64 = 0x73

  /// Looks at the instruction before the instruction pointer, where it decides.
  mutating func inspectCode(_ index: Int, _ script: inout Script) throws(Suspension) {
    let capture = run.threads[index]
    guard capture.isStopped, capture.pc >= 4 else { return }
    let guess = ThreadImage.Situation(
      registers: capture.registers, errorWord: capture.utcb.isEmpty ? nil : capture.utcb[UTCB.error],
      followsSystemCall: nil)
    guard guess.wasCutOff, let place = children[run.child].place(of: capture.pc - 4) else { return }
    let whole = children[run.child].dataspaces[place.dataspace]
    let piece = whole.piece(whole.pieceIndex(at: place.offset))
    let dataspace = piece.dataspace
    if let code = run.code, code.badge != dataspace.badge {
      try detachHere(code.address, &script)
      run.code = nil
    }
    if run.code == nil {
      guard let address = try attachHere(dataspace, &script) else { return }
      run.code = AttachedHere(badge: dataspace.badge, address: address)
    }
    guard let code = run.code else { return }
    let shift = place.offset % 8
    let words = try script.read(code.address + place.offset - piece.offset - shift, count: shift > 4 ? 2 : 1)
    let high = shift > 4 ? words[1] << (64 - 8 * shift) : 0
    run.threads[index].followsSystemCall = (words[0] >> (8 * shift) | high) & 0xffff_ffff == Self.systemCallInstruction
    if guess == .sendPhase { jobs.pushFront(.searchTag(thread: index)) }
  }

  /// The kernel's priority: without a wish a thread has its session's, and never a higher one.
  private func priority(of thread: OnlineThread) -> UInt32 {
    let limit = UInt64(max(0, children[run.child].configuration.priority))
    return UInt32(truncatingIfNeeded: thread.priority == 0 ? limit : min(thread.priority, limit))
  }

  mutating func classify(_ index: Int) {
    let capture = run.threads[index]
    let thread = online(index)
    let errorWord = capture.utcb.isEmpty ? nil : capture.utcb[UTCB.error]
    var situation = ThreadImage.Situation.unknown
    if capture.isStopped || !thread.isStarted {
      situation = ThreadImage.Situation(
        registers: capture.registers, errorWord: errorWord, followsSystemCall: capture.followsSystemCall,
        unresolvedPageFault: capture.flags.contains(.unresolvedPageFault))
    } else if capture.flags.contains(.unresolvedPageFault) {
      situation = .pageFault
    }
    var image = ThreadImage(
      name: thread.name, registers: capture.registers, pc: capture.pc, registersValid: capture.isStopped,
      utcbAddress: thread.utcb, utcb: capture.utcb, priority: priority(of: thread),
      started: thread.isStarted, situation: situation, errorCode: errorWord ?? 0)
    image.sendTag = ThreadImage.sendTag(
      registers: capture.registers, situation: situation, tagRegister: configuration.tagRegister)
    if situation == .sendPhase, image.sendTag == nil { image.sendTag = capture.sendTag }
    image.exceptionHandlerBadge = thread.exceptionHandler
    image.status = capture.words[ExceptionMessage.status]
    image.badge = thread.own.badge
    image.gateBadge = thread.gateBadge
    image.paused = thread.isPaused
    image.cpu = UInt32(truncatingIfNeeded: thread.cpu)
    run.threads[index].image = image
    outbox.append(
      .threadCaptured(
        checkpoint: run.name, thread: thread.name, situation: situation, ip: capture.pc, error: errorWord ?? 0,
        registersValid: capture.isStopped))
  }
}
