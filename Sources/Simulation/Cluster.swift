import CheckpointRestore
import Determinism
import FiascoMachine

/// One node, or two with a link from the first to the second, as one value.
///
/// Each node is a whole machine with a kernel and a clock of its own; nothing but the link connects them. They run in
/// slices no longer than the link's latency, so that a message never arrives in its receiver's past. The second one may
/// be switched on later: its clock and its `time` counter start from zero then. Instants of the cluster are those of
/// the first node.
public struct Cluster: ~Copyable {
  public var first: System
  private var second: System?
  private var link: Link?
  /// How much later the second node is switched on.
  public let bootDelay: TimeSpan
  /// When nodes stop for ever, by number.
  private var failures: [Instant] = [.never, .never]
  /// Up to here both nodes have run; a single node has a clock.
  private var reached = Instant.zero

  public init(_ system: consuming System) {
    first = system
    second = nil
    bootDelay = .zero
  }

  public init(_ first: consuming System, _ second: consuming System, link: Link, bootDelay: TimeSpan = .zero) {
    precondition(bootDelay >= .zero, "the first node is the one that is switched on first")
    self.first = first
    self.second = consume second
    self.link = link
    self.bootDelay = bootDelay
  }

  /// An independent copy of both machines and of what is under way between them.
  public mutating func fork() -> Cluster {
    guard let link else { return Cluster(first.fork()) }
    guard let other = withSecond({ $0.fork() }) else { return Cluster(first.fork()) }
    var copy = Cluster(first.fork(), other, link: link, bootDelay: bootDelay)
    copy.failures = failures
    copy.reached = reached
    return copy
  }

  public var isPair: Bool { link != nil }
  public var now: Instant { isPair ? reached : first.now }

  /// Access to the second node, if there is one.
  public mutating func withSecond<Result: ~Copyable>(_ body: (inout System) -> Result) -> Result? {
    guard var system = second.take() else { return nil }
    let result = body(&system)
    second = consume system
    return result
  }

  /// The node does nothing from this instant on; what it has not wholly sent is lost.
  public mutating func fail(node: Int, at instant: Instant) {
    precondition(failures.indices.contains(node), "a cluster has two nodes")
    failures[node] = min(failures[node], instant)
  }

  public func failure(ofNode node: Int) -> Instant? { failures[node] <= now ? failures[node] : nil }

  /// Instructions of all nodes.
  public mutating func retired() -> UInt64 { first.node.retired + (withSecond { $0.node.retired } ?? 0) }

  /// Digest of everything; that of a single node is the node's own.
  public mutating func digest() -> StateDigest {
    guard let link else { return first.digest }
    var digest = StateDigest()
    digest.combine(reached.picoseconds)
    first.node.digest(into: &digest)
    // Before it is switched on, there is nothing to tell.
    if reached > Instant.zero + bootDelay { _ = withSecond { $0.node.digest(into: &digest) } }
    link.digest(into: &digest)
    return digest
  }

  /// Digest of all kernel records of all nodes.
  public mutating func traceDigest() -> StateDigest {
    var digest = first.node.traceDigest
    if let other = withSecond({ $0.node.traceDigest }) { digest.combine(other.value) }
    return digest
  }
}

extension Cluster {
  /// Runs until `limit` or until nothing can happen any more, on any node.
  public mutating func run(until limit: Instant, instructions: UInt64 = .max) -> SystemExit {
    guard let latency = link?.latency else { return first.run(until: limit, instructions: instructions) }
    let start = retired()
    while true {
      deliver()
      guard reached < limit else { return .reached }
      let used = retired() - start
      guard used < instructions else { return .limit("instructions") }
      let boundary = min(min(limit, reached + latency), min(nextFailure, link?.nextArrival ?? .never))
      let exits = (
        runFirst(until: boundary, instructions: instructions - used),
        runSecond(until: boundary, instructions: instructions - used)
      )
      for exit in [exits.0, exits.1] {
        switch exit {
        case .reached, .quiet: continue
        case .stopped, .limit: return exit
        }
      }
      reached = boundary
      if failures[0] == reached { link?.loseUnsent(at: reached) }
      if failures[1] == reached { link?.loseAll() }
      if exits == (.quiet, .quiet), isSilent { return .quiet }
    }
  }

  /// Nothing is under way, and no node is about to fail.
  private var isSilent: Bool { link?.nextArrival == .never && nextFailure == .never }

  private var nextFailure: Instant { failures.filter { $0 > reached }.min() ?? .never }

  private mutating func runFirst(until boundary: Instant, instructions: UInt64) -> SystemExit {
    guard failures[0] > reached else { return .quiet }
    let known = first.records.count
    let exit = first.run(until: boundary, instructions: instructions)
    first.forget(after: failures[0])
    // A record for each image, in the same order; those after the failure are forgotten.
    let instants = first.records.dropFirst(known).compactMap { record -> Instant? in
      if case .checkpoint(.imageSent) = record.event { record.at } else { nil }
    }
    guard !instants.isEmpty else { return exit }
    for (image, instant) in zip(first.takeDispatched(), instants) { link?.accept(image, at: instant) }
    return exit
  }

  private mutating func runSecond(until boundary: Instant, instructions: UInt64) -> SystemExit {
    guard failures[1] > reached else { return .quiet }
    let delay = Instant.zero + bootDelay
    guard boundary > delay else { return .reached }
    let failure = failures[1] == .never ? Instant.never : failures[1] - bootDelay
    return withSecond { system in
      let exit = system.run(until: boundary - (delay - .zero), instructions: instructions)
      system.forget(after: failure)
      return exit
    } ?? .quiet
  }

  /// Hands arrived images to the second node's checkpointer. A node that is off receives nothing.
  private mutating func deliver() {
    while let message = link?.takeArrived(by: reached) {
      guard reached >= Instant.zero + bootDelay, failures[1] > reached else { continue }
      let arrival = message.arrival - bootDelay
      _ = withSecond { $0.receive(message.content, at: arrival) }
    }
  }
}

extension System {
  /// A node that stops inside an operation has not finished it.
  fileprivate mutating func forget(after instant: Instant) {
    guard instant != .never, now > instant else { return }
    records.removeAll { $0.at > instant }
    node.records.removeAll { $0.at > instant }
  }

  fileprivate mutating func takeDispatched() -> [DispatchedImage] {
    var all: [DispatchedImage] = []
    for index in programs.indices { all += programs[index].program.takeDispatched() }
    return all
  }

  /// The bytes were put into memory by the network device; an idle node's clock stands at the last thing it did.
  fileprivate mutating func receive(_ content: DispatchedImage, at instant: Instant) {
    for index in programs.indices where programs[index].program.receive(content) {
      let event = CheckpointEvent.imageReceived(
        checkpoint: content.name, generation: content.image.generation, bytes: content.bytes)
      records.append(SystemRecord(at: max(instant, records.last?.at ?? .zero), event: .checkpoint(event)))
    }
  }
}
