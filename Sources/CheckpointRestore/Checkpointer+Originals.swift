import FiascoABI
import Genode

// The originals go on. What was cut off for the checkpoint is repaired as in a restored component, and with the same
// code: a thread that holds a request waits for its caller, who calls again, before it goes on. Writes taking,
// children[].threads, jobs.
extension Checkpointer {
  var continuePolicy: ResumptionPolicy { configuration.continuePolicy ?? configuration.defaultPolicy }

  /// The work of letting all threads go on, in the order in which nobody comes before a caller.
  func continuation(of runs: [CheckpointRun]) -> [CheckpointerJob] {
    let relations = repairable(runs)
    let places = runs.flatMap { run in run.threads.indices.map { CallerRelation.Place(image: run.member, thread: $0) } }
    guard !relations.isEmpty else { return places.flatMap { job(on: $0, .resume(thread: $0.thread)) } }
    let holders = relations.map(\.holder)
    let callers = relations.map(\.caller).filter { !holders.contains($0) }
    let members = runs.filter { run in holders.contains { $0.image == run.member } }
    var work: [CheckpointerJob] = members.flatMap { [.turnTo($0.member), .attachStub(child: $0.child)] }
    work += holders.flatMap { job(on: $0, .letOriginalWait(thread: $0.thread)) }
    work += callers.flatMap { job(on: $0, .resume(thread: $0.thread)) }
    var (open, going) = (relations, callers)
    while let next = open.first(where: { going.contains($0.caller) }) ?? open.first {
      open.removeAll { $0 == next }
      going.append(next.holder)
      let caller = name(of: next.caller, besides: next.holder, runs.map(\.image))
      work += job(on: next.holder, .admitOriginal(thread: next.holder.thread, caller: caller))
    }
    work += members.flatMap { [.turnTo($0.member), .detachStub(child: $0.child)] }
    let last = places.filter { !holders.contains($0) && !callers.contains($0) }
    return work + inQueueOrder(last, runs).flatMap { job(on: $0, .resume(thread: $0.thread)) }
  }

  /// Calls that were queued are made one after the other.
  var ordersQueue: Bool {
    continuePolicy.recreatesCallers
      && runs.reduce(0) { sum, run in sum + run.threads.count { $0.image?.situation == .sendPhase } } > 1
  }

  private func job(on place: CallerRelation.Place, _ job: CheckpointerJob) -> [CheckpointerJob] {
    [.turnTo(place.image), job]
  }

  /// Relations whose two threads were stopped by the cancel and may run.
  private func repairable(_ runs: [CheckpointRun]) -> [CallerRelation] {
    guard configuration.freeze == .triggerAndCancel, continuePolicy.recreatesCallers else { return [] }
    return CallerRelation.all(in: runs.map(\.image)).filter { relation in
      [relation.caller, relation.holder].allSatisfy { place in
        let capture = runs[place.image].threads[place.thread]
        return capture.isStopped && !(capture.image?.paused ?? true)
      }
    }
  }

  /// Whose call was queued comes before those who run, by priority, as the kernel queues.
  private func inQueueOrder(_ places: [CallerRelation.Place], _ runs: [CheckpointRun]) -> [CallerRelation.Place] {
    func thread(_ place: CallerRelation.Place) -> ThreadImage { runs[place.image].image.threads[place.thread] }
    let queued = places.indices.filter { thread(places[$0]).situation == .sendPhase }.sorted {
      (thread(places[$1]).priority, $0) < (thread(places[$0]).priority, $1)
    }
    return queued.map { places[$0] } + places.filter { thread($0).situation != .sendPhase }
  }

  // MARK: Steps

  mutating func letOriginalWait(_ index: Int, _ script: inout Script) throws(Suspension) {
    let capture = run.threads[index]
    try reportExceptions(of: capture.thread, run.child, &script)
    try script.write(children[run.child].stubAddress + CallerStub.code, CallerStub.words)
    var registers = capture.registers
    registers[RegisterIndex.sp] = online(index).utcb
    let words = ThreadImage.exceptionWords(
      registers: registers, pc: run.stubPlace + CallerStub.code, status: capture.words[ExceptionMessage.status])
    try setState(of: online(index).real, capture.flags, capture.exceptions, words, &script)
    _ = try script.call(online(index).real, CPUThreadOpcode.resume)
    run.attempts = 0
  }

  /// The caller has called: the holder gets its own UTCB back, then its registers.
  mutating func admitOriginal(_ index: Int, caller: String, _ script: inout Script) throws(Suspension) {
    let thread = online(index)
    switch try reachesTrap(thread.real, at: run.stubPlace + CallerStub.trap, attempts: run.attempts, &script) {
    case nil:
      run.attempts += 1
      jobs.pushFront(.admitOriginal(thread: index, caller: caller))
    case false?:
      run.attempts = 0
      outbox.append(.threadLost(checkpoint: run.name, thread: thread.name))
    case true?:
      outbox.append(.callerRecreated(checkpoint: run.name, caller: caller, holder: thread.name))
      var utcb = run.threads[index].utcb
      utcb[UTCB.ownAddress] = thread.utcb
      try script.write(children[run.child].stubAddress + UTCBStub.image, utcb)
      try enterLoader(of: thread.real, page: run.stubPlace, &script)
      run.attempts = 0
      jobs.pushFront(.finishOriginal(thread: index))
    }
  }

  mutating func finishOriginal(_ index: Int, _ script: inout Script) throws(Suspension) {
    let thread = online(index)
    switch try reachesTrap(thread.real, at: run.stubPlace + UTCBStub.loadTrap, attempts: run.attempts, &script) {
    case nil:
      run.attempts += 1
      jobs.pushFront(.finishOriginal(thread: index))
    case false?:
      run.attempts = 0
      outbox.append(.threadLost(checkpoint: run.name, thread: thread.name))
    case true?:
      run.attempts = 0
      try returnExceptions(of: run.threads[index].thread, run.child, &script)
      try resume(index, &script)
    }
  }
}
