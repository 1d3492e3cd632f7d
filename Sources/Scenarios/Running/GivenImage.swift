import CheckpointRestore

/// Why an image cannot take the place of a checkpoint of a scenario.
public enum GivenImageError: Error, Hashable, Sendable, CustomStringConvertible {
  case unknownCheckpoint(String, known: [String])
  case otherComponent(found: String, expected: String)
  /// Made by a run of a scenario with another content; empty if the image does not say.
  case otherScenario(found: String, expected: String)
  case otherKernel(found: String, expected: String)
  case notRestorable(String)

  public var description: String {
    switch self {
    case .unknownCheckpoint(let name, let known):
      "the scenario has no checkpoint `\(name)`; "
        + (known.isEmpty ? "it takes none" : "there are \(known.joined(separator: ", "))")
    case .otherComponent(let found, let expected): "the image is of the component `\(found)`, expected `\(expected)`"
    case .otherScenario(let found, let expected):
      "the image is of another scenario: its SHA-256 is \(found.isEmpty ? "unknown" : found), expected \(expected)"
    case .otherKernel(let found, let expected):
      "the image was taken under the kernel profile `\(found)`, expected `\(expected)`"
    case .notRestorable(let fact): "nothing can be restored from the image: \(fact)"
    }
  }
}

extension ScenarioMachine {
  mutating func give(_ image: CheckpointImage, as name: String) throws(GivenImageError) {
    var known: [(name: String, component: String)] = []
    for entry in scenario.timeline {
      if case .checkpoint(let order) = entry.action { known.append((order.name.text, order.component.text)) }
    }
    guard let order = known.first(where: { $0.name == name }) else {
      throw .unknownCheckpoint(name, known: known.map(\.name))
    }
    if image.componentName != order.component {
      throw .otherComponent(found: image.componentName, expected: order.component)
    }
    if image.origin.scenarioDigest != scenario.digest {
      throw .otherScenario(found: image.origin.scenarioDigest, expected: scenario.digest)
    }
    if image.kernelProfile != scenario.machine.kernel.rawValue {
      throw .otherKernel(found: image.kernelProfile, expected: scenario.machine.kernel.rawValue)
    }
    if let fact = image.inconsistency ?? image.obstacleToRestore { throw .notRestorable(fact) }
    given.removeAll { $0.name == name }
    given.append(CheckpointerConfiguration.NamedImage(name: name, image: image))
  }
}
