import FiascoABI
import Genode

/// RPC objects and the loop of a thread that serves them.
///
/// Models `Rpc_entrypoint`, `rpc_dispatch_loop.cc` and `ipc_reply_wait` of base-foc.
enum Entrypoint {
  /// One RPC object: slot of its capability (0: free), handler function, argument of the handler. Its badge is looked up
  /// in the capability map each time, as `Object_pool` does: after a restore the map holds the new one.
  enum Object {
    static let slot = 0, handler = 8, argument = 16
    static let size = 24
  }
  static let objectLimit = 64

  static func add(to module: ModuleBuilder) {
    module.zeroed("rpc_objects", bytes: objectLimit * Object.size)
    module.zeroed("rpc_object_count", bytes: 8)
    addManage(module)
    addDispatch(module)
    addReceive(module)
    addLoop(module)
  }

  private static func addManage(_ module: ModuleBuilder) {
    // rpc_manage(thread object of the server, handler, argument): slot of the new capability.
    module.function("rpc_manage", 3) { f, p in
      let rpc = Environment.retrying(f, session: "env_pd", service: "PD", bytes: 16384, isLogged: false) {
        let rpc = RPC(f, PDOpcode.allocRPCCap)
        rpc.capability(p[0].field(ThreadObject.gate))
        return rpc
      }
      let slot = f.keep(rpc.receivedCapability(0))
      let count = f.keep(IR.Value.symbol("rpc_object_count").loaded())
      f.if(count.isAtLeast(.constant(UInt64(objectLimit)))) {
        f.run("component_abort", module.text("RPC object table"), count)
      }
      let object = f.keep(IR.Value.symbol("rpc_objects") + count * .constant(UInt64(Object.size)))
      f.store(p[1], at: object.at(Object.handler))
      f.store(p[2], at: object.at(Object.argument))
      f.store(slot, at: object.at(Object.slot))
      f.store(count + 1, at: .symbol("rpc_object_count"))
      f.exit(slot)
    }
    // rpc_dissolve(slot): the object is forgotten, core frees the capability.
    module.function("rpc_dissolve", 1) { f, p in
      f.count(to: IR.Value.symbol("rpc_object_count").loaded()) {
        let object = f.keep(IR.Value.symbol("rpc_objects") + $0 * .constant(UInt64(Object.size)))
        f.if(object.field(Object.slot).equals(p[0])) { f.store(0, at: object.at(Object.slot)) }
      }
      let rpc = RPC(f, PDOpcode.freeRPCCap)
      rpc.capability(p[0])
      rpc.mustCall(Environment.session("env_pd"), "free_rpc_cap")
      f.run("cap_release", p[0], 1)
    }
  }

  /// `rpc_dispatch(message, label)`: 1 if the message holds an answer now, 0 if there is nobody to answer.
  ///
  /// An unknown object and a badge that is not the label both leave the client waiting for ever: 16.08 has no error
  /// reply. Label 0 is no object: core's late answer to a pause arrives so, and dissolved objects have no badge either.
  private static func addDispatch(_ module: ModuleBuilder) {
    module.function("rpc_dispatch", 2) { f, p in
      let (message, badge) = (p[0], f.keep(p[1] & .constant(~3)))
      f.if(message.field(MessageBuffer.exception).differs(from: badge)) {
        f.run("log_line", module.text("Warning: badge does not match label, ignoring request"))
        f.exit(0)
      }
      f.if(badge.isZero) { f.exit(0) }
      f.count(to: IR.Value.symbol("rpc_object_count").loaded()) {
        let object = f.keep(IR.Value.symbol("rpc_objects") + $0 * .constant(UInt64(Object.size)))
        f.if(CapabilityMap.badge(object.field(Object.slot)).equals(badge)) {
          f.store(badge, at: .symbol("rpc_badge"))
          let handler = object.field(Object.handler)
          let exception = f.keep(.callPointer(handler, [object.field(Object.argument), message]))
          f.store(exception, at: message.at(MessageBuffer.exception))
          f.exit(1)
        }
      }
      f.exit(0)
    }
    // Badge of the object that is being served: what a handler sees as its caller.
    module.zeroed("rpc_badge", bytes: 8)
  }

  private static func addReceive(_ module: ModuleBuilder) {
    // ipc_reply_wait(message, answers?, label out): gives 1 if a request has arrived. With `answers` the old message is
    // sent first; both are one system call, so a failed reply never gets to the wait.
    module.function("ipc_reply_wait", 3) { f, p in
      let (message, answers, labelPlace) = (p[0], p[1], p[2])
      let window = f.keep(IR.Value.myself.field(ThreadObject.receiveWindow))
      let tag = f.local()
      let target = f.variable(.special(.wait))
      let timeouts = f.variable(.timeouts(.never))
      f.set(tag, 0)
      f.if(answers) {
        f.run("message_check", message)
        f.set(tag, .call("message_send", [message, message.field(MessageBuffer.exception)]))
        f.set(target, .special(.replyAndWait))
        f.set(timeouts, .timeouts(.sendZero))
      }
      f.run("window_open", window)
      let answer = f.invoke(tag: .local(tag), target: .local(target), timeouts: .local(timeouts))
      f.if(answer.tag.tagError) { f.exit(0) }
      f.run("message_receive", message, answer.tag, window)
      f.store(answer.label, at: labelPlace)
      f.exit(1)
    }
  }

  private static func addLoop(_ module: ModuleBuilder) {
    // Takes the permanent receive window of a thread that serves.
    module.function("entrypoint_prepare") { f, _ in
      let me = f.keep(.myself)
      f.if(me.field(ThreadObject.receiveWindow).isZero) {
        let window = f.call("cap_allocate", .constant(UInt64(ComponentSlots.receiveWindow)))
        f.store(window, at: me.at(ThreadObject.receiveWindow))
      }
    }
    module.function("entrypoint_main", 1) { f, _ in
      f.run("entrypoint_prepare")
      f.run("semaphore_up", .symbol("thread_ready"))
      f.run("entrypoint_loop", 0)
    }
    // Errors of the combined reply and wait are swallowed and the whole call, the reply included, is repeated.
    module.function("entrypoint_loop", 1) { f, _ in
      let message = f.array(words: MessageBuffer.words)
      let label = f.array(words: 1)
      let answers = f.variable(0)
      f.run("entrypoint_prepare")
      f.forever {
        f.if(.call("ipc_reply_wait", [message, .local(answers), label])) {
          f.set(answers, .call("rpc_dispatch", [message, label.loaded()]))
        } else: {
          f.if(IR.Value.myself.field(ThreadObject.heals)) { f.set(answers, 0) }
        }
      }
    }
  }
}
