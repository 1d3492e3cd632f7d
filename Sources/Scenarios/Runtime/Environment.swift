import FiascoABI
import Genode

/// What a component gets from its parent: the sessions of its environment, further sessions, memory, a way to end.
///
/// Models `Platform_env`, `Expanding_*_client` and `Upgradeable_client` of base 16.08.
enum Environment {
  static func add(to module: ModuleBuilder) {
    for name in ["env_ram", "env_cpu", "env_pd", "env_rm", "env_stack_area", "env_log", "env_native_pd"] {
      module.zeroed(name, bytes: 8)
    }
    addAbort(module)
    addSession(module)
    addUpgrade(module)
    addMemory(module)
    addLog(module)
  }

  static let parent = IR.Value.constant(UInt64(ComponentSlots.parent.index))
  static func session(_ name: String) -> IR.Value { IR.Value.symbol(name).loaded() }

  /// The end of a component that cannot go on: a line on the log, then the thread sleeps for ever. A second failure on
  /// the way to the log is silent.
  private static func addAbort(_ module: ModuleBuilder) {
    let aborts = module.zeroed("component_aborts", bytes: 8)
    module.function("component_abort", 2) { f, p in
      f.if(aborts.loaded()) { f.run("thread_sleep_forever") }
      f.store(1, at: aborts)
      let buffer = f.array(words: LogFormat.bufferWords)
      f.store(0, at: buffer)
      f.run("log_text", buffer, module.text("Error: "))
      f.run("log_text", buffer, p[0])
      f.run("log_text", buffer, module.text(" failed, exception "))
      f.run("log_decimal", buffer, p[1])
      f.run("log_flush", buffer)
      f.run("thread_sleep_forever")
    }
  }

  /// `session_open(service, arguments)` gives the slot of a session. Two attempts, as the parent may answer a resource
  /// request in between.
  private static func addSession(_ module: ModuleBuilder) {
    module.function("session_open", 2) { f, p in
      f.forever {
        let rpc = RPC(f, ParentOpcode.session)
        rpc.text(p[0])
        rpc.text(p[1])
        _ = rpc.call(parent)
        let exception = f.keep(rpc.exception)
        f.if(exception.isZero) { f.exit(rpc.receivedCapability(0)) }
        f.if(exception.differs(from: .constant(RPCException.quotaExceeded.rawValue))) {
          f.run("component_abort", p[0], exception)
        }
        let request = RPC(f, ParentOpcode.resourceRequest)
        request.text(p[1])
        request.mustCall(parent, "resource_request")
      }
    }
  }

  /// `env_upgrade(session, arguments, log line or 0)`: more quota for a session of the environment.
  private static func addUpgrade(_ module: ModuleBuilder) {
    module.function("env_upgrade", 3) { f, p in
      f.if(p[2]) { f.run("log_line", p[2]) }
      let rpc = RPC(f, ParentOpcode.upgrade)
      rpc.text(p[1])
      rpc.capability(p[0])
      rpc.mustCall(parent, "upgrade")
    }
  }

  /// Repeats a call as long as the session says that its quota is used up, with an upgrade in between.
  static func retrying(
    _ f: FunctionBuilder, session: String, service: String, bytes: Int, isLogged: Bool = true, _ write: () -> RPC
  ) -> RPC {
    let line = isLogged ? f.module.text("upgrading quota donation for Env::\(service) (\(bytes) bytes)") : 0
    let again = f.variable(1)
    var last: RPC?
    f.while(.local(again)) {
      let rpc = write()
      _ = rpc.call(Self.session(session))
      f.set(again, rpc.exception.equals(.constant(RPCException.outOfMetadata.rawValue)))
      f.if(.local(again)) {
        f.run("env_upgrade", Self.session(session), f.module.text("ram_quota=\(bytes)"), line)
      }
      last = rpc
    }
    guard let last else { preconditionFailure("a call that is repeated must be written") }
    let exception = f.keep(last.exception)
    f.if(exception) { f.run("component_abort", f.module.text("Env::\(service)"), exception) }
    return last
  }

  private static func addMemory(_ module: ModuleBuilder) {
    // ram_alloc(size): slot of a new dataspace.
    module.function("ram_alloc", 1) { f, p in
      let rpc = retrying(f, session: "env_ram", service: "RAM", bytes: 8192) {
        let rpc = RPC(f, RAMOpcode.alloc)
        rpc.word(p[0])
        return rpc
      }
      f.exit(rpc.receivedCapability(0))
    }
    // region_attach(map, dataspace, size or 0, offset, address or 0): the address.
    module.function("region_attach", 5) { f, p in
      f.forever {
        let rpc = RPC(f, RegionMapOpcode.attach)
        rpc.word(p[2])
        rpc.word(p[3])
        rpc.word(.binary(.notEqual, p[4], 0))
        rpc.word(p[4])
        rpc.word(0)
        rpc.capability(p[1])
        _ = rpc.call(p[0])
        let exception = f.keep(rpc.exception)
        f.if(exception.isZero) { f.exit(rpc.result(0)) }
        f.if(exception.differs(from: .constant(RPCException.outOfMetadata.rawValue))) {
          f.run("component_abort", module.text("attach"), exception)
        }
        f.run(
          "env_upgrade", session("env_pd"), module.text("ram_quota=8192"),
          module.text("upgrading quota donation for Env::PD (8192 bytes)"))
      }
    }
    module.function("region_detach", 2) { f, p in
      let rpc = RPC(f, RegionMapOpcode.detach)
      rpc.word(p[1])
      rpc.mustCall(p[0], "detach")
    }
  }

  /// The LOG session is opened with the first output.
  private static func addLog(_ module: ModuleBuilder) {
    module.function("log_write", 2) { f, p in
      f.if(session("env_log").isZero) {
        let slot = f.call("session_open", module.text("LOG"), module.text("ram_quota=\(SessionQuota.log), label=\"\""))
        f.store(slot, at: .symbol("env_log"))
      }
      let rpc = RPC(f, LOGOpcode.write)
      f.run("message_bytes", rpc.message, p[0], p[1])
      _ = rpc.call(session("env_log"))
    }
    module.function("log_line", 1) { f, p in
      let buffer = f.array(words: LogFormat.bufferWords)
      f.store(0, at: buffer)
      f.run("log_text", buffer, p[0])
      f.run("log_flush", buffer)
    }
  }
}
