extension Resolver {
  var componentNames: [String] { scenario.components.map(\.name.text) + restored.map(\.name.text) }

  /// The component of this name, also under the name a restore gave it.
  private func component(_ name: String) -> Component? {
    if let found = scenario.components.first(where: { $0.name.text == name }) { return found }
    return restored.first { $0.name.text == name }.map { scenario.components[$0.component] }
  }

  /// The component a scoped name stands in; reports an unknown or missing one.
  mutating func checkOwner(_ name: ScopedName, from own: Component?, what: String) -> Component? {
    guard let owner = name.component else {
      if own == nil, !name.member.text.isEmpty {
        report(.badName(name.member.text, allowed: "\(what), with the `/`"), at: name.position)
      }
      return own
    }
    check(owner, componentKind, among: componentNames)
    return component(owner.text)
  }

  mutating func checkThread(_ name: ScopedName, from own: Component?) {
    guard let owner = checkOwner(name, from: own, what: "\(componentKind.rawValue)/thread") else { return }
    let hidden = scenario.runtime == .genode ? Resolver.genodeThreads + [owner.name.text] : []
    let threads = (owner.threads.map(\.name) + owner.declared.threads).map(\.text)
    check(name.member, .thread, among: threads + hidden, in: owner)
  }

  mutating func checkSignal(_ name: ScopedName, from own: Component?) {
    let bare = scenario.runtime == .bare
    guard let owner = checkOwner(name, from: own, what: bare ? "task/capability" : "component/signal") else { return }
    let own = owner.declared.signals.map(\.text) + Scope.accepted(owner, .signal)
    let candidates = bare ? owner.capabilities.map(\.name.text) : own
    check(name.member, bare ? .capability : .signal, among: candidates, in: owner)
  }

  mutating func checkTimeline() {
    let orders: [(order: CheckpointOrder, at: DurationValue)] = scenario.timeline.compactMap { entry in
      if case .checkpoint(let order) = entry.action { (order, entry.at) } else { nil }
    }
    checkUnique(orders.map { ($0.order.name, .checkpoint) })
    collectRestored(orders.map(\.order))
    for entry in scenario.timeline {
      switch entry.action {
      case .checkpoint(let order):
        for name in [order.component] + order.companions { checkOrder("checkpoint", name, at: entry.position) }
        checkUnique(([order.component] + order.companions).map { ($0, componentKind) })
      case .kill(let name): checkOrder("kill", name, at: entry.position)
      case .pause(let name): checkOrder("pause", name, at: entry.position)
      case .resume(let name): checkOrder("resume", name, at: entry.position)
      case .detach(let name): checkOrder("detach", name, at: entry.position)
      case .restore(let order): checkRestore(order, entry, orders)
      case .signal(let name): checkSignal(name, from: nil)
      case .interrupt(let pin): checkInterrupt(pin)
      case .fail(let node): checkNode(node)
      case .start(let name):
        if name.component == nil {
          check(name.member, componentKind, among: componentNames)
        } else {
          checkThread(name, from: nil)
        }
      case .stop: break
      }
    }
  }

  /// Somebody must listen: an interrupt that is bound to nothing is masked.
  private mutating func checkInterrupt(_ pin: Number) {
    let isBound = scenario.components.flatMap(\.capabilities).contains { capability in
      if case .irq(let bound) = capability.object { bound.value == pin.value } else { false }
    }
    if !isBound { report(.unboundInterrupt(pin.value), at: pin.position) }
  }

  private mutating func collectRestored(_ orders: [CheckpointOrder]) {
    for entry in scenario.timeline {
      guard case .restore(let restore) = entry.action, let name = restore.name, restore.memory == nil,
        let order = orders.first(where: { $0.name.text == restore.checkpoint.text }),
        let component = scenario.components.firstIndex(where: { $0.name.text == order.component.text })
      else { continue }
      restored.append((name, component))
    }
  }

  private mutating func checkRestore(
    _ restore: RestoreOrder, _ entry: TimelineEntry, _ orders: [(order: CheckpointOrder, at: DurationValue)]
  ) {
    needCheckpointer("restore", at: entry.position)
    check(restore.checkpoint, .checkpoint, among: orders.map(\.order.name.text))
    if let taken = orders.first(where: { $0.order.name.text == restore.checkpoint.text }),
      taken.at.picoseconds > entry.at.picoseconds
    {
      report(
        .restoredBeforeTaken(restore.checkpoint.text, taken: taken.order.name.position), at: restore.checkpoint.position
      )
    }
    if let memory = restore.memory {
      if let name = restore.name {
        check(name, componentKind, among: componentNames)
      } else {
        report(.missingKey("as", owner: "a `restore` of `memory`"), at: memory.position)
      }
    }
    if let node = restore.node { checkNode(node) }
  }

  mutating func checkNode(_ node: Number) {
    guard node.value >= scenario.machine.nodes else { return }
    report(.nodeOutOfRange(node.value, nodes: scenario.machine.nodes), at: node.position)
  }

  private mutating func checkOrder(_ verb: String, _ name: Name, at position: Position) {
    check(name, componentKind, among: componentNames)
    needCheckpointer(verb, at: position)
    if scenario.components.contains(where: { $0.name.text == name.text && !$0.checkpointed }) {
      report(.notCheckpointed(name.text), at: name.position)
    }
  }

  private mutating func needCheckpointer(_ verb: String, at position: Position) {
    if scenario.checkpointer == nil { report(.noCheckpointer(verb), at: position) }
  }

  mutating func checkExpectations() {
    let checkpoints = scenario.timeline.compactMap { entry -> String? in
      if case .checkpoint(let order) = entry.action { order.name.text } else { nil }
    }
    for expectation in scenario.expectations {
      switch expectation.claim {
      case .log(let name, _): check(name, componentKind, among: componentNames)
      case .restored(let name, _, _): check(name, .checkpoint, among: checkpoints)
      case .exposed(let name, _): check(name, .checkpoint, among: checkpoints)
      case .deadlines(let job, _):
        if let job { check(job, .job, among: scenario.components.flatMap(\.declared.jobs).map(\.text)) }
      case .thread(let name, _): checkThread(name, from: nil)
      case .error(_, let name):
        if let name { check(name, componentKind, among: componentNames) }
      case .variable(let name, _):
        guard let owner = checkOwner(name, from: nil, what: "\(componentKind.rawValue)/variable") else { continue }
        check(name.member, .variable, among: owner.variables.map(\.name.text), in: owner)
      case .outcome, .count: break
      }
    }
  }
}
