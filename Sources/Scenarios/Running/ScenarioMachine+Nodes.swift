import CheckpointRestore
import Determinism
import Simulation

/// Scenarios with two nodes: all components live on the first one; the second one has a checkpointer that waits.
extension ScenarioMachine {
  /// Nodes that have not run yet, and what connects them. Without `disturbances` nothing fails and nothing is ordered.
  func newCluster(disturbances: Bool = true) -> Cluster {
    guard scenario.machine.nodes > 1, let link = scenario.machine.link else {
      return Cluster(newSystem(disturbances: disturbances))
    }
    var cluster = Cluster(
      newSystem(disturbances: disturbances), newSystem(disturbances: disturbances, node: 1),
      link: Link(
        latency: .picoseconds(link.latency.picoseconds), bytesPerSecond: UInt64(link.bandwidth.bytesPerSecond)),
      bootDelay: bootDelay)
    for entry in scenario.timeline {
      guard disturbances, case .fail(let node) = entry.action else { continue }
      cluster.fail(node: Int(node.value), at: .zero + .picoseconds(entry.at.picoseconds))
    }
    return cluster
  }

  private var bootDelay: TimeSpan { .picoseconds(scenario.machine.bootDelay?.picoseconds ?? 0) }

  /// What the second node's checkpointer is told: no component of its own, but how each would be configured there.
  func standby(_ configuration: CheckpointerConfiguration) -> CheckpointerConfiguration {
    var configuration = configuration
    configuration.standby = configuration.targets
    configuration.targets = []
    configuration.destination = nil
    configuration.images = []
    return configuration
  }

  /// When a node's own clock shows the instant of an entry.
  func localMicroseconds(_ entry: TimelineEntry, node: Int) -> Int64 {
    max(0, entry.at.picoseconds - (node == 0 ? 0 : bootDelay.picoseconds)) / 1_000_000
  }

  // MARK: Support

  static func checkNodes(of scenario: Scenario) throws(RunError) {
    func refuse(_ what: String, _ position: Position) throws(RunError) {
      throw .unsupported(what: what, file: scenario.file, position: position)
    }
    let machine = scenario.machine
    if machine.nodes > 2 { try refuse("more than two nodes", machine.position) }
    if machine.nodes == 2 {
      guard let link = machine.link else { return try refuse("two nodes without a `link`", machine.position) }
      if link.latency.picoseconds == 0 { try refuse("a link without latency", link.latency.position) }
      if scenario.checkpointer == nil { try refuse("two nodes without a checkpointer", machine.position) }
      if !scenario.timeline.contains(where: { $0.action == .stop }) {
        try refuse("a run of two nodes without a `stop`", machine.position)
      }
    }
    if let node = scenario.checkpointer?.destination, node.value == 0 {
      try refuse("a checkpointer of node 0 that sends its images to node 0", node.position)
    }
    for entry in scenario.timeline {
      switch entry.action {
      case .fail where machine.nodes == 1: try refuse("the failure of the only node", entry.position)
      case .restore(let order) where order.runsOn > 0:
        if order.memory != nil { try refuse("a restore of memory on another node", entry.position) }
        if let service = missingService(order, before: entry, in: scenario) {
          try refuse("a restore on node \(order.runsOn), which lacks the service `\(service)`,", entry.position)
        }
      default: break
      }
    }
  }

  /// A service the component opens that neither itself nor a component restored before on the same node offers.
  private static func missingService(_ order: RestoreOrder, before entry: TimelineEntry, in scenario: Scenario)
    -> String?
  {
    guard let component = component(of: order.checkpoint, in: scenario) else { return nil }
    var offered = component.declared.services.map(\.text)
    for other in scenario.timeline where other.at.picoseconds <= entry.at.picoseconds {
      guard case .restore(let earlier) = other.action, earlier.runsOn == order.runsOn else { continue }
      offered += self.component(of: earlier.checkpoint, in: scenario)?.declared.services.map(\.text) ?? []
    }
    for statement in component.allStatements {
      let service: String
      switch statement.action {
      case .call(let call): service = call.target.text
      case .send(let send): service = send.target.text
      default: continue
      }
      if !offered.contains(service) { return service }
    }
    return nil
  }

  private static func component(of checkpoint: Name, in scenario: Scenario) -> Component? {
    let orders = scenario.timeline.compactMap { entry in
      if case .checkpoint(let order) = entry.action { order } else { nil }
    }
    guard let order = orders.first(where: { $0.name.text == checkpoint.text }) else { return nil }
    return scenario.components.first { $0.name.text == order.component.text }
  }
}
