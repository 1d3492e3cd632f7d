import FiascoKernel

extension Decoder {
  /// Inputs of the interrupt controller to which a device can be connected.
  static let interruptPins = Int64(Kernel.devicePins.lowerBound)...Int64(Kernel.devicePins.upperBound)

  static let nodeNumbers: ClosedRange<Int64> = 0...15

  mutating func timelineEntry(_ value: JSONValue) -> TimelineEntry? {
    guard let (verb, position, m) = headed(value, as: TimelineVerb.self) else { return nil }
    let at = duration(m["at"], else: position)
    let operand = m[verb.rawValue]
    let action: TimelineEntry.Action
    switch verb {
    case .checkpoint:
      action = .checkpoint(
        CheckpointOrder(
          component: name(operand, else: position),
          companions: list(m["with"], of: "components").map { name($0, else: position) },
          name: name(m["as"], else: position),
          every: optionalDuration(m["every"], allowZero: false)))
    case .kill: action = .kill(component: name(operand, else: position))
    case .restore:
      action = .restore(
        RestoreOrder(
          checkpoint: name(operand, else: position), name: optionalName(m["as"]),
          node: integer(m["node"], in: Decoder.nodeNumbers), child: optionalChoice(m["child"], RestoredChild.self),
          blocked: optionalChoice(m["blocked"], BlockedThreadPolicy.self), memory: optionalSize(m["memory"])))
    case .stop:
      justTrue(operand)
      action = .stop
    case .fail:
      guard let node = integer(operand, in: Decoder.nodeNumbers) else { return nil }
      action = .fail(node: node)
    case .signal: action = .signal(scopedName(operand, else: position))
    case .interrupt:
      guard let pin = integer(operand, in: Decoder.interruptPins) else { return nil }
      action = .interrupt(pin)
    case .start: action = .start(scopedName(operand, else: position))
    case .pause: action = .pause(component: name(operand, else: position))
    case .resume: action = .resume(component: name(operand, else: position))
    case .detach: action = .detach(component: name(operand, else: position))
    }
    return TimelineEntry(position: position, at: at, action: action)
  }

  mutating func expectation(_ value: JSONValue) -> Expectation? {
    guard let (kind, position, m) = headed(value, as: ClaimKind.self) else { return nil }
    return claim(kind, m, at: position).map { Expectation(position: position, claim: $0) }
  }

  private mutating func claim(_ kind: ClaimKind, _ m: Members, at position: Position) -> Expectation.Claim? {
    let operand = m[kind.rawValue]
    switch kind {
    case .log:
      let lines = list(m["is"], of: "lines").compactMap { text($0, expected: "a line of the log") }
      return .log(component: name(operand, else: position), is: lines.map { pattern($0.text) })
    case .restored:
      let verdict = choice(m["verdict"], Verdict.self, default: .equivalent)
      let bounds = RecoveryBounds(point: spanComparison(m["recovery point"]), time: spanComparison(m["recovery time"]))
      return .restored(checkpoint: name(operand, else: position), verdict: verdict, recovery: bounds)
    case .exposed: return .exposed(checkpoint: name(operand, else: position), comparison(m["is"]))
    case .deadlines: return operand.flatMap { deadlines($0) }
    case .thread:
      let thread = scopedName(operand, else: position)
      return .thread(thread, sees: observation(m["sees"]))
    case .error: return .error(name(operand, else: position), component: optionalName(m["in"]))
    case .outcome: return .outcome(choice(operand, Outcome.self, default: .stopped))
    case .count:
      return .count(name(operand, else: position), comparison(m["is"]))
    case .variable:
      let variable = scopedName(operand, else: position)
      return .variable(variable, comparison(m["is"]))
    }
  }

  private func pattern(_ line: String) -> LinePattern {
    if line == "..." { return .anyLines }
    var pieces = [""]
    var rest = line[...]
    while !rest.isEmpty {
      if rest.hasPrefix("...") {
        pieces.append("")
        rest = rest.dropFirst(3)
      } else {
        pieces[pieces.count - 1].append(rest.removeFirst())
      }
    }
    return .line(pieces)
  }

  private mutating func deadlines(_ value: JSONValue) -> Expectation.Claim? {
    if case .object = value.content {
      guard let m = members(of: value, as: .deadlineClaim) else { return nil }
      return .deadlines(job: optionalName(m["job"]), missed: comparison(m["missed"]))
    }
    let choice = optionalChoice(value, DeadlineWord.self) ?? .met
    return .deadlines(job: nil, missed: choice == .met ? Comparison(.equal, 0) : Comparison(.greater, 0))
  }

  private enum DeadlineWord: String, CaseIterable { case met, missed }

  private mutating func observation(_ value: JSONValue?) -> Observation {
    let expected = "\"error 7\", \"no error\", \"page fault\" or \"exception\""
    guard let value, let text = text(value, expected: expected) else { return .noError }
    switch text.text {
    case "no error": return .noError
    case "page fault": return .pageFault
    case "exception": return .exception
    default:
      let words = text.text.split(separator: " ", omittingEmptySubsequences: false)
      if words.count == 2, words[0] == "error", words[1].utf8.count <= 4, words[1].utf8.allSatisfy(isDigit),
        let code = Int(words[1])
      {
        return .error(code)
      }
      let allowed = ["error 7 (any number)", "no error", "page fault", "exception"]
      report(
        .unknownChoice(text.text, near: nearest(to: text.text, among: allowed), allowed: allowed), at: value.position)
      return .noError
    }
  }

  /// `5`, or a relation and a number in quotes.
  private mutating func comparison(_ value: JSONValue?) -> Comparison {
    let expected = "a number, or a comparison such as \">0\""
    guard let value else { return Comparison(.equal, 0) }
    if case .integer(let number) = value.content { return Comparison(.equal, number) }
    if case .number = value.content { return Comparison(.equal, integer(value, in: .min ... .max)?.value ?? 0) }
    guard let text = text(value, expected: expected) else { return Comparison(.equal, 0) }
    let relation = Comparison.Relation.allCases.first { text.text.hasPrefix($0.rawValue) }
    let rest = text.text.dropFirst(relation?.rawValue.count ?? 0).drop { $0 == " " }
    let digits = rest.drop { $0 == "-" }
    if let relation, rest.utf8.count - digits.utf8.count <= 1, !digits.isEmpty, digits.utf8.allSatisfy(isDigit) {
      if let number = Int64(rest) { return Comparison(relation, number) }
      report(.badExpression(expected: "a number of 64 bits", found: "`\(rest.prefix(40))`"), at: value.position)
      return Comparison(.equal, 0)
    }
    report(
      .badName(
        text.text, allowed: "a comparison: \(alternatives(Comparison.Relation.allCases.map(\.rawValue))) and a number"),
      at: value.position)
    return Comparison(.equal, 0)
  }
}
