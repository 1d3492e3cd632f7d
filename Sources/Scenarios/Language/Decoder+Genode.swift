extension Decoder {
  /// The statements about objects of core.
  mutating func genode(_ verb: Verb, _ m: Members, at position: Position) -> GenodeAction {
    let operand = m[verb.rawValue]
    switch verb {
    case .regionMap:
      return .regionMap(
        CreateRegionMap(
          size: size(operand, else: position), name: name(m["as"], .identifier, else: position),
          error: optionalName(m["error"], .identifier)))
    case .destroy: return .destroy(name(operand, .identifier, else: position))
    case .faultHandler:
      return .faultHandler(
        FaultHandlerStatement(map: name(operand, else: position), signal: name(m["signal"], else: position)))
    case .state: return .state(state(operand, m, at: position))
    case .pause: return .pause(name(operand, else: position))
    case .resume: return .resume(name(operand, else: position))
    case .free: return .free(name(operand, .identifier, else: position))
    case .identify:
      return .identify(
        IdentifyStatement(
          object: name(operand, else: position), badge: optionalName(m["badge"], .identifier),
          slot: optionalName(m["slot"], .identifier)))
    case .upgrade:
      return .upgrade(
        UpgradeStatement(
          session: choice(operand, UpgradeStatement.Session.self, default: .rm),
          size: size(m["by"], else: position)))
    case .quota:
      return .quota(
        QuotaStatement(
          total: name(operand, .identifier, else: position), used: optionalName(m["used"], .identifier)))
    default: return .elapsed(name(operand, .identifier, else: position))
    }
  }

  private mutating func state(_ operand: JSONValue?, _ m: Members, at position: Position) -> StateStatement {
    var state = StateStatement(object: name(operand, else: position), parts: [], registers: [])
    for part in StateStatement.Part.allCases {
      guard let variable = optionalName(m[part.rawValue], .identifier) else { continue }
      state.parts.append(StateStatement.Wanted(part: part, variable: variable))
    }
    state.registers = list(m["registers"], of: "variable names").map { name($0, .identifier) }
    return state
  }
}
