import FiascoABI
import Genode

// Starting the threads of a restored child. Writes restoring, children[].threads, jobs.

extension Checkpointer {
  /// Starts the thread in the code that loads its UTCB and traps; the trap's answer then brings all registers.
  mutating func startThread(_ index: Int, _ script: inout Script) throws(Suspension) {
    guard let row = restore.threads[index] else { return }
    if restore.mode == .bootstrap { return try startIgnored(index, row, &script) }
    guard try place(of: row, &script) else { return }
    try script.write(children[restore.child].stubAddress + UTCBStub.image, utcb(of: index, row))
    let page = restore.stubPlace
    try start(row, at: page + UTCBStub.load, sp: page + UTCBStub.image, &script)
    jobs.pushFront(.awaitLoad(thread: index))
  }

  /// The page with the code is there, and traps of the thread are told to us. False if the page cannot be attached; then
  /// the restore has been given up.
  private mutating func place(of row: Int, _ script: inout Script) throws(Suspension) -> Bool {
    if restore.stubPlace == 0 {
      try attachStub(to: restore.child, &script)
      guard restoring != nil else { return false }
    }
    try reportExceptions(of: row, restore.child, &script)
    return true
  }

  private mutating func start(_ row: Int, at ip: UInt64, sp: UInt64, _ script: inout Script) throws(Suspension) {
    _ = try script.call(children[restore.child].threads[row].real, CPUThreadOpcode.start, [ip, sp])
    children[restore.child].threads[row].isStarted = true
    restore.attempts = 0
  }

  /// The UTCB with which a thread goes on.
  private func utcb(of index: Int, _ row: Int) -> [UInt64] {
    let captured = restore.image.threads[index]
    var utcb = captured.utcb.isEmpty ? Array(repeating: 0, count: UTCB.words) : captured.utcb
    utcb[UTCB.ownAddress] = children[restore.child].threads[row].utcb
    let resumption = restore.policy.resumption(of: captured)
    if let error = resumption.errorWord { utcb[UTCB.error] = error }
    if resumption.applied == .reissued { translateRequest(&utcb, captured) }
    return utcb
  }

  /// A request names its object, and the capabilities it carries, by their badges. The server compares the first with
  /// the label of its new gate and ignores a request that does not fit: the caller would wait for ever.
  private func translateRequest(_ utcb: inout [UInt64], _ thread: ThreadImage) {
    let target = ObjectReference(raw: thread.registers[RegisterIndex.a1])
    guard !target.namesNoSlot, target.operation.contains(.send),
      let old = restore.image.capabilities.first(where: { $0.slot == target.index })?.badge, utcb[0] == old,
      let new = restore.translation[old]
    else { return }
    utcb[0] = new.badge
    guard utcb[1] <= UInt64(RPCLayout.maxCapabilities) else { return }
    for index in 0..<Int(utcb[1]) {
      if let new = restore.translation[utcb[RPCLayout.firstBadge + index]] {
        utcb[RPCLayout.firstBadge + index] = new.badge
      }
    }
  }

  mutating func awaitLoad(of index: Int, _ script: inout Script) throws(Suspension) {
    guard let row = restore.threads[index] else { return }
    let thread = children[restore.child].threads[row]
    let trap = restore.stubPlace + UTCBStub.loadTrap
    switch try awaitTrap(of: thread.real, at: trap, attempts: restore.attempts, &script) {
    case nil:
      restore.attempts += 1
      jobs.pushFront(.awaitLoad(thread: index))
      // Another thread, that runs already, may have touched memory that is not there yet.
      serveFaults()
    case false?:
      outbox.append(.threadLost(checkpoint: checkpoints[restore.checkpoint].name, thread: thread.name))
    case true?: try finishLoad(of: index, row, &script)
    }
  }

  /// The thread stands at the trap with its UTCB loaded: the answer to its exception is everything else.
  private mutating func finishLoad(of index: Int, _ row: Int, _ script: inout Script) throws(Suspension) {
    let image = restore.image.threads[index]
    let thread = children[restore.child].threads[row]
    let resumption = restore.policy.resumption(of: image)
    let words = ThreadImage.exceptionWords(
      registers: resumption.registers, pc: resumption.pc, status: image.status)
    try setState(of: thread.real, .inException, 1, words, &script)
    children[restore.child].threads[row].isPaused = image.paused
    if restore.plan.held.contains(CallerRelation.Place(image: restore.member, thread: index)) { return }
    try goOn(index, row, &script)
  }

  private mutating func goOn(_ index: Int, _ row: Int, _ script: inout Script) throws(Suspension) {
    let image = restore.image.threads[index]
    let thread = children[restore.child].threads[row]
    let resumption = restore.policy.resumption(of: image)
    if !image.paused {
      _ = try script.call(thread.real, CPUThreadOpcode.resume)
      if restore.plan.ordersQueue, image.situation == .sendPhase {
        jobs.pushFront(.awaitIssue(thread.real, at: resumption.pc, attempts: 0))
      }
    }
    let name = checkpoints[restore.checkpoint].name
    outbox.append(.threadRestored(checkpoint: name, thread: thread.name, resumption.applied, ip: resumption.pc))
  }

  // MARK: Who waits for whom

  /// The holder of a request waits for anybody; the caller, which comes next, will be the first to call it.
  mutating func letHolderWait(_ relation: Int, _ script: inout Script) throws(Suspension) {
    let holder = restore.plan.relations[relation].holder
    guard let row = restore.threads[holder.thread], try place(of: row, &script) else { return }
    try script.write(children[restore.child].stubAddress + CallerStub.code, CallerStub.words)
    try start(row, at: restore.stubPlace + CallerStub.code, sp: children[restore.child].threads[row].utcb, &script)
  }

  /// The caller is calling.
  mutating func admitHolder(_ relation: Int, _ script: inout Script) throws(Suspension) {
    restore.attempts = 0
    try awaitCall(relation, &script)
  }

  /// When the call has been received, and with it the reply capability, the holder gets its UTCB back and goes on where
  /// it stood.
  mutating func awaitCall(_ relation: Int, _ script: inout Script) throws(Suspension) {
    let (caller, holder) = (restore.plan.relations[relation].caller, restore.plan.relations[relation].holder)
    guard let row = restore.threads[holder.thread] else { return }
    let thread = children[restore.child].threads[row]
    let name = checkpoints[restore.checkpoint].name
    switch try reachesTrap(thread.real, at: restore.stubPlace + CallerStub.trap, attempts: restore.attempts, &script) {
    case nil:
      restore.attempts += 1
      jobs.pushFront(.awaitCall(relation: relation))
    case false?: outbox.append(.threadLost(checkpoint: name, thread: thread.name))
    case true?:
      outbox.append(
        .callerRecreated(
          checkpoint: name, caller: self.name(of: caller, besides: holder, restores.map(\.image)),
          holder: restore.image.threads[holder.thread].name))
      try script.write(children[restore.child].stubAddress + UTCBStub.image, utcb(of: holder.thread, row))
      try enterLoader(of: thread.real, page: restore.stubPlace, &script)
      restore.attempts = 0
      jobs.pushFront(.awaitLoad(thread: holder.thread))
    }
  }

  /// A thread that stands at a trap of the page loads its UTCB from it.
  func enterLoader(of thread: RPCCapability, page: UInt64, _ script: inout Script) throws(Suspension) {
    var registers = [UInt64](repeating: 0, count: ThreadImage.registerCount)
    registers[RegisterIndex.sp] = page + UTCBStub.image
    let words = ThreadImage.exceptionWords(registers: registers, pc: page + UTCBStub.load, status: 0)
    try setState(of: thread, .inException, 1, words, &script)
    _ = try script.call(thread, CPUThreadOpcode.resume)
  }

  /// As `awaitTrap`, for a trap that may have been signalled while something else was waited for.
  mutating func reachesTrap(
    _ thread: RPCCapability, at trap: UInt64, attempts: Int, _ script: inout Script
  ) throws(Suspension) -> Bool? {
    if try stands(thread, at: trap, &script) { return true }
    return try awaitTrap(of: thread, at: trap, attempts: attempts, &script)
  }

  /// A thread that was loaded goes on.
  mutating func letGo(_ index: Int, _ script: inout Script) throws(Suspension) {
    guard let row = restore.threads[index] else { return }
    try goOn(index, row, &script)
  }

  // MARK: Afterwards

  mutating func restoreExceptionHandler(_ index: Int, _ script: inout Script) throws(Suspension) {
    if restore.mode == .bootstrap { return }
    let badge = restore.image.threads[index].exceptionHandlerBadge
    guard let row = restore.threads[index] else { return }
    guard let context = restore.translation[badge] else {
      outbox.append(.handlerLost(checkpoint: checkpoints[restore.checkpoint].name, badge: badge))
      return
    }
    let thread = children[restore.child].threads[row].real
    _ = try script.call(thread, CPUThreadOpcode.exceptionSigh, [], [context])
    children[restore.child].threads[row].exceptionHandler = context.badge
    children[restore.child].threads[row].reportsToUs = false
  }

  /// One wake-up too many costs a look at the lock; one too few is waited for without end.
  mutating func wakeUp(_ index: Int, _ script: inout Script) throws(Suspension) {
    if restore.mode == .bootstrap { return }
    guard let row = restore.threads[index] else { return }
    _ = try script.call(children[restore.child].threads[row].real, CPUThreadOpcode.cancelBlocking)
  }

  // MARK: Mode `bootstrap`

  /// What the original did to threads that ran already: both calls succeed and change nothing.
  private mutating func startIgnored(_ index: Int, _ row: Int, _ script: inout Script) throws(Suspension) {
    let image = restore.image.threads[index]
    let thread = children[restore.child].threads[row]
    let words = ThreadImage.exceptionWords(registers: image.registers, pc: image.pc, status: image.status)
    try setState(of: thread.real, [], 0, words, &script)
    _ = try script.call(
      thread.real, CPUThreadOpcode.start, [image.pc, image.registers[RegisterIndex.sp]])
    let name = checkpoints[restore.checkpoint].name
    outbox.append(.threadStateIgnored(checkpoint: name, thread: thread.name))
    outbox.append(.threadRestored(checkpoint: name, thread: thread.name, .unchanged, ip: image.pc))
  }

  /// Restore as `master` did it, inside the child's LOG request: the child has been loaded and runs; its thread waits
  /// for the answer to its request while its memory is replaced.
  mutating func startBootstrapRestore(_ order: BootstrapOrder, into child: Int) {
    let image = checkpoints[order.checkpoint].image
    if let misfit = children[child].misfit(image) {
      return refuse(.doesNotFit(component: children[child].name, misfit))
    }
    let plan = RestorePlan(image)
    guard let steps = plan.order else { return refuse(.cyclicPlan) }
    parkedRestores = []
    outbox.append(.phaseStarted(.restore, of: checkpoints[order.checkpoint].name))
    restoring = RestoreRun(
      checkpoint: order.checkpoint, child: child, policy: order.policy, mode: .bootstrap, image: image, plan: plan)
    jobs += steps.map { .plan($0, member: 0) }
    jobs.append(.endRestore)
  }
}
