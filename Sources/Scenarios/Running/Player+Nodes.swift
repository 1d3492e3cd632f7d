import Determinism
import FiascoKernel
import Simulation

/// The second node: it is watched by a collector of its own, and both become one record.
extension Player {
  mutating func takeFromStandby() {
    guard var other = standby else { return }
    standby = nil
    other.checkpoints.learn(from: collector.checkpoints)
    _ = cluster.withSecond { other.take(from: &$0) }
    standby = other
  }

  /// Adds what happened on the second node to the record of the first.
  mutating func mergeStandby(into record: inout RunRecord) {
    guard var other = standby else { return }
    let failure = cluster.failure(ofNode: 1)
    _ = cluster.withSecond { system in
      other.tracker.settle(in: system.node.kernel)
      other.settleJobs(until: failure ?? record.end)
      if let failure {
        other.stopNode(at: failure)
        other.tracker.settle(in: system.node.kernel)
      }
      other.checkpoints.settle(other.tracker, system.node.kernel)
    }
    other.processors.settle(at: failure ?? record.end)
    record.machine.nodes = 2
    record.log = inOrder(record.log, other.log, by: \.at)
    record.complaints = inOrder(record.complaints, other.complaints, by: \.at)
    record.restores = inOrder(record.restores, other.checkpoints.restores, by: \.at)
    record.checkpoints = inOrder(record.checkpoints, other.checkpoints.checkpoints, by: \.at)
    record.addArrivals(other.checkpoints.arrivals)
    record.addLives(other.components)
    record.addThreads(other.ownThreads, asleepFor: cluster.bootDelay)
    record.addUses(other.processors.uses)
    record.addCounts(other.counts.all)
    record.addJobs(other.jobs)
    standby = other
  }

  private func inOrder<Element>(_ first: [Element], _ second: [Element], by instant: KeyPath<Element, Instant>)
    -> [Element]
  {
    let all = (first + second).enumerated()
    return all.sorted { ($0.element[keyPath: instant], $0.offset) < ($1.element[keyPath: instant], $1.offset) }
      .map(\.element)
  }
}

extension RunCollector {
  /// The node does nothing any more: every life on it is over.
  mutating func stopNode(at instant: Instant) {
    for component in components {
      if let life = component.lives.last, life.until == nil { end(component.name, at: instant) }
    }
    tracker.killAll()
  }
}

extension RunRecord {
  fileprivate mutating func addArrivals(_ arrivals: [CheckpointRecord]) {
    for arrival in arrivals {
      let known = checkpoints.lastIndex { $0.name == arrival.name && $0.generation == arrival.generation }
      if let known { checkpoints[known].received = arrival.received }
    }
  }

  fileprivate mutating func addLives(_ others: [ComponentRecord]) {
    for other in others {
      let lives = other.lives.map { life in
        var life = life
        life.node = 1
        return life
      }
      if let index = components.firstIndex(where: { $0.name == other.name }) {
        components[index].lives = (components[index].lives + lives).sorted { $0.from < $1.from }
      } else {
        components.append(ComponentRecord(name: other.name, lives: lives))
      }
    }
  }

  /// A thread that is nowhere but on the second node stands where it stands there.
  fileprivate mutating func addThreads(_ others: [ThreadRecord], asleepFor delay: TimeSpan) {
    for var other in others {
      if case .sleepsUntil(let instant) = other.standing { other.standing = .sleepsUntil(instant + delay) }
      guard let index = threads.firstIndex(where: { $0.name == other.name }) else {
        threads.append(other)
        continue
      }
      threads[index].standing = other.standing.isOver ? threads[index].standing : other.standing
      threads[index].messages += other.messages
      threads[index].strandedFaults += other.strandedFaults
      threads[index].exceptions += other.exceptions
      for error in other.errors {
        if let known = threads[index].errors.firstIndex(where: { $0.code == error.code }) {
          threads[index].errors[known].count += error.count
        } else {
          threads[index].errors.append(error)
        }
      }
    }
  }

  fileprivate mutating func addUses(_ others: [ProcessorUse]) {
    for other in others {
      if let index = processors.firstIndex(where: { $0.component == other.component }) {
        processors[index].time += other.time
        processors[index].whileFrozen += other.whileFrozen
      } else {
        processors.append(other)
      }
    }
  }

  fileprivate mutating func addCounts(_ others: [EventCount]) {
    for other in others {
      if let index = counts.firstIndex(where: { $0.name == other.name }) {
        counts[index].count += other.count
      } else {
        counts.append(other)
      }
    }
  }
}
