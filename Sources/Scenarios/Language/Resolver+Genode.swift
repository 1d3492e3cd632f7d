/// Names in the statements about objects of core.
extension Resolver {
  mutating func checkGenode(_ action: GenodeAction, _ scope: Scope) {
    switch action {
    case .regionMap(let map): variable(map.error, scope)
    case .destroy(let name): regionMap(name, scope)
    case .faultHandler(let handler): regionMap(handler.map, scope, orAddressSpace: true)
    case .state(let state): checkState(state, scope)
    case .pause(let name), .resume(let name): check(name, .thread, among: scope.controllable, in: scope.component)
    case .free(let name): dataspace(name, scope)
    case .identify(let identify):
      let all = scope.dataspaces + scope.controllable + scope.signals
      check(identify.object, .object, among: all, in: scope.component)
      variable(identify.badge, scope)
      variable(identify.slot, scope)
    case .upgrade: break
    case .quota(let quota):
      variable(quota.total, scope)
      variable(quota.used, scope)
    case .elapsed(let name): variable(name, scope)
    }
  }

  mutating func regionMap(_ name: Name, _ scope: Scope, orAddressSpace: Bool = false) {
    let all = scope.regionMaps + (orAddressSpace ? [GenodeAction.addressSpace] : [])
    check(name, .regionMap, among: all, in: scope.component)
  }

  mutating func checkObject(_ kind: ObjectKind, _ name: Name, _ scope: Scope) {
    switch kind {
    case .dataspace: dataspace(name, scope)
    case .thread: check(name, .thread, among: scope.controllable, in: scope.component)
    case .signal: check(name, .signal, among: scope.signals, in: scope.component)
    }
  }

  private mutating func checkState(_ state: StateStatement, _ scope: Scope) {
    let maps = scope.regionMaps + [GenodeAction.addressSpace]
    check(state.object, .stateful, among: maps + scope.controllable, in: scope.component)
    let isMap = maps.contains(state.object.text)
    for wanted in state.parts {
      variable(wanted.variable, scope)
      if wanted.part.belongsToMap != isMap, !state.object.text.isEmpty {
        report(
          .badName(
            wanted.part.rawValue, allowed: isMap ? "`fault` or `address` of a region map" : "a part of a thread"),
          at: wanted.variable.position)
      }
    }
    for name in state.registers { variable(name, scope) }
  }
}
