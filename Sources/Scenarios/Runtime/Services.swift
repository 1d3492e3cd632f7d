import FiascoABI
import Genode

/// Offering a service: a root object at the parent, and one RPC object for each session.
///
/// Models `Root_component` and `Parent::announce`.
enum Services {
  static func add(to module: ModuleBuilder) {
    // The root answers with a new RPC object that has the service's handler: its badge is how the server tells
    // sessions apart.
    module.function("root_handler", 2) { f, p in
      let (handler, message) = (p[0], p[1])
      let opcode = message.field(MessageBuffer.payload)
      f.if(opcode.equals(.constant(RootOpcode.createSession.rawValue))) {
        let slot = f.call("rpc_manage", .myself, handler, 0)
        f.store(0, at: message.at(MessageBuffer.payloadCount))
        f.store(1, at: message.at(MessageBuffer.capabilityCount))
        f.store(slot, at: message.at(MessageBuffer.capabilities))
        f.exit(0)
      }
      f.if(opcode.equals(.constant(RootOpcode.close.rawValue))) {
        f.run("rpc_dissolve", message.field(MessageBuffer.capabilities))
      }
      f.store(0, at: message.at(MessageBuffer.payloadCount))
      f.store(0, at: message.at(MessageBuffer.capabilityCount))
      f.exit(0)
    }
    module.function("service_announce", 2) { f, p in
      let root = f.call("rpc_manage", .myself, .symbol("root_handler"), p[1])
      let rpc = RPC(f, ParentOpcode.announce)
      rpc.text(p[0])
      rpc.capability(root)
      rpc.mustCall(Environment.parent, "announce")
    }
    module.function("component_exit", 1) { f, p in
      let rpc = RPC(f, ParentOpcode.exit)
      rpc.word(p[0])
      _ = rpc.call(Environment.parent)
      f.run("thread_exit")
    }
  }
}
