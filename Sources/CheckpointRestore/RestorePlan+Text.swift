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
  public func lines(_ images: [CheckpointImage]) -> [Line] {
    guard let sequence else { return [] }
    var number = [Int](repeating: 0, count: nodes.count)
    for (index, node) in sequence.enumerated() { number[node] = index + 1 }
    return sequence.enumerated().map { index, node in
      Line(
        number: index + 1, what: text(of: nodes[node], images),
        needed: nodes[node].needs.map { Need(node: number[$0.node], why: $0.why) })
    }
  }

  /// Of several components, each step says whose it is.
  public func text(of node: Node, _ images: [CheckpointImage]) -> String {
    let image = images[node.image]
    let what: String
    switch node.step {
    case .awaitCaller(let index): what = "let thread \(holder(index, images)) wait for its caller"
    case .admit(let index): what = "let thread \(holder(index, images)) go on with its request"
    default: what = text(of: node.step, image)
    }
    return images.count > 1 ? "\(image.componentName): \(what)" : what
  }

  private func holder(_ relation: Int, _ images: [CheckpointImage]) -> String {
    let place = relations[relation].holder
    return images[place.image].threads[place.thread].name
  }

  private func text(of step: Step, _ image: CheckpointImage) -> String {
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
    case .start(let index): "start thread \(image.threads[index].name)"
    case .load(let index): "load thread \(image.threads[index].name), stopped"
    case .letGo(let index): "let thread \(image.threads[index].name) go on"
    case .awaitCaller, .admit: preconditionFailure("a relation is not of one image")
    case .exceptionHandler(let index): "exception handler of thread \(image.threads[index].name)"
    case .wakeUp(let index): "trigger the lock interrupt of thread \(image.threads[index].name)"
    case .timer(let index): "arm timer \(index)"
    }
  }
}
