// Threads and what comes after them.
extension RestorePlan {
  typealias Place = CallerRelation.Place

  /// Nodes after which threads run.
  struct Started {
    private var nodes: [[Int?]]

    init(_ images: [CheckpointImage]) { nodes = images.map { Array(repeating: nil, count: $0.threads.count) } }

    subscript(_ place: Place) -> Int? {
      get { nodes[place.image][place.thread] }
      set { nodes[place.image][place.thread] = newValue }
    }
    subscript(image number: Int) -> [Int?] { nodes[number] }
  }

  /// - Parameter complete: of each image, what must be there before its threads run.
  mutating func addStarts(_ images: [CheckpointImage], _ complete: [Need], inOrder: Bool) -> Started {
    var started = Started(images)
    let all = images.enumerated().flatMap { number, image in
      image.threads.indices.filter { image.threads[$0].started }.map { Place(image: number, thread: $0) }
    }
    let queued = all.filter { images[$0.image].threads[$0.thread].situation == .sendPhase }
    ordersQueue = inOrder && queued.count > 1
    if !relations.isEmpty || ordersQueue {
      addCarefulStarts(all, images, complete, &started)
    } else {
      addPlainStarts(all, images, complete, &started)
    }
    return started
  }

  /// Threads that serve, by object or by signal, must wait when the first client calls.
  private mutating func addPlainStarts(
    _ all: [Place], _ images: [CheckpointImage], _ complete: [Need], _ started: inout Started
  ) {
    let servers = all.filter { place in
      let image = images[place.image]
      return image.signals.threadIndex == place.thread || image.rpcObjects.contains { $0.threadIndex == place.thread }
    }
    for place in servers { started[place] = add(.start(place.thread), after: [complete[place.image]], in: place.image) }
    let before = servers.compactMap { started[$0] }.map { Need(node: $0, why: .serversFirst) }
    for place in all where started[place] == nil {
      started[place] = add(.start(place.thread), after: [complete[place.image]] + before, in: place.image)
    }
  }

  /// Calls are made again, and nobody may come before them: a holder would take whoever calls first for its caller. So
  /// all other threads that could call are loaded, because a thread that does not exist cannot even be called, but go
  /// on only when every holder has its caller back; those whose call was queued first.
  private mutating func addCarefulStarts(
    _ all: [Place], _ images: [CheckpointImage], _ complete: [Need], _ started: inout Started
  ) {
    let holders = relations.map(\.holder)
    let callers = relations.map(\.caller).filter { !holders.contains($0) }
    let free = all.filter { !holders.contains($0) && !callers.contains($0) }
    let waiting = free.filter { images[$0.image].threads[$0.thread].onlyWaits }
    for place in waiting { started[place] = add(.start(place.thread), after: [complete[place.image]], in: place.image) }
    held = free.filter { started[$0] == nil }
    let loaded = held.map { add(.load($0.thread), after: [complete[$0.image]], in: $0.image) }
    let open = relations.indices.map {
      add(.awaitCaller($0), after: [complete[relations[$0].holder.image]], in: relations[$0].holder.image)
    }
    let before =
      open.map { Need(node: $0, why: .holderWaits) }
      + waiting.compactMap { started[$0] }.map { Need(node: $0, why: .serversFirst) }
    for place in callers {
      started[place] = add(.start(place.thread), after: [complete[place.image]] + before, in: place.image)
    }
    let admitted = admit(&started, open, loaded.map { Need(node: $0, why: .partnersExist) })
    letGo(loaded, admitted.map { Need(node: $0, why: .callersFirst) }, images, &started)
  }

  /// A holder may itself be the caller of another one: the chain is followed from its free end.
  private mutating func admit(_ started: inout Started, _ waiting: [Int], _ loaded: [Need]) -> [Int] {
    var open = Array(relations.indices)
    var admitted: [Int] = []
    while let next = open.first(where: { started[relations[$0].caller] != nil }) ?? open.first {
      open.removeAll { $0 == next }
      var needs = [Need(node: waiting[next], why: .holderWaits)] + loaded
      if let caller = started[relations[next].caller] { needs.append(Need(node: caller, why: .callerCalls)) }
      admitted.append(add(.admit(next), after: needs, in: relations[next].holder.image))
      started[relations[next].holder] = admitted.last
    }
    return admitted
  }

  /// The kernel queues by priority. In which order equals had come nobody can read; they come in the image's.
  private mutating func letGo(
    _ loaded: [Int], _ admitted: [Need], _ images: [CheckpointImage], _ started: inout Started
  ) {
    func thread(_ place: Place) -> ThreadImage { images[place.image].threads[place.thread] }
    let queued = held.indices.filter { thread(held[$0]).situation == .sendPhase }.sorted {
      (thread(held[$1]).priority, $0) < (thread(held[$0]).priority, $1)
    }
    var last: [Need] = []
    for index in queued + held.indices.filter({ !queued.contains($0) }) {
      let needs = [Need(node: loaded[index], why: .loadedBefore)] + admitted + last
      let node = add(.letGo(held[index].thread), after: needs, in: held[index].image)
      started[held[index]] = node
      if queued.contains(index) { last = [Need(node: node, why: .queueOrder)] }
    }
  }

  mutating func addLast(
    _ image: CheckpointImage, _ sessions: [Int], _ contexts: [Int], _ started: [Int?], in member: Int
  ) {
    for (index, thread) in image.threads.enumerated() {
      guard let start = started[index] else { continue }
      if thread.exceptionHandlerBadge != 0 {
        let told = image.signalContexts.indices.filter {
          image.signalContexts[$0].badge == thread.exceptionHandlerBadge
        }
        _ = add(
          .exceptionHandler(index),
          after: [Need(node: start, why: .startedBefore)] + told.map { Need(node: contexts[$0], why: .tellsContext) },
          in: member)
      }
      // A thread that serves would take the interrupt for a message in its next open wait.
      let serves = image.rpcObjects.contains { $0.threadIndex == index } || image.signals.threadIndex == index
      if thread.mayMissWakeUp, !serves {
        _ = add(.wakeUp(index), after: [Need(node: start, why: .wakesLate)], in: member)
      }
    }
    for (index, timer) in image.timers.enumerated() {
      let needs = image.sessions.indices.filter { image.sessions[$0].badge == timer.sessionBadge }.map {
        Need(node: sessions[$0], why: .objectOfSession)
      }
      let told = image.signalContexts.indices.filter { image.signalContexts[$0].badge == timer.handlerBadge }.map {
        Need(node: contexts[$0], why: .tellsContext)
      }
      let running = started.compactMap { $0 }.map { Need(node: $0, why: .timersLast) }
      _ = add(.timer(index), after: needs + told + running, in: member)
    }
  }
}

extension ThreadImage {
  /// A thread blocked on its interrupt had none pending, or it would not be blocked. Any other thread may be about to
  /// block, and have been woken before.
  var mayMissWakeUp: Bool { started && (situation == .runnable || situation == .pageFault) }
}
