// A plan for people: one line a step, in order, with what it waits for.
extension RestorePlan {
  /// "7. contents of dataspace 2, after 4, 6"
  public func lines(_ image: CheckpointImage) -> [String] {
    guard let order else { return ["the steps need each other in a circle"] }
    let number = nodes.map { node in (order.firstIndex(of: node.step) ?? 0) + 1 }
    return order.enumerated().map { index, step in
      let needs = nodes.first { $0.step == step }?.needs.map { number[$0] }.sorted() ?? []
      let after = needs.isEmpty ? "" : ", after " + needs.map(String.init).joined(separator: ", ")
      return "\(index + 1). \(Self.text(step, image))\(after)"
    }
  }

  private static func text(_ step: Step, _ image: CheckpointImage) -> String {
    switch step {
    case .child: "sessions of \(image.componentName)"
    case .thread(let index): "create thread \(image.threads[index].name)"
    case .placeholder(let place): "create a placeholder in place \(place)"
    case .session(let index): "open session \(image.sessions[index].service)"
    case .regionMap(let index): "create region map \(image.regionMaps[index].name)"
    case .dataspace(let index): "obtain dataspace \(index), \(image.dataspaces[index].size) bytes"
    case .signalSource: "signal source"
    case .context(let index): "signal context \(index)"
    case .rpcObject(let index): "RPC object \(index)"
    case .interrupt: "attach the signal interrupt"
    case .capabilityMap: "new badges into the stored capability map"
    case .contents(let index): "contents of dataspace \(index)"
    case .region(let index): "attach region \(index) of \(image.regionMaps[image.regions[index].map].name)"
    case .capability(let index): "install slot 0x\(String(image.capabilities[index].slot, radix: 16))"
    case .killPlaceholder(let place): "kill the placeholder in place \(place)"
    case .start(let index): "start thread \(image.threads[index].name)"
    case .timer(let index): "arm timer \(index)"
    }
  }
}
