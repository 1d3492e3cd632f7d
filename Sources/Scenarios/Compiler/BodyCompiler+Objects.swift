import FiascoABI
import Genode

/// Statements that ask core about objects or command them.
extension BodyCompiler {
  func compile(_ action: GenodeAction) throws(Diagnostic) {
    switch action {
    case .regionMap(let map): try createMap(map)
    case .destroy(let name): f.run("map_destroy", .symbol(names.symbol("map.\(name.text)")))
    case .faultHandler(let handler):
      f.run("map_fault_handler", mapSlot(handler.map.text), slot(of: handler.signal.text, .signal))
    case .state(let state): try self.state(state)
    case .pause(let name): f.run("thread_command", threadSlot(name.text), .constant(CPUThreadOpcode.pause.rawValue))
    case .resume(let name): f.run("thread_command", threadSlot(name.text), .constant(CPUThreadOpcode.resume.rawValue))
    case .free(let name): free(name)
    case .identify(let identify): try self.identify(identify)
    case .upgrade(let upgrade): self.upgrade(upgrade)
    case .quota(let quota):
      try assign(quota.total, f.call("ram_number", .constant(RAMOpcode.quota.rawValue)))
      if let used = quota.used { try assign(used, f.call("ram_number", .constant(RAMOpcode.used.rawValue))) }
    case .elapsed(let name): try assign(name, f.call("timer_elapsed"))
    }
  }

  private func state(_ state: StateStatement) throws(Diagnostic) {
    let name = state.object.text
    let isMap =
      name == GenodeAction.addressSpace || names.component.declared.regionMaps.contains { $0.text == name }
    let message = sharedMessage()
    if isMap {
      f.run("object_state", mapSlot(name), .constant(RegionMapOpcode.state.rawValue), message)
    } else {
      f.run("object_state", threadSlot(name), .constant(CPUThreadOpcode.state.rawValue), message)
    }
    func word(_ index: Int) -> IR.Value { message.field(MessageBuffer.payload + 8 * index) }
    func register(_ index: Int) -> IR.Value { word(ThreadStateWords.registers + index) }
    for wanted in state.parts {
      let found: IR.Value =
        switch wanted.part {
        case .fault: word(0)
        case .address: word(1)
        case .flags: word(ThreadStateWords.flags)
        case .exceptions: word(ThreadStateWords.exceptions)
        case .ip: register(ExceptionMessage.instructionPointer)
        case .sp: register(ThreadStateWords.stackPointerRegister)
        }
      try assign(wanted.variable, found)
    }
    for (index, name) in state.registers.enumerated() { try assign(name, register(index + 1)) }
  }

  private func identify(_ identify: IdentifyStatement) throws(Diagnostic) {
    let name = identify.object.text
    let kind: ObjectKind
    if names.dataspace(name) != nil {
      kind = .dataspace
    } else {
      let signals = names.component.declared.signals.map(\.text) + Scope.accepted(names.component, .signal)
      kind = signals.contains(name) ? .signal : .thread
    }
    let slot = f.keep(self.slot(of: name, kind))
    try assign(identify.slot, ifNamed: slot)
    try assign(identify.badge, ifNamed: CapabilityMap.badge(slot))
  }

  /// The RM session is opened by the first region map; an upgrade before that opens it.
  private func upgrade(_ upgrade: UpgradeStatement) {
    let session: IR.Value
    switch upgrade.session {
    case .ram: session = Environment.session("env_ram")
    case .cpu: session = Environment.session("env_cpu")
    case .pd: session = Environment.session("env_pd")
    case .rm: session = f.call("rm_session")
    }
    f.run("env_upgrade", session, module.text("ram_quota=\(upgrade.size.bytes)"), 0)
  }
}
