// Threads and what comes after them.
extension RestorePlan {
  /// Threads that serve, by object or by signal, must wait when the first client calls. Holders of a request wait
  /// even earlier, and go on only when their caller has called.
  mutating func addStarts(_ image: CheckpointImage, _ complete: Need) -> [Int?] {
    let waiting = relations.indices.map { add(.awaitCaller($0), after: [complete]) }
    let before = [complete] + waiting.map { Need(node: $0, why: .holderWaits) }
    var started = [Int?](repeating: nil, count: image.threads.count)
    let holders = relations.map(\.holder)
    let others = image.threads.indices.filter { image.threads[$0].started && !holders.contains($0) }
    let servers = others.filter { index in
      image.signals.threadIndex == index || image.rpcObjects.contains { $0.threadIndex == index }
    }
    for index in servers { started[index] = add(.start(index), after: before) }
    let clients = before + servers.compactMap { started[$0] }.map { Need(node: $0, why: .serversFirst) }
    // A caller comes before anybody else who might call its holder.
    let callers = others.filter { index in !servers.contains(index) && relations.contains { $0.caller == index } }
    for index in callers + others.filter({ !servers.contains($0) && !callers.contains($0) }) {
      started[index] = add(.start(index), after: clients)
    }
    admit(&started, waiting)
    return started
  }

  /// A holder may itself be the caller of another one: the chain is followed from its free end.
  private mutating func admit(_ started: inout [Int?], _ waiting: [Int]) {
    var open = Array(relations.indices)
    while let next = open.first(where: { started[relations[$0].caller] != nil }) ?? open.first {
      open.removeAll { $0 == next }
      var needs = [Need(node: waiting[next], why: .holderWaits)]
      if let caller = started[relations[next].caller] { needs.append(Need(node: caller, why: .callerCalls)) }
      started[relations[next].holder] = add(.admit(next), after: needs)
    }
  }

  mutating func addLast(_ image: CheckpointImage, _ sessions: [Int], _ contexts: [Int], _ started: [Int?]) {
    for (index, thread) in image.threads.enumerated() {
      guard let start = started[index] else { continue }
      if thread.exceptionHandlerBadge != 0 {
        let told = image.signalContexts.indices.filter {
          image.signalContexts[$0].badge == thread.exceptionHandlerBadge
        }
        _ = add(
          .exceptionHandler(index),
          after: [Need(node: start, why: .startedBefore)] + told.map { Need(node: contexts[$0], why: .tellsContext) })
      }
      // A thread that serves would take the interrupt for a message in its next open wait.
      let serves = image.rpcObjects.contains { $0.threadIndex == index } || image.signals.threadIndex == index
      if thread.mayMissWakeUp, !serves { _ = add(.wakeUp(index), after: [Need(node: start, why: .wakesLate)]) }
    }
    for (index, timer) in image.timers.enumerated() {
      let needs = image.sessions.indices.filter { image.sessions[$0].badge == timer.sessionBadge }.map {
        Need(node: sessions[$0], why: .objectOfSession)
      }
      let told = image.signalContexts.indices.filter { image.signalContexts[$0].badge == timer.handlerBadge }.map {
        Need(node: contexts[$0], why: .tellsContext)
      }
      _ = add(.timer(index), after: needs + told + started.compactMap { $0 }.map { Need(node: $0, why: .timersLast) })
    }
  }
}

extension ThreadImage {
  /// A thread blocked on its interrupt had none pending, or it would not be blocked. Any other thread may be about to
  /// block, and have been woken before.
  var mayMissWakeUp: Bool { started && (situation == .runnable || situation == .pageFault) }
}
