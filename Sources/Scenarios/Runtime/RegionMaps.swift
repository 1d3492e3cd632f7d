import Genode

/// Region maps beside the address space, their faults, and the commands to other threads.
///
/// Models `Rm_connection`, `Region_map_client` and `Cpu_thread_client` of base 16.08.
enum RegionMaps {
  /// Of a map: its slot, and that of its session.
  static let placeBytes = 16
  private static let sessionOffset = 8

  static func add(to module: ModuleBuilder, isSessionForEachMap: Bool) {
    module.zeroed("env_rm_session", bytes: 8)
    addSession(module)
    addCreation(module, isSessionForEachMap: isSessionForEachMap)
    addMaps(module)
    addObjects(module)
  }

  /// The session is opened with the first region map; its quota is what the client class of 2016 donates.
  private static func addSession(_ module: ModuleBuilder) {
    module.function("rm_session") { f, _ in
      f.if(Environment.session("env_rm_session").isZero) {
        let slot = f.call("session_open", module.text("RM"), module.text("ram_quota=\(SessionQuota.rm), label=\"\""))
        f.store(slot, at: .symbol("env_rm_session"))
      }
      f.exit(Environment.session("env_rm_session"))
    }
  }

  private static func addCreation(_ module: ModuleBuilder, isSessionForEachMap: Bool) {
    // map_create(size, place): the exception, 0 for none. Nothing is upgraded here: the author decides.
    module.function("map_create", 2) { f, p in
      if isSessionForEachMap { f.store(0, at: .symbol("env_rm_session")) }
      let session = f.call("rm_session")
      let rpc = RPC(f, RMOpcode.create)
      rpc.word(p[0])
      _ = rpc.call(session)
      let exception = f.keep(rpc.exception)
      f.if(exception.isZero) {
        f.store(rpc.receivedCapability(0), at: p[1])
        f.store(session, at: p[1].at(sessionOffset))
      }
      f.exit(exception)
    }
    // map_destroy(place): an own session ends with its map, and its donation comes back.
    module.function("map_destroy", 1) { f, p in
      let map = f.keep(p[0].loaded())
      let session = f.keep(p[0].field(sessionOffset))
      let rpc = RPC(f, RMOpcode.destroy)
      rpc.capability(map)
      rpc.mustCall(session, "Rm_session::destroy")
      f.run("cap_drop", map)
      guard isSessionForEachMap else { return }
      let close = RPC(f, ParentOpcode.close)
      close.capability(session)
      close.mustCall(Environment.parent, "close")
      f.run("cap_drop", session)
      f.if(session.equals(Environment.session("env_rm_session"))) { f.store(0, at: .symbol("env_rm_session")) }
    }
  }

  private static func addMaps(_ module: ModuleBuilder) {
    module.function("map_dataspace", 1) { f, p in
      let rpc = RPC(f, RegionMapOpcode.dataspace)
      rpc.mustCall(p[0], "Region_map::dataspace")
      f.exit(rpc.receivedCapability(0))
    }
    // map_attach(map, dataspace, size or 0, offset, address, is the address given, place of the result): the exception.
    module.function("map_attach", 7) { f, p in
      let rpc = RPC(f, RegionMapOpcode.attach)
      rpc.word(p[2])
      rpc.word(p[3])
      rpc.word(p[5])
      rpc.word(p[4])
      rpc.word(0)
      rpc.capability(p[1])
      _ = rpc.call(p[0])
      let exception = f.keep(rpc.exception)
      f.if(exception.isZero) { f.store(rpc.result(0), at: p[6]) }
      f.exit(exception)
    }
    module.function("map_fault_handler", 2) { f, p in
      let rpc = RPC(f, RegionMapOpcode.faultHandler)
      rpc.capability(p[1])
      rpc.mustCall(p[0], "fault_handler")
    }
  }

  private static func addObjects(_ module: ModuleBuilder) {
    module.function("ram_free", 1) { f, p in
      let rpc = RPC(f, RAMOpcode.free)
      rpc.capability(p[0])
      rpc.mustCall(Environment.session("env_ram"), "free")
      f.run("cap_drop", p[0])
    }
    // ram_number(opcode)
    module.function("ram_number", 1) { f, p in
      let rpc = RPC(f, opcode: p[0])
      rpc.mustCall(Environment.session("env_ram"), "Ram_session")
      f.exit(rpc.result(0))
    }
    module.function("dataspace_size", 1) { f, p in
      let rpc = RPC(f, DataspaceOpcode.size)
      rpc.mustCall(p[0], "Dataspace::size")
      f.exit(rpc.result(0))
    }
    // thread_command(Cpu_thread, opcode)
    module.function("thread_command", 2) { f, p in
      let rpc = RPC(f, opcode: p[1])
      rpc.mustCall(p[0], "Cpu_thread")
    }
    // object_state(object, opcode, message): the answer stays in the message.
    module.function("object_state", 3) { f, p in
      f.store(0, at: p[2].at(MessageBuffer.capabilityCount))
      f.store(1, at: p[2].at(MessageBuffer.payloadCount))
      f.store(p[1], at: p[2].at(MessageBuffer.payload))
      f.run("rpc_must", p[0], p[2], module.text("state"))
    }
    module.function("timer_elapsed") { f, _ in
      let me = f.keep(.myself)
      f.if(me.field(ThreadObject.timer).isZero) { f.run("timer_open") }
      let rpc = RPC(f, TimerOpcode.elapsedMilliseconds)
      rpc.mustCall(me.field(ThreadObject.timer), "elapsed_ms")
      f.exit(rpc.result(0))
    }
  }
}
