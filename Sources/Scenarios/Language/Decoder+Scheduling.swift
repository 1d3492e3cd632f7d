extension Decoder {
  /// Longer quanta would make the arithmetic of virtual deadlines meaningless.
  private static let weights: ClosedRange<Int64> = 1...1_000_000

  mutating func scheduling(_ value: JSONValue) -> ThreadScheduling? {
    guard let (kind, position, m) = headed(value, as: SchedulingKind.self) else { return nil }
    let quantum = optionalDuration(m["quantum"], allowZero: false)
    let zero = Number(0, at: position)
    let parameters: ThreadScheduling.Parameters =
      switch kind {
      case .priority: .priority(integer(m["priority"], in: Decoder.priorities) ?? zero, quantum: quantum)
      case .weight: .weight(integer(m["weight"], in: Decoder.weights) ?? zero, quantum: quantum)
      case .deadline: .deadline(duration(m["deadline"], allowZero: false, else: position))
      }
    return ThreadScheduling(position: position, parameters: parameters)
  }
}
