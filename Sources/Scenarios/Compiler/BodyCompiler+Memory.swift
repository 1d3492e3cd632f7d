import Genode

/// Memory from core: dataspaces, and the region maps they are attached to.
extension BodyCompiler {
  func allocate(_ allocate: Allocate) {
    let record = names.dataspaceRecord(allocate.name.text)
    let bytes = IR.Value.constant((UInt64(allocate.size.bytes) + 4095) & ~4095)
    let slot = f.call("ram_alloc", bytes)
    f.store(slot, at: record)
    f.store(bytes, at: record.at(ComponentNames.dataspaceSize))
  }

  /// Core takes the dataspace out of every region map; the own slot is free for the next capability.
  func free(_ name: Name) {
    let record = names.dataspaceRecord(name.text)
    f.run("ram_free", record.field(ComponentNames.dataspaceSlot))
    f.store(0, at: record)
  }

  func attach(_ attach: Attach) throws(Diagnostic) {
    let record = names.dataspaceRecord(attach.dataspace.text)
    let at = try value(attach.at, else: 0)
    let dataspace = f.keep(slot(of: attach.dataspace.text, .dataspace))
    let bytes = IR.Value.constant(UInt64(attach.bytes?.bytes ?? 0))
    let offset = IR.Value.constant(UInt64(attach.offset?.bytes ?? 0))
    let address: IR.Value
    if let map = attach.map {
      // Address 0 is a place of a map like any other; without `at` core chooses.
      let exception = f.call(
        "map_attach", mapSlot(map.text), dataspace, bytes, offset, at, .constant(attach.at == nil ? 0 : 1),
        record.at(ComponentNames.dataspaceInner))
      try finish(exception, of: "attach", attach.error)
      address = record.field(ComponentNames.dataspaceInner)
    } else {
      address = f.call("region_attach", Environment.session("env_rm"), dataspace, bytes, offset, at)
      f.store(address, at: record.at(ComponentNames.dataspaceAddress))
    }
    try assign(attach.into, ifNamed: address)
  }

  func detach(_ detach: Detach) throws(Diagnostic) {
    let record = names.dataspaceRecord(detach.dataspace.text)
    let known = detach.map == nil ? ComponentNames.dataspaceAddress : ComponentNames.dataspaceInner
    let at = try value(detach.at, else: record.field(known))
    let map = detach.map.map { mapSlot($0.text) } ?? Environment.session("env_rm")
    f.run("region_detach", map, at)
  }

  // MARK: Region maps

  /// A managed dataspace is asked for when it is needed first.
  func createMap(_ map: CreateRegionMap) throws(Diagnostic) {
    let record = names.dataspaceRecord(map.name.text)
    let bytes = IR.Value.constant((UInt64(map.size.bytes) + 4095) & ~4095)
    let place = IR.Value.symbol(names.symbol("map.\(map.name.text)"))
    let exception = f.call("map_create", bytes, place)
    f.store(0, at: record)
    f.store(bytes, at: record.at(ComponentNames.dataspaceSize))
    try finish(exception, of: "Rm_session::create", map.error)
  }

  /// The author looks at the exception, or the component ends with it.
  private func finish(_ exception: IR.Value, of operation: String, _ error: Name?) throws(Diagnostic) {
    if let error {
      try assign(error, exception)
    } else {
      f.if(exception) { f.run("component_abort", module.text(operation), exception) }
    }
  }

  func mapSlot(_ name: String) -> IR.Value {
    name == GenodeAction.addressSpace
      ? Environment.session("env_rm") : IR.Value.symbol(names.symbol("map.\(name)")).loaded()
  }

  // MARK: Capabilities

  /// The slot that holds the object's capability.
  func slot(of name: String, _ kind: ObjectKind) -> IR.Value {
    switch kind {
    case .dataspace:
      let record = names.dataspaceRecord(name)
      guard names.component.declared.regionMaps.contains(where: { $0.text == name }) else { return record.loaded() }
      f.if(record.loaded().isZero) { f.store(f.call("map_dataspace", mapSlot(name)), at: record) }
      return record.loaded()
    case .thread: return threadSlot(name)
    case .signal: return context(name).field(SignalContext.capability)
    }
  }

  /// Of the `Cpu_thread` object.
  func threadSlot(_ name: String) -> IR.Value {
    if Scope.accepted(names.component, .thread).contains(name) {
      return IR.Value.symbol(names.symbol("accepted.\(name)")).loaded()
    }
    return threadObject(name).field(ThreadObject.cpuThread)
  }

  private func threadObject(_ name: String) -> IR.Value {
    let own = names.component.threads.map(\.name) + names.component.declared.threads
    if own.contains(where: { $0.text == name }) {
      return IR.Value.symbol(names.symbol("thread.\(name)")).loaded()
    }
    return IR.Value.symbol(name == ComponentLayout.entrypointName ? "ep_thread" : "main_thread").loaded()
  }

  /// Gives the names to the capabilities of an arrived message.
  func accept(_ message: IncomingMessage, from buffer: IR.Value) {
    for (index, expected) in message.buffers.enumerated() {
      guard case .object(let kind, let name) = expected.content else { continue }
      let slot = f.keep(buffer.field(MessageBuffer.capabilities + 8 * index))
      switch kind {
      case .dataspace:
        let record = names.dataspaceRecord(name.text)
        f.store(slot, at: record)
        f.store(.call("dataspace_size", [slot]), at: record.at(ComponentNames.dataspaceSize))
      case .thread: f.store(slot, at: .symbol(names.symbol("accepted.\(name.text)")))
      case .signal: f.store(slot, at: context(name.text).at(SignalContext.capability))
      }
    }
  }
}
