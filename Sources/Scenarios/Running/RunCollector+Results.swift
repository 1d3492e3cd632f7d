import FiascoKernel

extension RunCollector {
  /// Threads of the scenario's components; those of core, init and timer are not the author's business.
  var ownThreads: [ThreadRecord] {
    tracker.records.filter { programs.components.contains($0.name.component) }
  }

  var everybodyIsOver: Bool {
    let own = ownThreads
    let ended = components.filter { $0.lives.last?.until != nil }.map(\.name)
    return !own.isEmpty && own.allSatisfy { $0.standing.isOver || ended.contains($0.name.component) }
  }

  var outputBytes: UInt64 { outputTotal }

  /// Grows with everything that is more than a thread computing or being interrupted for its time slice.
  var progress: UInt64 { counts.progress }
}

extension EventCounts {
  var total: UInt64 { all.reduce(0) { $0 + $1.count } }

  /// Slices that expire and the switches they cause are no progress.
  var progress: UInt64 {
    all.reduce(0) { $1.name == "sliceEnd" || $1.name == "contextSwitch" ? $0 : $0 + $1.count }
  }
}

extension ThreadTracker {
  /// The task in which a component's threads live now.
  func task(of component: String, in kernel: borrowing Kernel) -> TaskID? {
    for slot in threads.indices.reversed() {
      guard name(of: ThreadID(slot))?.component == component, !threads[slot].isKilled, kernel.threads.contains(slot)
      else {
        continue
      }
      let task = kernel.threads[slot].task
      if !task.isNone { return task }
    }
    return nil
  }
}
