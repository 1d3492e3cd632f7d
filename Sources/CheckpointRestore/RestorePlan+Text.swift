// A plan for people: one line a step, in order, with what it waits for and why.
extension RestorePlan {
  /// One step of the plan in words.
  public struct Line: Hashable, Sendable {
    /// From 1.
    public var number: Int
    public var what: String
    /// The steps it waits for, grouped by why.
    public var needs: [(numbers: [Int], why: Reason)] {
      Reason.allCases.compactMap { reason in
        let found = needed.filter { $0.why == reason }.map(\.node).sorted()
        return found.isEmpty ? nil : (found, reason)
      }
    }
    /// With numbers of lines instead of indices of nodes.
    var needed: [Need]
  }

  /// In the order in which the steps are carried out; empty if there is no order.
  public func lines(_ image: CheckpointImage) -> [Line] {
    guard let order else { return [] }
    var number = [Int](repeating: 0, count: nodes.count)
    var position: [Step: Int] = [:]  // lookup only
    for (index, step) in order.enumerated() { position[step] = index + 1 }
    for index in nodes.indices { number[index] = position[nodes[index].step] ?? 0 }
    var node: [Step: Int] = [:]  // lookup only
    for index in nodes.indices { node[nodes[index].step] = index }
    return order.enumerated().map { index, step in
      let needs = node[step].map { nodes[$0].needs } ?? []
      return Line(
        number: index + 1, what: text(of: step, image),
        needed: needs.map { Need(node: number[$0.node], why: $0.why) })
    }
  }

  public func text(of step: Step, _ image: CheckpointImage) -> String {
    switch step {
    case .child: "sessions of \(image.componentName)"
    case .thread(let index): "create thread \(image.threads[index].name)"
    case .placeholder(let place): "create a placeholder in place \(place)"
    case .session(let index): "open session \(image.sessions[index].service)"
    case .regionMap(let index): "create region map \(image.regionMaps[index].name)"
    case .dataspace(let index):
      "obtain dataspace \(index), \(image.dataspaces[index].size) bytes, \(image.dataspaces[index].provenance.rawValue)"
    case .signalSource: "signal source"
    case .context(let index): "signal context \(index)"
    case .rpcObject(let index):
      "RPC object \(index) of thread \(image.threads[image.rpcObjects[index].threadIndex].name)"
    case .interrupt: "attach the signal interrupt"
    case .pendingSignals(let index):
      "submit \(image.signalContexts[index].pendingCount) undelivered signals of context \(index)"
    case .faultHandler(let index): "fault handler of \(image.regionMaps[index].name)"
    case .capabilityMap: "new badges into the stored capability map"
    case .contents(let index): "contents of dataspace \(index)"
    case .region(let index):
      "attach at 0x\(String(image.regions[index].address, radix: 16)) of "
        + image.regionMaps[image.regions[index].map].name
    case .capability(let index):
      "install slot 0x\(String(image.capabilities[index].slot, radix: 16)), \(image.capabilities[index].kind)"
    case .killPlaceholder(let place): "kill the placeholder in place \(place)"
    case .complete: "everything is in place"
    case .awaitCaller(let index): "let thread \(image.threads[relations[index].holder].name) wait for its caller"
    case .start(let index): "start thread \(image.threads[index].name)"
    case .admit(let index): "let thread \(image.threads[relations[index].holder].name) go on with its request"
    case .exceptionHandler(let index): "exception handler of thread \(image.threads[index].name)"
    case .wakeUp(let index): "trigger the lock interrupt of thread \(image.threads[index].name)"
    case .timer(let index): "arm timer \(index)"
    }
  }
}
